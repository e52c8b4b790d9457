/* Events and pages of them in memory. */

#include "base/mem.h"
#include "model/fold.h"
#include "store/store_mem.h"

#define SENT_KEY_BYTES (sizeof(uint64_t) + UUID_BYTES)

uint64_t mem_last_seq(const struct mem_channel *channel)
{
    return channel->events_len == 0 ? 0 : channel->events[channel->events_len - 1].seq;
}

uint64_t mem_last_n(const struct mem_channel *channel)
{
    return channel->events_len == 0 ? 0 : channel->events[channel->events_len - 1].n;
}

size_t mem_event_place(const struct mem_channel *channel, uint64_t seq)
{
    size_t low = 0;
    size_t high = channel->events_len;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (channel->events[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- appending ---- */

static struct slice sent_key(const struct event *event, char out[SENT_KEY_BYTES])
{
    memcpy(out, &event->sender, sizeof(event->sender));
    memcpy(out + sizeof(event->sender), event->cmid, UUID_BYTES);
    return slice_from(out, SENT_KEY_BYTES);
}

static bool is_deleted(const struct mem_channel *channel, uint64_t seq)
{
    for (size_t i = mem_event_place(channel, seq); i < channel->events_len; i++) {
        if (channel->events[i].kind == EVENT_DELETE && channel->events[i].thread == seq)
            return true;
    }
    return false;
}

/* ERR_NOT_FOUND, ERR_FORBIDDEN: what store_append() says of its thread or target. */
static enum err resolve_thread(const struct mem_channel *channel, struct event *event)
{
    if (event->thread == 0)
        return ERR_NONE;
    const size_t place = mem_event_place(channel, event->thread);
    const struct event *parent = place == channel->events_len ? NULL : &channel->events[place];
    if (event_is_change(event->kind))
        return event_check_target(event, parent, is_deleted(channel, event->thread));
    if (parent == NULL || parent->seq != event->thread || parent->kind != EVENT_MESSAGE)
        return ERR_NOT_FOUND;
    if (parent->thread != 0)
        event->thread = parent->thread;
    return ERR_NONE;
}

/* At its place among the others, and a copy that stays where it is. */
static void add_event(struct mem_db *db, struct mem_channel *channel, const struct event *event,
                      struct slice key)
{
    if (channel->events_len == channel->events_cap) {
        channel->events_cap = channel->events_cap == 0 ? 16 : channel->events_cap * 2;
        channel->events =
            mem_realloc_array(channel->events, channel->events_cap, sizeof(*channel->events));
    }
    struct event *copy = arena_alloc(&db->arena, sizeof(*copy));
    *copy = *event;
    copy->text = arena_copy(&db->arena, event->text);
    const size_t place = mem_event_place(channel, event->seq);
    const size_t behind = channel->events_len - place;
    memmove(channel->events + place + 1, channel->events + place, behind * sizeof(*copy));
    channel->events[place] = *copy;
    channel->events_len++;
    mem_names_put(&channel->sent, key, copy);
}

/* Behind all seqs that were stored or handed out. */
static uint64_t seq_end(const struct mem_channel *channel)
{
    const uint64_t last_seq = mem_last_seq(channel);
    return last_seq > channel->seq_leased ? last_seq : channel->seq_leased;
}

static enum err append_one(struct mem_db *db, struct store_append *item)
{
    struct event *event = item->event;
    struct mem_channel *channel = mem_find_channel(db, event->channel);
    item->duplicate = false;
    if (channel == NULL)
        return ERR_NOT_FOUND;

    char key[SENT_KEY_BYTES];
    const struct event *first = mem_names_get(&channel->sent, sent_key(event, key));
    if (first != NULL) {
        const struct slice text = event->text;
        *event = *first;
        event->text = text;
        item->duplicate = true;
        return ERR_NONE;
    }
    const enum err err = resolve_thread(channel, event);
    if (err != ERR_NONE)
        return err;
    event->prev = mem_last_seq(channel);
    event->seq = seq_end(channel) + 1;
    event->n = mem_last_n(channel) + (event_counts(event->kind) ? 1 : 0);
    add_event(db, channel, event, sent_key(event, key));
    return ERR_NONE;
}

enum err mem_append(struct store *store, struct store_append *items, size_t count)
{
    struct mem_db *db = mem_enter(store);
    for (size_t i = 0; i < count; i++)
        items[i].result = append_one(db, &items[i]);
    return mem_leave(db, ERR_NONE);
}

/* ---- events that have their places ---- */

enum err mem_event_find(struct store *store, uint64_t channel, uint64_t sender,
                        const uint8_t cmid[UUID_BYTES], struct arena *arena, struct event *out)
{
    struct mem_db *db = mem_enter(store);
    struct event wanted = {.sender = sender};
    memcpy(wanted.cmid, cmid, UUID_BYTES);
    char key[SENT_KEY_BYTES];
    const struct mem_channel *found = mem_find_channel(db, channel);
    const struct event *event =
        found == NULL ? NULL : mem_names_get(&found->sent, sent_key(&wanted, key));
    if (event == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    *out = *event;
    out->text = arena_copy(arena, event->text);
    return mem_leave(db, ERR_NONE);
}

enum err mem_lease(struct store *store, uint64_t channel, uint64_t count, struct store_lease *out)
{
    struct mem_db *db = mem_enter(store);
    struct mem_channel *found = mem_find_channel(db, channel);
    if (found == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    *out = (struct store_lease){.start = seq_end(found)};
    out->limit = out->start + count;
    out->last_seq = mem_last_seq(found);
    out->last_n = mem_last_n(found);
    found->seq_leased = out->limit;
    return mem_leave(db, ERR_NONE);
}

static void put_one(struct mem_db *db, struct mem_channel *channel, const struct event *event)
{
    char key[SENT_KEY_BYTES];
    const size_t place = mem_event_place(channel, event->seq);
    if (place < channel->events_len && channel->events[place].seq == event->seq)
        return;
    if (mem_names_get(&channel->sent, sent_key(event, key)) != NULL)
        return;
    add_event(db, channel, event, sent_key(event, key));
}

enum err mem_put(struct store *store, const struct event *const *events, size_t count)
{
    struct mem_db *db = mem_enter(store);
    for (size_t i = 0; i < count; i++) {
        struct mem_channel *channel = mem_find_channel(db, events[i]->channel);
        if (channel != NULL)
            put_one(db, channel, events[i]);
    }
    return mem_leave(db, ERR_NONE);
}

/* ---- pages ---- */

/* The events [low, high) of a channel, growing outward from where they start. */
struct span {
    const struct mem_channel *channel;
    struct store_range range;
    bool down; /* may grow to that side */
    bool up;
    size_t low;
    size_t high;
    size_t bytes;
};

static struct span span_at(const struct mem_channel *channel, struct store_range range)
{
    struct span span = {.channel = channel, .range = range};
    span.up = range.from == STORE_AFTER || range.from == STORE_AROUND;
    span.down = range.from != STORE_AFTER;
    span.low = channel->events_len;
    if (range.from == STORE_AFTER)
        span.low = mem_event_place(channel, range.seq + 1);
    else if (range.from != STORE_NEWEST)
        span.low = mem_event_place(channel, range.seq);
    span.high = span.low;
    return span;
}

/* Whether one more event with that text is within the limits; the first one always is. */
static bool span_take(struct span *span, const struct event *event)
{
    const size_t count = span->high - span->low;
    const size_t bytes = span->bytes + event->text.len;
    if (count == span->range.limit || (count > 0 && bytes > span->range.bytes_max))
        return false;
    span->bytes = bytes;
    return true;
}

static bool can_grow_up(const struct span *span)
{
    return span->up && span->high < span->channel->events_len;
}

static bool can_grow_down(const struct span *span)
{
    return span->down && span->low > 0;
}

static void span_grow(struct span *span)
{
    bool up = true;
    while (can_grow_up(span) || can_grow_down(span)) {
        if (up ? !can_grow_up(span) : !can_grow_down(span))
            up = !up;
        if (!span_take(span, &span->channel->events[up ? span->high : span->low - 1]))
            return;
        if (up)
            span->high++;
        else
            span->low--;
        up = !up;
    }
}

static struct event *copy_events(const struct span *span, struct arena *arena)
{
    const size_t count = span->high - span->low;
    struct event *items = arena_alloc(arena, count * sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        items[i] = span->channel->events[span->low + i];
        items[i].text = arena_copy(arena, items[i].text);
    }
    return items;
}

static struct store_page page_of(const struct mem_channel *channel, struct store_range range,
                                 struct arena *arena)
{
    struct span span = span_at(channel, range);
    span_grow(&span);
    return (struct store_page){
        .items = copy_events(&span, arena),
        .count = span.high - span.low,
        .more_before = span.low > 0,
        .more_after = span.high < channel->events_len,
        .last_seq = mem_last_seq(channel),
    };
}

enum err mem_page(struct store *store, uint64_t channel, struct store_range range,
                  struct arena *arena, struct store_page *out)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_channel *found = mem_find_channel(db, channel);
    if (found == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    *out = page_of(found, range, arena);
    return mem_leave(db, ERR_NONE);
}

enum err mem_hanging(struct store *store, const struct store_hang *hang, struct store_range range,
                     struct arena *arena, struct store_page *out)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_channel *found = mem_find_channel(db, hang->channel);
    if (found == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    struct mem_channel only = {0};
    only.events = arena_alloc(arena, (found->events_len + 1) * sizeof(*only.events));
    for (size_t i = 0; i < found->events_len; i++) {
        if (found->events[i].thread == hang->target && found->events[i].kind == hang->kind)
            only.events[only.events_len++] = found->events[i];
    }
    *out = page_of(&only, range, arena);
    return mem_leave(db, ERR_NONE);
}

enum err mem_changes(struct store *store, uint64_t channel, const struct store_targets *targets,
                     struct fold *fold)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_channel *found = mem_find_channel(db, channel);
    for (size_t i = 0; found != NULL && i < found->events_len; i++) {
        if (found->events[i].seq < targets->below)
            fold_add(fold, &found->events[i]);
    }
    return mem_leave(db, ERR_NONE);
}
