/*
 * The bus of one handle on one loop, for tests of what stands above it: what is published comes
 * back on the next turn, in order, and nothing else does anything.
 */

#include "base/mem.h"
#include "bus/bus_driver.h"
#include "ev/loop.h"

struct bus_mem {
    struct bus base;
    size_t in_flight;
    bool closed;
};

struct delivery {
    struct task task;
    struct bus_mem *bus;
    struct bus_topic topic;
    struct bytes *payload;
};

static struct bus_mem *mem_of(struct bus *bus)
{
    assert(bus->driver == &bus_driver_mem);
    return (struct bus_mem *)bus;
}

static void deliver(struct task *task)
{
    struct delivery *delivery = LIST_ITEM(task, struct delivery, task);
    struct bus_mem *bus = delivery->bus;
    if (!bus->closed)
        bus_deliver(&bus->base, delivery->topic, delivery->payload);
    bytes_unref(delivery->payload);
    mem_free(delivery);
    if (--bus->in_flight == 0 && bus->closed)
        mem_free(bus);
}

static void send_back(struct bus_mem *bus, const struct bus_message *message)
{
    struct delivery *delivery = mem_alloc(sizeof(*delivery));
    *delivery =
        (struct delivery){{NULL, deliver}, bus, message->topic, bytes_ref(message->payload)};
    bus->in_flight++;
    loop_post(bus->base.loop, &delivery->task);
}

static enum err mem_publish(struct bus *base, const struct bus_message *messages, size_t count)
{
    /* Nobody can listen on a handle without a loop. */
    for (size_t i = 0; i < count && base->loop != NULL; i++)
        send_back(mem_of(base), &messages[i]);
    return ERR_NONE;
}

static enum err mem_open(struct loop *loop, const char *rest, struct bus **out)
{
    (void)rest;
    struct bus_mem *bus = mem_zalloc(sizeof(*bus));
    bus->base.driver = &bus_driver_mem;
    bus->base.loop = loop;
    *out = &bus->base;
    return ERR_NONE;
}

static void mem_close(struct bus *base)
{
    struct bus_mem *bus = mem_of(base);
    bus->closed = true;
    if (bus->in_flight == 0)
        mem_free(bus);
}

static enum err mem_subscribe(struct bus *base, struct bus_topic topic)
{
    (void)base;
    (void)topic;
    return ERR_NONE;
}

static void mem_unsubscribe(struct bus *base, struct bus_topic topic)
{
    (void)base;
    (void)topic;
}

const struct bus_driver bus_driver_mem = {
    .scheme = "mem",
    .open = mem_open,
    .close = mem_close,
    .publish = mem_publish,
    .subscribe = mem_subscribe,
    .unsubscribe = mem_unsubscribe,
};
