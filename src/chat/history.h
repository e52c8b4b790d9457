#ifndef CHAT_HISTORY_H
#define CHAT_HISTORY_H

/* History: pages of a channel's events, for its members only. Everything here blocks. */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"

#define HISTORY_BYTES_MAX (256u * 1024u)
#define HISTORY_LIMIT_MAX 500u

/* ERR_NOT_MEMBER, also for channels that do not exist. */
NODISCARD enum err history_page(struct store *store, uint64_t user, uint64_t channel,
                                struct store_range range, struct arena *arena,
                                struct store_page *out);

/*
 * A thread's first message, whichever of its messages `thread` names, and a page of its replies.
 * ERR_NOT_MEMBER; ERR_NOT_FOUND: it is no message.
 */
NODISCARD enum err history_thread(struct store *store, uint64_t user, uint64_t channel,
                                  uint64_t thread, struct store_range range, struct arena *arena,
                                  struct event *root, struct store_page *replies);

/* The versions of a message. ERR_NOT_MEMBER; ERR_NOT_FOUND: it is no message, or deleted. */
NODISCARD enum err history_edits(struct store *store, uint64_t user, uint64_t channel,
                                 uint64_t target, struct arena *arena, struct event *first,
                                 struct store_page *edits);

/* What `user` missed of one channel. */
struct history_missed {
    uint64_t channel;
    uint64_t have; /* the last seq that the user has */
    enum err result;
    struct store_page page;
    bool complete; /* nothing is missing behind the page */
};

/*
 * Fill in `items` from their `channel` and `have`, all together about HISTORY_BYTES_MAX; what does
 * not fit is not complete. Fails only when the store does.
 */
NODISCARD enum err history_resume(struct store *store, uint64_t user, struct history_missed *items,
                                  size_t count, struct arena *arena);

#endif
