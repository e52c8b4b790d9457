/*
 * Pages of history from PostgreSQL. A page grows outward from its position, one event at a time, so
 * that what falls to a limit is always what is farthest away, and the page has no holes.
 */

#include "store/store_pg.h"

/*
 * The head and what may be in the page, in one statement and so as of one moment: up to $3 events
 * below $2 and up to $5 from $4 on, on each side only as far as their texts have $6 bytes, but the
 * nearest in any case.
 */
#define SIDE(where, order, limit)                                                                  \
    "(SELECT " PG_EVENT_COLUMNS " FROM (SELECT " PG_EVENT_COLUMNS ","                              \
    "     sum(octet_length(text)) OVER (ORDER BY seq " order                                       \
    " ROWS UNBOUNDED PRECEDING) AS total,"                                                         \
    "     row_number() OVER (ORDER BY seq " order ") AS place"                                     \
    "   FROM (SELECT " PG_EVENT_COLUMNS " FROM @.messages"                                         \
    "     WHERE channel_id = $1 AND seq " where " ORDER BY seq " order " LIMIT " limit ") near"    \
    " ) counted WHERE total <= $6 OR place = 1)"

static const char page_statement[] =
    "SELECT h.last_seq, e.* FROM @.channel_head h LEFT JOIN LATERAL"
    " (" SIDE("< $2", "DESC", "$3") " UNION ALL " SIDE(
        ">= $4", "ASC", "$5") ") e ON true"
                              " WHERE h.channel_id = $1 ORDER BY e.seq";

/* The same of what hangs on the message $7 as kind $8. */
#define HANGING " AND thread = $7 AND thread <> 0 AND kind = $8::int8"

static const char hanging_statement[] =
    "SELECT h.last_seq, e.* FROM @.channel_head h LEFT JOIN LATERAL"
    " (" SIDE("< $2" HANGING, "DESC", "$3") " UNION ALL " SIDE(
        ">= $4" HANGING, "ASC", "$5") ") e ON true"
                                      " WHERE h.channel_id = $1 ORDER BY e.seq";

#define SEQ_COLUMN 1

/* The events that may be in the page, and those of them that are. */
struct walk {
    const struct store_hang *hang; /* only what hangs there; NULL: all events */
    struct store_range range;
    struct event *items; /* ascending */
    size_t count;
    size_t first; /* the page is [first, end) */
    size_t end;
    size_t bytes;
};

/* Below which seq, and from which seq on, a page may have events; *down and *up: how many. */
static void bind_range(struct pg_query *q, struct store_range range)
{
    const bool down = range.from != STORE_AFTER;
    const bool up = range.from == STORE_AFTER || range.from == STORE_AROUND;
    const uint64_t bytes_max = range.bytes_max > INT64_MAX ? INT64_MAX : range.bytes_max;
    const uint64_t from =
        range.from == STORE_AFTER && range.seq < INT64_MAX ? range.seq + 1 : range.seq;
    const bool beyond = range.from == STORE_AFTER && range.seq == INT64_MAX;
    pg_query_u64(q, range.from == STORE_NEWEST ? INT64_MAX : range.seq);
    pg_query_u64(q, down ? range.limit : 0);
    pg_query_u64(q, from);
    pg_query_u64(q, up && !beyond ? range.limit : 0);
    pg_query_u64(q, bytes_max);
}

struct event pg_read_event(const struct pg_query *q, int column, uint64_t channel,
                           struct arena *arena)
{
    struct event event = {
        .channel = channel,
        .seq = pg_query_get_u64(q, column),
        .prev = pg_query_get_u64(q, column + 1),
        .n = pg_query_get_u64(q, column + 2),
        .kind = (enum event_kind)pg_query_get_u64(q, column + 3),
        .sender = pg_query_get_u64(q, column + 4),
        .thread = pg_query_get_u64(q, column + 5),
        .ts_us = pg_query_get_i64(q, column + 6),
        .text = pg_query_get_slice(q, column + 8, arena),
    };
    const struct slice cmid = pg_query_get_borrowed(q, column + 7);
    assert(cmid.len == UUID_BYTES);
    memcpy(event.cmid, cmid.ptr, UUID_BYTES);
    return event;
}

