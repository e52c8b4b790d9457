/*
 * The bus of a fleet: Redis pub/sub. Each handle has two links to every server, one that is
 * subscribed and one that publishes. A topic lives on the server that its id chooses.
 *
 * A subscribed link cannot prove by itself that it works. So each server gets a small heartbeat on
 * a topic of the handle's own; when none has come back for a while both links are made anew.
 */

#include "base/buf.h"
#include "base/mem.h"
#include "bus/bus_driver.h"
#include "ev/loop.h"
#include "redis/link.h"

#include <sodium.h>

#define BEAT_MS 2000u
#define SILENCE_MS 7000u

struct bus_redis;

struct server {
    struct bus_redis *bus;
    struct redis_link *sub;
    struct redis_link *cmd;
    uint64_t heard_ms; /* the last heartbeat, or the connection */
};

struct bus_redis {
    struct bus base;
    struct loop *loop;
    struct timer beat;
    struct buf beat_topic;
    struct redis_servers addresses;
    struct server servers[REDIS_SERVERS_MAX];
};

static struct bus_redis *redis_of(const struct bus *bus)
{
    assert(bus->driver == &bus_driver_redis);
    return (struct bus_redis *)(uintptr_t)bus;
}

/* ---- topics ---- */

static const struct slice spaces[] = {
    [BUS_CHANNEL] = {"channel-", 8}, [BUS_USER] = {"user-", 5}, [BUS_PRESENCE] = {"presence-", 9}};

static void spell(struct bus_topic topic, struct buf *out)
{
    buf_append(out, spaces[topic.space]);
    buf_u64(out, topic.id);
}

static bool read_topic(struct slice text, struct bus_topic *out)
{
    for (unsigned space = BUS_CHANNEL; space <= BUS_PRESENCE; space++) {
        if (slice_starts(text, spaces[space])) {
            out->space = (enum bus_space)space;
            return slice_to_u64(slice_skip(text, spaces[space].len), &out->id);
        }
    }
    return false;
}

static struct server *server_of(struct bus_redis *bus, struct bus_topic topic)
{
    return &bus->servers[redis_server_of(&bus->addresses, topic.id)];
}

/* ---- what arrives ---- */

static void on_message(struct slice text, struct slice payload, void *arg)
{
    struct server *server = arg;
    struct bus_topic topic;
    if (!read_topic(text, &topic)) {
        server->heard_ms = loop_now_ms(server->bus->loop);
        return;
    }
    struct bytes *bytes = bytes_create(payload);
    bus_deliver(&server->bus->base, topic, bytes);
    bytes_unref(bytes);
}

/* The subscribed link is (again) there: subscribe to all that lives on this server. */
static void on_sub_up(void *arg)
{
    struct server *server = arg;
    struct bus_redis *bus = server->bus;
    size_t at = 0;
    uint64_t key;
    void *sub;
    server->heard_ms = loop_now_ms(bus->loop);
    redis_link_subscribe(server->sub, buf_slice(&bus->beat_topic));
    while (map_next(&bus->base.subs, &at, &key, &sub)) {
        const struct bus_topic topic = bus_topic_of(key);
        if (server_of(bus, topic) != server)
            continue;
        struct buf text = {0};
        spell(topic, &text);
        redis_link_subscribe(server->sub, buf_slice(&text));
        buf_fini(&text);
    }
    if (bus->base.on_gap != NULL)
        bus->base.on_gap(bus->base.on_gap_arg);
}

/* ---- heartbeat ---- */

static void beat_server(struct server *server)
{
    struct bus_redis *bus = server->bus;
    const struct slice words[] = {SLICE("PUBLISH"), buf_slice(&bus->beat_topic), SLICE("")};
    (void)redis_link_send(server->cmd, NULL, NULL, 3, words);
    if (redis_link_is_up(server->sub) && loop_now_ms(bus->loop) - server->heard_ms > SILENCE_MS) {
        redis_link_reset(server->sub);
        redis_link_reset(server->cmd);
    }
}

