/* Fetching from the store what the bus lost. */

#include "edge/repair.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "bus/bus.h"
#include "chat/chat.h"
#include "edge/hub.h"
#include "edge/validity.h"
#include "edge/watch.h"
#include "ev/pool.h"
#include "store/store.h"

#define PAGE_LIMIT 500u
#define PAGE_BYTES (256u * 1024u)
#define HELD_MAX 256u
#define ROUND_TICKS 60u /* a look at every channel takes so many ticks */
#define TICK_MS 1000u

struct repair {
    struct job job;
    struct edge *edge;
    uint64_t channel;
    uint64_t after;
    enum err err;
    struct arena arena;
    struct store_page page;
};

/* ---- one channel ---- */

static void work(struct job *job, void *store)
{
    struct repair *repair = LIST_ITEM(job, struct repair, job);
    const struct store_range range = {STORE_AFTER, repair->after, PAGE_LIMIT, PAGE_BYTES};
    repair->err = store_page(store, repair->channel, range, &repair->arena, &repair->page);
}

/* Deliver what was held, in order, with or without the hole. */
static void release_held(struct edge *edge, struct edge_channel *channel)
{
    struct bytes **held = channel->held;
    const uint32_t len = channel->held_len;
    channel->held = NULL;
    channel->held_len = 0;
    for (uint32_t i = 0; i < len; i++) {
        hub_deliver(edge, channel, held[i]);
        bytes_unref(held[i]);
    }
    mem_free(held);
}

static void done(struct job *job)
{
    struct repair *repair = LIST_ITEM(job, struct repair, job);
    struct edge *edge = repair->edge;
    struct edge_channel *channel = map_get(&edge->channels, repair->channel);
    edge->repairs--;
    if (channel != NULL) {
        channel->repairing = false;
        for (size_t i = 0; repair->err == ERR_NONE && i < repair->page.count; i++)
            hub_deliver_event(edge, channel, &repair->page.items[i]);
        if (repair->err == ERR_NONE && repair->page.more_after && repair->page.count > 0)
            repair_channel(edge, channel);
        else
            release_held(edge, channel);
    }
    arena_fini(&repair->arena);
    mem_free(repair);
}

void repair_channel(struct edge *edge, struct edge_channel *channel)
{
    if (channel->repairing || channel->last_seq == 0)
        return;
    struct repair *repair = mem_zalloc(sizeof(*repair));
    repair->edge = edge;
    repair->channel = channel->id;
    repair->after = channel->last_seq;
    channel->repairing = true;
    edge->repairs++;
    edge->stats.repairs++;
    const enum err err =
        pool_submit(edge->chat->stores, edge->chat->loop, &repair->job, work, done);
    if (err == ERR_NONE)
        return;
    repair->err = err; /* the store is overloaded: clients will see the hole and ask themselves */
    channel->repairing = false;
    edge->repairs--;
    mem_free(repair);
}

void repair_hold(struct edge_channel *channel, struct bytes *payload)
{
    if (channel->held == NULL)
        channel->held = mem_alloc(HELD_MAX * sizeof(struct bytes *));
    if (channel->held_len < HELD_MAX)
        channel->held[channel->held_len++] = bytes_ref(payload);
}

void repair_forget(struct edge_channel *channel)
{
    for (uint32_t i = 0; i < channel->held_len; i++)
        bytes_unref(channel->held[i]);
    mem_free(channel->held);
    channel->held = NULL;
    channel->held_len = 0;
}

/* ---- all channels ---- */

/* Repair the channels of one part out of `parts`. */
static void repair_part(struct edge *edge, uint64_t part, uint64_t parts)
{
    size_t at = 0;
    uint64_t id;
    void *channel;
    while (map_next(&edge->channels, &at, &id, &channel)) {
        if (id % parts == part)
            repair_channel(edge, channel);
    }
}

static void on_gap(void *arg)
{
    struct edge *edge = arg;
    log_info("looking for what the bus lost", LOG_U64("channels", edge->channels.len));
    repair_part(edge, 0, 1);
    watch_refresh(edge, 0, 1);
    validity_doubt_all(edge);
}

static void on_tick(struct timer *timer)
{
    struct edge *edge = LIST_ITEM(timer, struct edge, repair_timer);
    edge->repair_tick++;
    repair_part(edge, edge->repair_tick % ROUND_TICKS, ROUND_TICKS);
    watch_refresh(edge, edge->repair_tick % ROUND_TICKS, ROUND_TICKS);
    timer_start(edge->chat->loop, timer, TICK_MS, on_tick);
}

void repair_start(struct edge *edge)
{
    bus_on_gap(edge->chat->bus, on_gap, edge);
    timer_start(edge->chat->loop, &edge->repair_timer, TICK_MS, on_tick);
}

void repair_stop(struct edge *edge)
{
    timer_stop(edge->chat->loop, &edge->repair_timer);
}