static enum err read_walk(struct store_pg *s, uint64_t channel, struct arena *arena,
                          struct walk *walk, bool *found, uint64_t *last_seq)
{
    const uint32_t shard = pg_shard_of(channel);
    struct pg_conn *conn;
    const enum err err = pg_shard_ready(s, shard, &conn);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin(conn, shard, walk->hang != NULL ? hanging_statement : page_statement);
    struct store_range range = walk->range;
    range.limit += walk->hang != NULL ? 1 : 0; /* one tells of more */
    pg_query_u64(&q, channel);
    bind_range(&q, range);
    if (walk->hang != NULL) {
        pg_query_u64(&q, walk->hang->target);
        pg_query_u64(&q, walk->hang->kind);
    }
    for (*found = false; pg_query_row(&q); *found = true) {
        if (!*found)
            walk->items = arena_alloc(arena, pg_query_rows(&q) * sizeof(*walk->items));
        *last_seq = pg_query_get_u64(&q, 0);
        if (!pg_query_get_null(&q, SEQ_COLUMN))
            walk->items[walk->count++] = pg_read_event(&q, SEQ_COLUMN, channel, arena);
    }
    return pg_query_end(&q);
}

/* Whether the page takes the event. */
static bool take(struct walk *walk, const struct event *event)
{
    const size_t count = walk->end - walk->first;
    const size_t bytes = walk->bytes + event->text.len;
    if (count == walk->range.limit || (count > 0 && bytes > walk->range.bytes_max))
        return false;
    walk->bytes = bytes;
    return true;
}

/* Up and down in turns, on one side alone when the other has no more. */
static void walk_all(struct walk *walk)
{
    const bool newest = walk->range.from == STORE_NEWEST;
    while (walk->first < walk->count && !newest && walk->items[walk->first].seq < walk->range.seq)
        walk->first++;
    if (newest)
        walk->first = walk->count;
    walk->end = walk->first;
    for (bool up = true; walk->first > 0 || walk->end < walk->count; up = !up) {
        if (up ? walk->end == walk->count : walk->first == 0)
            continue;
        if (!take(walk, &walk->items[up ? walk->end : walk->first - 1]))
            return;
        if (up)
            walk->end++;
        else
            walk->first--;
    }
}

static struct store_page page_of(const struct walk *walk, uint64_t last_seq)
{
    struct store_page page = {
        .items = walk->items == NULL ? NULL : walk->items + walk->first,
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

static enum err read_all(struct store_pg *s, uint64_t channel, struct arena *arena,
                         struct walk *walk, uint64_t *last_seq)
{
    bool found = false;
    enum err err = read_walk(s, channel, arena, walk, &found, last_seq);
    if (err == ERR_UNAVAILABLE && pg_shards_moved(s))
        err = read_walk(s, channel, arena, walk, &found, last_seq);
    if (err == ERR_NONE && !found)
        err = pg_channel_exists(s, channel);
    if (err == ERR_NONE)
        walk_all(walk);
    return err;
}

enum err pg_page(struct store *store, uint64_t channel, struct store_range range,
                 struct arena *arena, struct store_page *out)
{
    struct walk walk = {.range = range};
    uint64_t last_seq = 0;
    const enum err err = read_all(store_pg_of(store), channel, arena, &walk, &last_seq);
    if (err == ERR_NONE)
        *out = page_of(&walk, last_seq);
    return err;
}

enum err pg_hanging(struct store *store, const struct store_hang *hang, struct store_range range,
                    struct arena *arena, struct store_page *out)
{
    struct walk walk = {.hang = hang, .range = range};
    uint64_t last_seq = 0;
    const enum err err = read_all(store_pg_of(store), hang->channel, arena, &walk, &last_seq);
    if (err != ERR_NONE)
        return err;
    *out = page_of(&walk, last_seq);
    out->more_before = walk.first > 0;
    out->more_after = walk.end < walk.count;
    return ERR_NONE;
}
