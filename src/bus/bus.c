/* The bus: choice of the driver, preconditions and limits, and the subscriptions of a handle. */

#include "bus/bus.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "bus/bus_driver.h"

struct bus_sub {
    uint64_t key; /* of the topic: there are very many of these */
    bus_message_fn *fn;
    void *arg;
};

static const struct bus_driver *const drivers[] = {&bus_driver_proc, &bus_driver_redis,
                                                   &bus_driver_mem};

enum err bus_open(struct loop *loop, const char *url, struct bus **out)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        const size_t len = strlen(drivers[i]->scheme);
        if (strncmp(url, drivers[i]->scheme, len) != 0 || url[len] != ':')
            continue;
        const enum err err = drivers[i]->open(loop, url + len + 1, out);
        if (err == ERR_NONE)
            (*out)->loop = loop;
        return err;
    }
    return ERR_INVALID;
}

void bus_close(struct bus *bus)
{
    if (bus == NULL)
        return;
    size_t at = 0;
    uint64_t key;
    void *sub;
    while (map_next(&bus->subs, &at, &key, &sub)) {
        bus->driver->unsubscribe(bus, bus_topic_of(key));
        mem_free(sub);
    }
    map_fini(&bus->subs);
    bus->driver->close(bus);
}

enum err bus_publish(struct bus *bus, const struct bus_message *messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (messages[i].payload->len > BUS_PAYLOAD_MAX)
            return ERR_TOO_BIG;
    }
    return bus->driver->publish(bus, messages, count);
}

enum err bus_subscribe(struct bus *bus, struct bus_topic topic, bus_message_fn *fn, void *arg,
                       struct bus_sub **out)
{
    assert(bus->loop != NULL);
    assert(topic.id < 1ULL << 56);
    if (map_get(&bus->subs, bus_topic_key(topic)) != NULL)
        return ERR_EXISTS;
    const enum err err = bus->driver->subscribe(bus, topic);
    if (err != ERR_NONE)
        return err;
    struct bus_sub *sub = mem_alloc(sizeof(*sub));
    *sub = (struct bus_sub){bus_topic_key(topic), fn, arg};
    map_put(&bus->subs, bus_topic_key(topic), sub);
    *out = sub;
    return ERR_NONE;
}

void bus_unsubscribe(struct bus *bus, struct bus_sub *sub)
{
    if (sub == NULL)
        return;
    bus->driver->unsubscribe(bus, bus_topic_of(sub->key));
    map_remove(&bus->subs, sub->key);
    mem_free(sub);
}

void bus_on_gap(struct bus *bus, bus_gap_fn *fn, void *arg)
{
    bus->on_gap = fn;
    bus->on_gap_arg = arg;
}

bool bus_is_up(const struct bus *bus)
{
    return bus->driver->is_up == NULL || bus->driver->is_up(bus);
}

void bus_deliver(struct bus *bus, struct bus_topic topic, struct bytes *payload)
{
    struct bus_sub *sub = map_get(&bus->subs, bus_topic_key(topic));
    if (sub != NULL)
        sub->fn(topic, payload, sub->arg);
}