static void on_beat(struct timer *timer)
{
    struct bus_redis *bus = LIST_ITEM(timer, struct bus_redis, beat);
    for (size_t i = 0; i < bus->addresses.count; i++)
        beat_server(&bus->servers[i]);
    timer_start(bus->loop, timer, BEAT_MS, on_beat);
}

/* ---- the driver ---- */

static enum err redis_publish(struct bus *base, const struct bus_message *messages, size_t count)
{
    struct bus_redis *bus = redis_of(base);
    bool sent = true;
    for (size_t i = 0; i < count; i++) {
        struct buf text = {0};
        spell(messages[i].topic, &text);
        const struct slice words[] = {SLICE("PUBLISH"), buf_slice(&text),
                                      bytes_slice(messages[i].payload)};
        sent =
            redis_link_send(server_of(bus, messages[i].topic)->cmd, NULL, NULL, 3, words) && sent;
        buf_fini(&text);
    }
    return sent ? ERR_NONE : ERR_UNAVAILABLE;
}

static enum err redis_subscribe(struct bus *base, struct bus_topic topic)
{
    struct buf text = {0};
    spell(topic, &text);
    redis_link_subscribe(server_of(redis_of(base), topic)->sub, buf_slice(&text));
    buf_fini(&text);
    return ERR_NONE; /* while the link is down: when it comes up */
}

static void redis_unsubscribe(struct bus *base, struct bus_topic topic)
{
    struct buf text = {0};
    spell(topic, &text);
    redis_link_unsubscribe(server_of(redis_of(base), topic)->sub, buf_slice(&text));
    buf_fini(&text);
}

static bool redis_is_up(const struct bus *base)
{
    const struct bus_redis *bus = redis_of(base);
    for (size_t i = 0; i < bus->addresses.count; i++) {
        if (!redis_link_is_up(bus->servers[i].sub) || !redis_link_is_up(bus->servers[i].cmd))
            return false;
    }
    return true;
}

static void open_server(struct bus_redis *bus, size_t index)
{
    struct server *server = &bus->servers[index];
    server->bus = bus;
    const struct redis_link_options sub = {.up = on_sub_up, .message = on_message, .arg = server};
    const struct redis_link_options cmd = {.arg = server};
    server->sub = redis_link_open(bus->loop, &bus->addresses.items[index], &sub);
    server->cmd = redis_link_open(bus->loop, &bus->addresses.items[index], &cmd);
}

static enum err redis_open(struct loop *loop, const char *servers, struct bus **out)
{
    struct bus_redis *bus = mem_zalloc(sizeof(*bus));
    bus->base.driver = &bus_driver_redis;
    bus->loop = loop;
    if (loop == NULL || redis_servers_parse(servers, &bus->addresses) != ERR_NONE) {
        mem_free(bus);
        return ERR_INVALID;
    }
    uint64_t random;
    randombytes_buf(&random, sizeof(random));
    buf_format(&bus->beat_topic, "edge-%016llx", (unsigned long long)random);
    for (size_t i = 0; i < bus->addresses.count; i++)
        open_server(bus, i);
    timer_start(loop, &bus->beat, BEAT_MS, on_beat);
    *out = &bus->base;
    return ERR_NONE;
}

static void redis_close(struct bus *base)
{
    struct bus_redis *bus = redis_of(base);
    timer_stop(bus->loop, &bus->beat);
    for (size_t i = 0; i < bus->addresses.count; i++) {
        redis_link_close(bus->servers[i].sub);
        redis_link_close(bus->servers[i].cmd);
    }
    buf_fini(&bus->beat_topic);
    mem_free(bus);
}

const struct bus_driver bus_driver_redis = {
    .scheme = "redis",
    .open = redis_open,
    .close = redis_close,
    .publish = redis_publish,
    .subscribe = redis_subscribe,
    .unsubscribe = redis_unsubscribe,
    .is_up = redis_is_up,
};
