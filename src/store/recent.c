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

/* Where a page begins to grow: what is below goes down from there, the rest up. */
static size_t position_of(struct store_range range, const struct event *all, size_t count)
{
    size_t at = 0;
    if (range.from == STORE_NEWEST)
        return count;
    while (range.from != STORE_AFTER && at < count && all[at].seq < range.seq)
        at++;
    return at;
}

/* The events [first, end) that the limits leave, in turns up and down; at least one. */
struct cut {
    size_t first;
    size_t end;
};

static struct cut cut_to(struct store_range range, const struct event *all, size_t count)
{
    const size_t at = position_of(range, all, count);
    struct cut cut = {at, at};
    size_t bytes = 0;
    for (bool up = true; cut.first > 0 || cut.end < count; up = !up) {
        if (up ? cut.end == count : cut.first == 0)
            continue;
        bytes += all[up ? cut.end : cut.first - 1].text.len;
        const size_t taken = cut.end - cut.first;
        if (taken == range.limit || (taken > 0 && bytes > range.bytes_max))
            break;
        if (up)
            cut.end++;
        else
            cut.first--;
    }
    return cut;
}

void recent_merge(const struct recent_page *recent, struct store_range range, struct arena *arena,
                  struct store_page *page)
{
    if (recent->count == 0)
        return;
    const uint64_t newest = recent->items[recent->count - 1].seq;
    size_t count;
    struct event *all = unite(recent, range, page, arena, &count);
    const struct cut cut = cut_to(range, all, count);
    page->items = all + cut.first;
    page->count = cut.end - cut.first;
    page->more_before = page->more_before || cut.first > 0;
    page->more_after = page->more_after || cut.end < count;
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
