/*
 * Pages of history from SQLite. A page grows outward from its position, one event at a time, so
 * that what falls to a limit is always what is farthest away, and the page has no holes.
 */

#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_txn.h"

#define TEXT_COLUMN 8 /* of SQLITE_EVENT_COLUMNS */

/* One of the two ways outward. */
struct side {
    struct sql q;
    bool open; /* q stands at a row that is not taken yet */
};

struct walk {
    uint64_t channel;
    const struct store_hang *hang; /* only what hangs there; NULL: all events */
    struct store_range range;
    struct arena *arena;
    struct side down; /* to older events */
    struct side up;
    struct event *items; /* those taken are [first, end) */
    size_t first;
    size_t end;
    size_t bytes;
};

static void side_next(struct side *side)
{
    side->open = sql_row(&side->q);
}

static void side_begin(struct side *side, struct store_sqlite *s, const char *text,
                       const struct walk *walk, uint64_t from)
{
    side->q = sql_begin(s, text);
    sql_u64(&side->q, walk->channel);
    sql_u64(&side->q, from);
    sql_u64(&side->q, walk->range.limit + (walk->hang != NULL ? 1 : 0)); /* one tells of more */
    if (walk->hang != NULL) {
        sql_u64(&side->q, walk->hang->target);
        sql_u64(&side->q, walk->hang->kind);
    }
    side_next(side);
}

#define SELECT_EVENTS "SELECT " SQLITE_EVENT_COLUMNS " FROM messages WHERE channel_id = ?1"
#define HANGING " AND thread = ?4 AND thread <> 0 AND kind = ?5"

static void down_begin(struct walk *walk, struct store_sqlite *s, uint64_t below)
{
    side_begin(&walk->down, s,
               walk->hang != NULL ? SELECT_EVENTS HANGING " AND seq < ?2 ORDER BY seq DESC LIMIT ?3"
                                  : SELECT_EVENTS " AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
               walk, below);
}

static void up_begin(struct walk *walk, struct store_sqlite *s, uint64_t from)
{
    side_begin(&walk->up, s,
               walk->hang != NULL ? SELECT_EVENTS HANGING " AND seq >= ?2 ORDER BY seq LIMIT ?3"
                                  : SELECT_EVENTS " AND seq >= ?2 ORDER BY seq LIMIT ?3",
               walk, from);
}

static enum err side_end(struct side *side)
{
    side->open = false;
    return side->q.store == NULL ? ERR_NONE : sql_end(&side->q);
}

static void walk_begin(struct walk *walk, struct store_sqlite *s)
{
    const uint64_t seq = walk->range.seq;
    const enum store_from from = walk->range.from;

    /* Room for a whole page on both sides of where it starts. */
    walk->items = arena_alloc(walk->arena, 2 * walk->range.limit * sizeof(*walk->items));
    walk->first = walk->range.limit;
    walk->end = walk->range.limit;

    if (from == STORE_NEWEST)
        down_begin(walk, s, INT64_MAX);
    else if (from != STORE_AFTER)
        down_begin(walk, s, seq);
    if (from == STORE_AROUND)
        up_begin(walk, s, seq);
    else if (from == STORE_AFTER && seq < INT64_MAX)
        up_begin(walk, s, seq + 1);
}

struct event sqlite_read_event(const struct sql *q, uint64_t channel, struct arena *arena)
{
    struct event event = {
        .channel = channel,
        .seq = sql_get_u64(q, 0),
        .prev = sql_get_u64(q, 1),
        .n = sql_get_u64(q, 2),
        .kind = (enum event_kind)sql_get_u64(q, 3),
        .sender = sql_get_u64(q, 4),
        .thread = sql_get_u64(q, 5),
        .ts_us = sql_get_i64(q, 6),
        .text = sql_get_slice(q, TEXT_COLUMN, arena),
    };
    const struct slice cmid = sql_get_borrowed(q, 7);
    assert(cmid.len == UUID_BYTES);
    memcpy(event.cmid, cmid.ptr, UUID_BYTES);
    return event;
}

