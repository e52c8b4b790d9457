#ifndef BUS_BUS_DRIVER_H
#define BUS_BUS_DRIVER_H

/* What a driver of the bus implements. Private to src/bus. */

#include <assert.h>

#include "base/map.h"
#include "bus/bus.h"

struct bus_driver {
    const char *scheme; /* the part of the URL before ':' */
    enum err (*open)(struct loop *loop, const char *url, struct bus **out);
    void (*close)(struct bus *bus);
    enum err (*publish)(struct bus *bus, const struct bus_message *messages, size_t count);
    /* The topic got its first, or lost its only, subscription on this handle. */
    enum err (*subscribe)(struct bus *bus, struct bus_topic topic);
    void (*unsubscribe)(struct bus *bus, struct bus_topic topic);
    bool (*is_up)(const struct bus *bus); /* NULL: always */
};

/* Every driver's own struct begins with this. */
struct bus {
    const struct bus_driver *driver;
    struct loop *loop;
    bus_gap_fn *on_gap; /* NULL: nobody asked */
    void *on_gap_arg;
    struct map subs; /* topic key -> struct bus_sub; kept by bus.c */
};

extern const struct bus_driver bus_driver_proc;
extern const struct bus_driver bus_driver_mem;
extern const struct bus_driver bus_driver_redis;

/* One number for a topic. */
static inline uint64_t bus_topic_key(struct bus_topic topic)
{
    return ((uint64_t)topic.space << 56) | topic.id;
}

static inline struct bus_topic bus_topic_of(uint64_t key)
{
    return (struct bus_topic){(enum bus_space)(key >> 56), key & ((1ULL << 56) - 1)};
}

/* Hand an arrived message to the handle's subscription, if there is one. */
void bus_deliver(struct bus *bus, struct bus_topic topic, struct bytes *payload);

#endif
