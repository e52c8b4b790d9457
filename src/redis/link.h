#ifndef REDIS_LINK_H
#define REDIS_LINK_H

/*
 * Link: one connection to one Redis server that keeps itself up, on one loop (hiredis below). When
 * it is lost it connects again by itself, after a growing pause.
 *
 * It is up only at a primary. It asks the server now and then, and leaves it when no answer comes
 * (packets may vanish without a word) or when it is no primary any more. Behind sentinels it asks
 * these too, and goes where they say that the primary is now. What was sent before it leaves is
 * still waited for, if the server answers.
 *
 * Callbacks run on the loop's thread, never from inside a call of this header.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "redis/address.h"
#include "redis/reply.h"

struct loop;
struct redis_link;

#define REDIS_BOOT_MAX 128u

/* A reply; NULL when the connection was lost before it came: it may have happened. */
typedef void redis_reply_fn(const struct redis_value *reply, void *arg);

struct redis_link_options {
    /* Load parley.lua before it counts as up, and after a failover wait until nobody places events
     * at the old primary any more. */
    bool sequencing;
    bool presence; /* load presence.lua before it counts as up */
    /* The link works now, or does not any more. After `down` no reply is outstanding. */
    void (*up)(void *arg);
    void (*down)(void *arg);
    /* A message on a subscribed topic; NULL: it is no link for subscribing. One that is cannot ask
     * whether the server is there: its owner must notice that nothing arrives. */
    void (*message)(struct slice topic, struct slice payload, void *arg);
    void *arg;
};

/* Start connecting. `address` and `options` are copied. */
struct redis_link *redis_link_open(struct loop *loop, const struct redis_address *address,
                                   const struct redis_link_options *options);

/* Close; outstanding replies come with NULL first. It frees itself in a later turn. NULL is
 * allowed. */
void redis_link_close(struct redis_link *link);

bool redis_link_is_up(const struct redis_link *link);

/* Of a link that is up: run_id and replication id, another after a restart or a failover. */
const char *redis_link_boot(const struct redis_link *link);

/* Send a command; `fn` may be NULL. False when the link is down, and then `fn` is not called. */
bool redis_link_send(struct redis_link *link, redis_reply_fn *fn, void *arg, size_t count,
                     const struct slice *words);

/* Subscribe or unsubscribe while it is up; after each `up` nothing is subscribed. */
void redis_link_subscribe(struct redis_link *link, struct slice topic);
void redis_link_unsubscribe(struct redis_link *link, struct slice topic);

/* Drop the connection and connect again: for who notices that nothing arrives. */
void redis_link_reset(struct redis_link *link);

#endif
