/* Telling the sequencer what is stored, and healing what Kafka never got. */

#include "persister/settle.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "redis/client.h"
#include "store/store.h"

#define RECENT_MAX 4096u
#define QUIET_MS 3000
#define HEAL_EVERY_NS 1000000000ull
#define HEAL_CHANNELS_MAX 100u
#define CHANNELS_MAX 100000u /* remembered; then all are forgotten, which only costs a look */

/* The part of a channel that is known to be stored without a hole. */
struct settled {
    uint64_t seq;
};

struct settler {
    struct store *store;
    struct redis_client *redis;
    size_t servers;
    struct map channels; /* id -> struct settled */
    uint64_t healed_ns;
};

struct settler *settler_open(struct store *store, struct redis_client *redis, size_t servers)
{
    struct settler *settler = mem_zalloc(sizeof(*settler));
    settler->store = store;
    settler->redis = redis;
    settler->servers = servers;
    return settler;
}

static void forget_all(struct settler *settler)
{
    size_t at = 0;
    uint64_t channel;
    void *settled;
    while (map_next(&settler->channels, &at, &channel, &settled))
        mem_free(settled);
    map_fini(&settler->channels);
}

void settler_close(struct settler *settler)
{
    if (settler == NULL)
        return;
    forget_all(settler);
    mem_free(settler);
}

static struct settled *settled_of(struct settler *settler, uint64_t channel)
{
    struct settled *settled = map_get(&settler->channels, channel);
    if (settled == NULL) {
        if (settler->channels.len >= CHANNELS_MAX)
            forget_all(settler);
        settled = mem_zalloc(sizeof(*settled));
        map_put(&settler->channels, channel, settled);
    }
    return settled;
}

/* ---- what the sequencer still remembers ---- */

static enum err put_all(struct settler *settler, const struct recent_events *events)
{
    const struct event *pointers[STORE_BATCH_MAX];
    for (size_t done = 0; done < events->count;) {
        size_t count = 0;
        while (count < STORE_BATCH_MAX && done < events->count)
            pointers[count++] = &events->items[done++];
        const enum err err = store_put(settler->store, pointers, count);
        if (err != ERR_NONE)
            return err;
    }
    return ERR_NONE;
}

/*
 * Store all that the sequencer remembers of a channel; *last is the newest seq of it, 0 when that
 * is nothing. Storing what is stored already changes nothing.
 */
static enum err store_recent(struct settler *settler, uint64_t channel, uint64_t *last)
{
    struct arena arena = {0};
    struct recent_events events;
    *last = 0;
    enum err err = redis_recent(settler->redis, channel, 0, RECENT_MAX, &arena, &events);
    if (err == ERR_NONE)
        err = put_all(settler, &events);
    if (err == ERR_NONE && events.count > 0)
        *last = events.items[events.count - 1].seq;
    arena_fini(&arena);
    return err;
}

static void settle(struct settler *settler, uint64_t channel, uint64_t seq)
{
    redis_settle(settler->redis, channel, seq, clock_wall_us() / 1000 - QUIET_MS);
}

/* ---- after a batch ---- */

/* A channel in the batch: how far its events follow each other. */
struct touched {
    uint64_t channel;
    uint64_t newest; /* seq */
    bool hole;
};

static size_t find_touched(struct touched *touched, size_t len, uint64_t channel)
{
    size_t at = 0;
    while (at < len && touched[at].channel != channel)
        at++;
    return at;
}

static void follow(struct settled *settled, const struct event *event, struct touched *touched)
{
    if (event->seq > touched->newest)
        touched->newest = event->seq;
    if (event->seq <= settled->seq)
        return; /* delivered again */
    if (event->prev == settled->seq)
        settled->seq = event->seq;
    else
        touched->hole = true;
}

/*
 * What lies between is with the sequencer, or stored since long, or nowhere (the sequencer lost it,
 * and it was never acknowledged).
 */
static void fill_hole(struct settler *settler, const struct touched *touched,
                      struct settled *settled)
{
    uint64_t last;
    if (store_recent(settler, touched->channel, &last) != ERR_NONE)
        return; /* the next event finds the same hole */
    if (last > settled->seq)
        settled->seq = last;
    if (touched->newest > settled->seq)
        settled->seq = touched->newest;
}

void settler_stored(struct settler *settler, const struct event *const *events, size_t count)
{
    struct touched *touched = mem_alloc((count + 1) * sizeof(*touched));
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t at = find_touched(touched, len, events[i]->channel);
        if (at == len)
            touched[len++] = (struct touched){.channel = events[i]->channel};
        follow(settled_of(settler, events[i]->channel), events[i], &touched[at]);
    }
    for (size_t i = 0; i < len; i++) {
        struct settled *settled = settled_of(settler, touched[i].channel);
        if (touched[i].hole)
            fill_hole(settler, &touched[i], settled);
        if (settled->seq > 0)
            settle(settler, touched[i].channel, settled->seq);
    }
    mem_free(touched);
}

/* ---- quiet channels ---- */

static void heal_channel(struct settler *settler, uint64_t channel)
{
    uint64_t last;
    if (store_recent(settler, channel, &last) != ERR_NONE)
        return; /* again in a second */
    struct settled *settled = settled_of(settler, channel);
    if (last > settled->seq) {
        log_info("stored what kafka did not have", LOG_U64("channel", channel));
        settled->seq = last;
    }
    settle(settler, channel, settled->seq);
}

void settler_heal(struct settler *settler)
{
    const uint64_t now_ns = clock_mono_ns();
    if (now_ns - settler->healed_ns < HEAL_EVERY_NS)
        return;
    settler->healed_ns = now_ns;
    const int64_t before_ms = clock_wall_us() / 1000 - QUIET_MS;
    for (size_t server = 0; server < settler->servers; server++) {
        uint64_t channels[HEAL_CHANNELS_MAX];
        size_t count;
        if (redis_unsettled(settler->redis, server, before_ms, channels, HEAL_CHANNELS_MAX,
                            &count) != ERR_NONE)
            continue;
        for (size_t i = 0; i < count; i++)
            heal_channel(settler, channels[i]);
    }
}
