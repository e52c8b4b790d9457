#ifndef STORE_RECENT_H
#define STORE_RECENT_H

/*
 * Recent: what a fleet's sequencer has and the persisters have not stored yet, laid over what the
 * store says. So an event is in every history from the moment it has its place. Private to
 * src/store.
 *
 * The sequencer is asked first and the store second: what the sequencer has forgotten by then is
 * stored. When it cannot be reached, the store's word stands alone.
 */

#include "store/store.h"

struct recent;

/* ERR_INVALID: no list of servers (src/redis/address.h). */
NODISCARD enum err recent_open(const char *servers, struct recent **out);

/* NULL is allowed. */
void recent_close(struct recent *recent);

/* The events of a channel that may not be stored yet, ascending. Empty when there are none. */
struct recent_page {
    struct event *items;
    size_t count;
};

void recent_ask(struct recent *recent, uint64_t channel, struct arena *arena,
                struct recent_page *out);

/* Lay them over a page that the store gave for `range` after that. */
void recent_merge(const struct recent_page *recent, struct store_range range, struct arena *arena,
                  struct store_page *page);

/*
 * End the page before a hole. Events may be stored out of order, and one that got its place after
 * the sequencer was asked may be missing while a later one is stored already: a moment later it is
 * there.
 */
void recent_cut_at_hole(struct store_range range, struct store_page *page);

/* Move the channels' last_seq and last_n up to what the sequencer knows. */
void recent_heads_over(struct recent *recent, struct channel *channels, size_t count);

/* The channel got events past the sequencer: it must not go on counting where it was. */
void recent_forget(struct recent *recent, uint64_t channel);

#endif
