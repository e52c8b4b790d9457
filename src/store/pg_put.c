/* Events that have their places already, in PostgreSQL: found, and stored in batches. */

#include <stdlib.h>

#include "base/mem.h"
#include "store/pg_arrays.h"
#include "store/store_pg.h"

/* ---- finding ---- */

static enum err find_once(struct store_pg *s, const struct event *wanted, struct arena *arena,
                          struct event *out)
{
    const uint32_t shard = pg_shard_of(wanted->channel);
    struct pg_conn *conn;
    const enum err err = pg_shard_ready(s, shard, &conn);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(conn, shard,
                                       "SELECT " PG_EVENT_COLUMNS " FROM @.messages"
                                       " WHERE channel_id = $1 AND sender_id = $2 AND cmid = $3");
    pg_query_u64(&q, wanted->channel);
    pg_query_u64(&q, wanted->sender);
    pg_query_blob(&q, wanted->cmid, UUID_BYTES);
    const bool found = pg_query_row(&q);
    if (found)
        *out = pg_read_event(&q, 0, wanted->channel, arena);
    return pg_query_end_found(&q, found);
}

enum err pg_event_find(struct store *store, uint64_t channel, uint64_t sender,
                       const uint8_t cmid[UUID_BYTES], struct arena *arena, struct event *out)
{
    struct store_pg *s = store_pg_of(store);
    struct event wanted = {.channel = channel, .sender = sender};
    memcpy(wanted.cmid, cmid, UUID_BYTES);
    enum err err = find_once(s, &wanted, arena, out);
    if (err == ERR_UNAVAILABLE && pg_shards_moved(s))
        err = find_once(s, &wanted, arena, out);
    return err;
}

/* ---- one shard ---- */

/* Heads are locked in the order of their channels, so that two of these never wait for each other.
 */
const char pg_put_statement[] =
    "WITH added AS (INSERT INTO @.messages"
    "   (channel_id, seq, prev, n, sender_id, thread, ts_us, cmid, kind, text)"
    "   SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[],"
    "     $6::int8[], $7::int8[], $8::uuid[], $9::int2[], $10::text[])"
    "   ON CONFLICT DO NOTHING RETURNING channel_id, seq, n)"
    " INSERT INTO @.channel_head AS h (channel_id, seq_leased, last_seq, last_n)"
    "   SELECT channel_id, 0, max(seq), max(n) FROM added GROUP BY channel_id ORDER BY channel_id"
    " ON CONFLICT (channel_id) DO UPDATE SET last_seq = GREATEST(h.last_seq, EXCLUDED.last_seq),"
    "   last_n = GREATEST(h.last_n, EXCLUDED.last_n)";

static void begin_columns(struct pg_put_rows *rows, size_t count)
{
    for (size_t i = 0; i < 7; i++)
        pg_array_begin(&rows->columns[i], PG_INT8, count);
    pg_array_begin(&rows->columns[7], PG_UUID, count);
    pg_array_begin(&rows->columns[8], PG_INT2, count);
    pg_array_begin(&rows->columns[9], PG_TEXT, count);
}

static void add_row(struct pg_put_rows *rows, const struct event *event)
{
    pg_array_u64(&rows->columns[0], event->channel);
    pg_array_u64(&rows->columns[1], event->seq);
    pg_array_u64(&rows->columns[2], event->prev);
    pg_array_u64(&rows->columns[3], event->n);
    pg_array_u64(&rows->columns[4], event->sender);
    pg_array_u64(&rows->columns[5], event->thread);
    pg_array_i64(&rows->columns[6], event->ts_us);
    pg_array_slice(&rows->columns[7], slice_from(event->cmid, UUID_BYTES));
    pg_array_i16(&rows->columns[8], (int16_t)event->kind);
    pg_array_slice(&rows->columns[9], event->text);
}

void pg_put_bind(struct pg_query *q, struct pg_put_rows *rows, const struct event *const *events,
                 size_t count)
{
    begin_columns(rows, count);
    for (size_t i = 0; i < count; i++)
        add_row(rows, events[i]);
    for (size_t i = 0; i < 10; i++)
        pg_query_slice(q, buf_slice(&rows->columns[i]));
}

void pg_put_rows_fini(struct pg_put_rows *rows)
{
    for (size_t i = 0; i < 10; i++)
        buf_fini(&rows->columns[i]);
}

/* ---- all shards ---- */

