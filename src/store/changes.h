#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

/*
 * Changes: what edits, deletions and reactions made of the events of a page, wherever those are: in
 * the store, with the sequencer, or in the page itself. Private to src/store.
 */

#include "store/recent.h"
#include "store/store.h"

/*
 * Fold them into the page that was read for `range`, and end it earlier when its texts have become
 * too long for that. `recent` was asked before the page was read.
 */
NODISCARD enum err changes_fold(struct store *store, uint64_t channel, struct store_range range,
                                const struct recent_page *recent, struct arena *arena,
                                struct store_page *page);

/* The same for a page whose events do not follow each other. */
NODISCARD enum err changes_fold_sparse(struct store *store, uint64_t channel,
                                       struct store_range range, const struct recent_page *recent,
                                       struct arena *arena, struct store_page *page);

/* Whether the message is deleted. */
NODISCARD enum err changes_deleted(struct store *store, uint64_t channel,
                                   const struct recent_page *recent, struct arena *arena,
                                   const struct event *message, bool *out);

#endif
