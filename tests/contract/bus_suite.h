#ifndef CONTRACT_BUS_SUITE_H
#define CONTRACT_BUS_SUITE_H

/*
 * What the suites of the bus share: which drivers this run is about, and waiting until what was
 * asked of a handle has happened. Redis is far away: a handle must first be connected, a
 * subscription must first arrive there, and so must a message. So nothing is waited for by turns of
 * a loop: a message that follows all of it, on a topic of its own, tells when it is there.
 */

#include "../support/loop_suite.h"

#include "base/buf.h"
#include "base/clock.h"
#include "bus/bus.h"

/* The URL of the Redis server that tests/support/with_backends.py has started; NULL: this run is
 * about the drivers that need none. */
static inline const char *suite_redis(void)
{
    static struct buf url;
    const char *address = getenv("PARLEY_REDIS");
    if (address != NULL && url.len == 0)
        buf_format(&url, "redis:%s", address);
    return address == NULL ? NULL : buf_cstr(&url);
}

static inline bool suite_bus_is_up(void *bus)
{
    return bus_is_up(bus);
}

/* Open a handle and wait until it is connected. */
static inline struct bus *suite_bus_open(struct loop *loop, const char *url)
{
    struct bus *bus = NULL;
    assert_int_equal(bus_open(loop, url, &bus), ERR_NONE);
    run_until(loop, suite_bus_is_up, bus);
    return bus;
}

/* A knock on a topic that only this handle has, again and again until it is heard. */
struct knock {
    struct bus *bus;
    struct bus_topic topic;
    uint64_t number; /* of this knock: others may still be under way */
    bool heard;
};

static inline void hear_knock(struct bus_topic topic, struct bytes *payload, void *arg)
{
    struct knock *knock = arg;
    (void)topic;
    if (slice_eq(bytes_slice(payload), slice_from(&knock->number, sizeof(knock->number))))
        knock->heard = true;
}

static inline bool knock_is_heard(void *arg)
{
    struct knock *knock = arg;
    if (knock->heard)
        return true;
    struct bytes *payload = bytes_create(slice_from(&knock->number, sizeof(knock->number)));
    const struct bus_message message = {knock->topic, payload};
    assert_int_equal(bus_publish(knock->bus, &message, 1), ERR_NONE);
    bytes_unref(payload);
    return false;
}

/*
 * Run the loop until this handle's subscriptions are in force, and all that it has published before
 * has arrived wherever it does.
 */
static inline void suite_bus_settle(struct loop *loop, struct bus *bus)
{
    const struct bus_topic topic = {BUS_USER, (1ULL << 50) + (uintptr_t)bus};
    struct knock knock = {bus, topic, clock_mono_ns(), false};
    struct bus_sub *sub = NULL;
    assert_int_equal(bus_subscribe(bus, topic, hear_knock, &knock, &sub), ERR_NONE);
    run_until(loop, knock_is_heard, &knock);
    bus_unsubscribe(bus, sub);
}

#endif
