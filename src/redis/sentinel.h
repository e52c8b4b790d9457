#ifndef REDIS_SENTINEL_H
#define REDIS_SENTINEL_H

/*
 * Sentinels: where the primary is that they watch.
 *
 * They learn of a failover one after the other, and one that is cut off does not learn of it at
 * all. So more than half of them are heard, and the one that knows of the newest failover (the
 * highest epoch) is believed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "redis/address.h"
#include "redis/reply.h"

struct loop;

struct redis_primary {
    struct redis_host host;
    uint64_t epoch;  /* counts failovers */
    uint64_t age_ms; /* for how long it has been the primary, or watched by that sentinel */
};

/* What has been heard so far. */
struct sentinel_poll {
    size_t heard; /* sentinels that answered */
    bool found;
    struct redis_primary primary; /* when found */
};

/* What a sentinel answers to SENTINEL GET-MASTER-ADDR-BY-NAME; port 0 when it does not know. */
struct redis_host sentinel_host(const struct redis_value *reply);

/* It has answered that, and this to SENTINEL MASTER. */
void sentinel_hear(struct sentinel_poll *poll, const struct redis_host *host,
                   const struct redis_value *reply);

/* More than half have answered. */
bool sentinel_enough(const struct sentinel_poll *poll, const struct redis_address *address);

/* It is another server than `host`, and was made the primary after `epoch`. */
bool redis_primary_moved(const struct redis_primary *primary, const struct redis_host *host,
                         uint64_t epoch);

/* ---- asking ---- */

/* Who has not answered after so long is not waited for. */
#define SENTINEL_WAIT_MS 500u

struct redis_finder;

/* `primary` is NULL when no sentinel could tell. */
typedef void redis_found_fn(const struct redis_primary *primary, void *arg);

/* Ask all sentinels of `address`, which stays where it is until then. `fn` is called once, later,
 * unless it is cancelled. */
struct redis_finder *redis_find(struct loop *loop, const struct redis_address *address,
                                redis_found_fn *fn, void *arg);

/* NULL is allowed. */
void redis_find_cancel(struct redis_finder *finder);

/* The same for a thread that may block: one after the other, from *first on, which becomes one that
 * has answered. ERR_UNAVAILABLE: no sentinel could tell. */
NODISCARD enum err redis_find_blocking(const struct redis_address *address, size_t *first,
                                       struct redis_primary *out);

#endif
