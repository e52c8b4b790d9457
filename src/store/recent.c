/* What the sequencer has and the persisters have not stored yet. */

#include "store/recent.h"

#include "base/clock.h"
#include "base/mem.h"
#include "redis/client.h"

#define EVENTS_MAX 4096u

struct recent {
    struct redis_client *client;
};

enum err recent_open(const char *servers, struct recent **out)
{
    struct redis_servers parsed;
    const enum err err = redis_servers_parse(servers, &parsed);
    if (err != ERR_NONE)
        return err;
    struct recent *recent = mem_zalloc(sizeof(*recent));
    recent->client = redis_client_open(&parsed);
    *out = recent;
    return ERR_NONE;
}

void recent_close(struct recent *recent)
{
    if (recent == NULL)
        return;
    redis_client_close(recent->client);
    mem_free(recent);
}

void recent_ask(struct recent *recent, uint64_t channel, struct arena *arena,
                struct recent_page *out)
{
    struct recent_events events = {0};
    /* Out of reach: nothing can be sent now either, and what was is stored within a moment. */
    err_ignore(redis_recent(recent->client, channel, 0, EVENTS_MAX, arena, &events));
    *out = (struct recent_page){events.items, events.count};
}

/* ---- holes ---- */

/* A hole before an event that is older than this stays: what it waited for will not come. */
#define YOUNG_US (60 * 1000000LL)

void recent_cut_at_hole(struct store_range range, struct store_page *page)
{
    const int64_t since_us = clock_wall_us() - YOUNG_US;
    for (size_t i = 0; i < page->count; i++) {
        const struct event *event = &page->items[i];
        const bool follows = i > 0 || range.from == STORE_AFTER;
        const uint64_t expected = i > 0 ? page->items[i - 1].seq : range.seq;
        if (!follows || event->prev <= expected || event->ts_us < since_us)
            continue;
        page->count = i;
        page->more_after = true;
        return;
    }
}

/* ---- merging ---- */

/*
 * Whether an event that is not in the store's page belongs into it: inside of its span, or beyond
 * an end where the store has nothing more.
 */
static bool belongs(const struct event *event, const struct store_page *page,
                    struct store_range range)
{
    if ((range.from == STORE_BEFORE && event->seq >= range.seq) ||
        (range.from == STORE_AFTER && event->seq <= range.seq))
        return false;
    if (page->count == 0)
        return true;
    if (event->seq < page->items[0].seq)
        return !page->more_before;
    if (event->seq > page->items[page->count - 1].seq)
        return !page->more_after;
    return true;
}

/* The union, ascending, each seq once. */
static struct event *unite(const struct recent_page *recent, struct store_range range,
                           const struct store_page *page, struct arena *arena, size_t *count)
{
    struct event *all = arena_alloc(arena, (page->count + recent->count + 1) * sizeof(*all));
    size_t stored = 0;
    *count = 0;
    for (size_t i = 0; i < recent->count; i++) {
        const struct event *event = &recent->items[i];
        if (!belongs(event, page, range))
            continue;
        while (stored < page->count && page->items[stored].seq < event->seq)
            all[(*count)++] = page->items[stored++];
        if (stored == page->count || page->items[stored].seq != event->seq)
            all[(*count)++] = *event;
    }
    while (stored < page->count)
        all[(*count)++] = page->items[stored++];
    return all;
}

/* How many events from the front, or from the back, fit into the limits: at least one. */
static size_t fitting(const struct event *all, size_t count, bool from_back,
                      struct store_range range)
{
    size_t bytes = 0;
    size_t fit = 0;
    while (fit < count && fit < range.limit) {
        const struct event *event = &all[from_back ? count - 1 - fit : fit];
        bytes += event->text.len;
        if (fit > 0 && bytes > range.bytes_max)
            break;
        fit++;
    }
    return fit;
}

void recent_merge(const struct recent_page *recent, struct store_range range, struct arena *arena,
                  struct store_page *page)
{
    if (recent->count == 0)
        return;
    const uint64_t newest = recent->items[recent->count - 1].seq;
    size_t count;
    struct event *all = unite(recent, range, page, arena, &count);

    /* Cut at the end that is farther from the position. */
    const bool from_back = range.from == STORE_NEWEST || range.from == STORE_BEFORE;
    const size_t fit = fitting(all, count, from_back, range);
    const size_t cut = count - fit;
    page->items = from_back ? all + cut : all;
    page->count = fit;
    page->more_before = page->more_before || (from_back && cut > 0);
    page->more_after = page->more_after || (!from_back && cut > 0);
    if (newest > page->last_seq)
        page->last_seq = newest;
    /* What lies beyond a page that ends at its position. */
    if (range.from == STORE_BEFORE && newest >= range.seq)
        page->more_after = true;
    if (range.from == STORE_AFTER && recent->items[0].seq <= range.seq)
        page->more_before = true;
}

void recent_forget(struct recent *recent, uint64_t channel)
{
    redis_forget(recent->client, channel);
}

/* ---- heads ---- */

void recent_heads_over(struct recent *recent, struct channel *channels, size_t count)
{
    struct recent_head *heads = mem_zalloc((count + 1) * sizeof(*heads));
    for (size_t i = 0; i < count; i++)
        heads[i].channel = channels[i].id;
    err_ignore(redis_heads(recent->client, heads, count)); /* as with the events */
    for (size_t i = 0; i < count; i++) {
        if (heads[i].last_seq <= channels[i].last_seq)
            continue;
        channels[i].last_seq = heads[i].last_seq;
        if (heads[i].last_n > channels[i].last_n)
            channels[i].last_n = heads[i].last_n;
    }
    mem_free(heads);
}