struct put {
    const struct event **events; /* by shard, channel and seq */
    size_t first[PG_SHARDS + 1]; /* where the events of a shard begin */
    bool done[PG_SHARDS];
    struct pg_put_rows rows;
};

static int by_channel_and_seq(const void *a, const void *b)
{
    const struct event *left = *(const struct event *const *)a;
    const struct event *right = *(const struct event *const *)b;
    if (left->channel != right->channel)
        return left->channel < right->channel ? -1 : 1;
    return left->seq < right->seq ? -1 : left->seq > right->seq;
}

/* Everybody who puts the same events goes through them in the same order. */
static void sort_events(struct put *put, const struct event *const *events, size_t count)
{
    size_t lens[PG_SHARDS] = {0};
    put->events = mem_alloc(count * sizeof(*put->events));
    for (size_t i = 0; i < count; i++)
        lens[pg_shard_of(events[i]->channel)]++;
    for (size_t shard = 0; shard < PG_SHARDS; shard++)
        put->first[shard + 1] = put->first[shard] + lens[shard];
    for (size_t i = 0; i < count; i++) {
        const uint32_t shard = pg_shard_of(events[i]->channel);
        put->events[put->first[shard + 1] - lens[shard]--] = events[i];
    }
    for (size_t shard = 0; shard < PG_SHARDS; shard++) {
        const size_t len = put->first[shard + 1] - put->first[shard];
        if (len > 0)
            qsort(put->events + put->first[shard], len, sizeof(*put->events), by_channel_and_seq);
    }
}

static bool has_work(const struct put *put, const struct pg_server *server, size_t shard)
{
    return server->holds[shard] && !put->done[shard] && put->first[shard + 1] > put->first[shard];
}

/* ERR_NOT_FOUND: there is nothing for this server. */
static enum err prepare_all(const struct put *put, struct pg_server *server)
{
    enum err err = ERR_NOT_FOUND;
    for (uint32_t shard = 0; shard < PG_SHARDS; shard++) {
        if (!has_work(put, server, shard))
            continue;
        if (err == ERR_NOT_FOUND)
            err = pg_conn_ready(&server->conn);
        if (err == ERR_NONE)
            err = pg_query_prepare(&server->conn, shard, pg_put_statement);
        if (err != ERR_NONE)
            return err;
    }
    return err;
}

static enum err send_all(struct put *put, struct pg_server *server)
{
    enum err err = prepare_all(put, server);
    if (err == ERR_NONE)
        err = pg_pipe_begin(&server->conn);
    if (err != ERR_NONE)
        return err;
    for (uint32_t shard = 0; shard < PG_SHARDS; shard++) {
        if (!has_work(put, server, shard))
            continue;
        struct pg_query q = pg_query_begin(&server->conn, shard, pg_put_statement);
        pg_put_bind(&q, &put->rows, put->events + put->first[shard],
                    put->first[shard + 1] - put->first[shard]);
        pg_pipe_add(&q);
    }
    pg_pipe_send(&server->conn);
    return ERR_NONE;
}

static enum err worse(enum err a, enum err b)
{
    return a == ERR_NONE || (a == ERR_UNAVAILABLE && b != ERR_NONE) ? b : a;
}

/* All servers work at the same time; what one of them does is its own affair. */
static enum err put_once(struct store_pg *s, struct put *put)
{
    enum err *sent = mem_alloc(s->servers_len * sizeof(*sent));
    for (size_t i = 0; i < s->servers_len; i++)
        sent[i] = send_all(put, s->servers[i]);
    enum err result = ERR_NONE;
    for (size_t i = 0; i < s->servers_len; i++) {
        if (sent[i] == ERR_NOT_FOUND)
            continue;
        const enum err err = sent[i] != ERR_NONE ? sent[i] : pg_pipe_end(&s->servers[i]->conn);
        result = worse(result, err);
        for (size_t shard = 0; shard < PG_SHARDS && err == ERR_NONE; shard++)
            put->done[shard] = put->done[shard] || s->servers[i]->holds[shard];
    }
    mem_free(sent);
    return result;
}

enum err pg_put(struct store *store, const struct event *const *events, size_t count)
{
    struct store_pg *s = store_pg_of(store);
    struct put put = {0};
    sort_events(&put, events, count);
    enum err err = put_once(s, &put);
    if (err == ERR_UNAVAILABLE && pg_shards_moved(s))
        err = put_once(s, &put);
    pg_put_rows_fini(&put.rows);
    mem_free(put.events);
    return err;
}