/* Whether the page takes the event at which `side` stands. */
static bool fits(const struct walk *walk, const struct side *side)
{
    const size_t count = walk->end - walk->first;
    const size_t len = sql_get_len(&side->q, TEXT_COLUMN);
    if (count == 0)
        return true;
    return count < walk->range.limit && walk->bytes <= walk->range.bytes_max &&
           len <= walk->range.bytes_max - walk->bytes;
}

static void take(struct walk *walk, struct side *side)
{
    const struct event event = sqlite_read_event(&side->q, walk->channel, walk->arena);
    if (side == &walk->up)
        walk->items[walk->end++] = event;
    else
        walk->items[--walk->first] = event;
    walk->bytes += event.text.len;
    side_next(side);
}

/* Up and down in turns, on one side alone when the other has no more. */
static void walk_all(struct walk *walk)
{
    struct side *side = &walk->up;
    while (walk->up.open || walk->down.open) {
        if (!side->open)
            side = side == &walk->up ? &walk->down : &walk->up;
        if (!fits(walk, side))
            return;
        take(walk, side);
        side = side == &walk->up ? &walk->down : &walk->up;
    }
}

static enum err walk_end(struct walk *walk)
{
    const enum err up = side_end(&walk->up);
    const enum err down = side_end(&walk->down);
    return up != ERR_NONE ? up : down;
}

static enum err read_last_seq(struct store_sqlite *s, uint64_t channel, uint64_t *out)
{
    struct sql q = sql_begin(s, "SELECT last_seq FROM channel_head WHERE channel_id = ?1");
    sql_u64(&q, channel);
    const bool found = sql_row(&q);
    if (found)
        *out = sql_get_u64(&q, 0);
    return sqlite_found(&q, found);
}

static enum err read_page(struct store_sqlite *s, struct walk *walk, uint64_t *last_seq)
{
    enum err err = read_last_seq(s, walk->channel, last_seq);
    if (err != ERR_NONE)
        return err;
    walk_begin(walk, s);
    walk_all(walk);
    return walk_end(walk);
}

static struct store_page page_of(const struct walk *walk, uint64_t last_seq)
{
    struct store_page page = {
        .items = walk->items + walk->first,
        .count = walk->end - walk->first,
        .last_seq = last_seq,
    };
    if (page.count > 0) {
        page.more_before = page.items[0].prev != 0;
        page.more_after = page.items[page.count - 1].seq < last_seq;
    } else {
        /* Nothing on the side that was asked for: all there is lies on the other. */
        page.more_before = walk->range.from == STORE_AFTER && last_seq > 0;
        page.more_after = walk->range.from == STORE_BEFORE && last_seq > 0;
    }
    return page;
}

enum err sqlite_page(struct store *store, uint64_t channel, struct store_range range,
                     struct arena *arena, struct store_page *out)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct walk walk = {.channel = channel, .range = range, .arena = arena};
    uint64_t last_seq = 0;
    err = sqlite_read_end(s, read_page(s, &walk, &last_seq));
    if (err == ERR_NONE)
        *out = page_of(&walk, last_seq);
    return err;
}

/* ---- what hangs on one message ---- */

static enum err read_hanging(struct store_sqlite *s, struct walk *walk, struct store_page *out)
{
    uint64_t last_seq = 0;
    const enum err err = read_last_seq(s, walk->channel, &last_seq);
    if (err != ERR_NONE)
        return err;
    walk_begin(walk, s);
    walk_all(walk);
    *out = (struct store_page){
        .items = walk->items + walk->first,
        .count = walk->end - walk->first,
        .more_before = walk->down.open,
        .more_after = walk->up.open,
        .last_seq = last_seq,
    };
    return walk_end(walk);
}

enum err sqlite_hanging(struct store *store, const struct store_hang *hang,
                        struct store_range range, struct arena *arena, struct store_page *out)
{
    struct store_sqlite *s = store_sqlite_of(store);
    const enum err err = sqlite_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct walk walk = {.channel = hang->channel, .hang = hang, .range = range, .arena = arena};
    return sqlite_read_end(s, read_hanging(s, &walk, out));
}
