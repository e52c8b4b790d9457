#ifndef REDIS_CLIENT_H
#define REDIS_CLIENT_H

/*
 * Client: blocking commands to the Redis servers of a fleet, for threads that may block. It
 * connects when it is needed, again a second after a failure, and gives up a command after two
 * seconds. One thread at a time.
 *
 * What the store and the persisters need to know of a channel's newest events is here in their own
 * words; how Redis keeps them is told in parley.lua.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "model/event.h"
#include "redis/address.h"

struct redis_client;

/* Never fails; the servers are copied. */
struct redis_client *redis_client_open(const struct redis_servers *servers);
void redis_client_close(struct redis_client *client);

/* Events that the sequencer remembers: seq > after, ascending, at most `max`, in the arena. */
struct recent_events {
    struct event *items;
    size_t count;
};

/* ERR_UNAVAILABLE: the channel's server cannot be reached. */
NODISCARD enum err redis_recent(struct redis_client *client, uint64_t channel, uint64_t after,
                                size_t max, struct arena *arena, struct recent_events *out);

/* The newest place of a channel; 0 and 0 when the sequencer does not know it. */
struct recent_head {
    uint64_t channel; /* in */
    uint64_t last_seq;
    uint64_t last_n;
};

/* Fill in all heads, with one round trip per server. ERR_UNAVAILABLE: some are not filled in. */
NODISCARD enum err redis_heads(struct redis_client *client, struct recent_head *heads,
                               size_t count);

/* All events of the channel up to `settled` are stored. Best effort. */
void redis_settle(struct redis_client *client, uint64_t channel, uint64_t settled,
                  int64_t quiet_since_ms);

/* Up to `max` channels that had their last event before `before_ms` and are not settled yet. */
NODISCARD enum err redis_unsettled(struct redis_client *client, size_t server, int64_t before_ms,
                                   uint64_t *channels, size_t max, size_t *count);

/* Forget the head of a channel, so that the next event takes a fresh lease: for imports. */
void redis_forget(struct redis_client *client, uint64_t channel);

#endif
