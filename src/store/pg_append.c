/*
 * Appending events to PostgreSQL, where the store gives the places: for imports. Each server has
 * one transaction per batch, and in it each shard a handful of statements: the heads are locked,
 * what is stored already and what threads hang on is looked up, and then the places are given here.
 */

#include "base/mem.h"
#include "store/mem_names.h"
#include "store/pg_arrays.h"
#include "store/store_pg.h"

#define SENT_KEY_BYTES (2 * sizeof(uint64_t) + UUID_BYTES)
#define PLACE_KEY_BYTES (2 * sizeof(uint64_t))

struct head {
    uint64_t seq_end; /* behind all that are stored or handed out */
    uint64_t last_seq;
    uint64_t last_n;
};

/* What a thread may hang on, or a change be made to. */
struct parent {
    struct event event;
    bool deleted;
};

struct batch {
    struct store_pg *s;
    struct store_append *items;
    size_t count;
    struct arena arena;
    struct map heads;        /* channel -> struct head; NULL: no such channel */
    struct mem_names sent;   /* channel, sender and cmid -> struct event that is stored */
    struct mem_names placed; /* channel and seq -> struct parent */
    const struct event **added;
    size_t added_len;
    struct buf arrays[3]; /* parameters */
};

static void batch_fini(struct batch *batch)
{
    map_fini(&batch->heads);
    mem_names_fini(&batch->sent);
    mem_names_fini(&batch->placed);
    for (size_t i = 0; i < 3; i++)
        buf_fini(&batch->arrays[i]);
    mem_free(batch->added);
    arena_fini(&batch->arena);
}

static bool in_shard(const struct batch *batch, size_t i, uint32_t shard)
{
    const uint64_t channel = batch->items[i].event->channel;
    return pg_shard_of(channel) == shard && map_get(&batch->heads, channel) != NULL;
}

static size_t count_in_shard(const struct batch *batch, uint32_t shard)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++)
        count += in_shard(batch, i, shard) ? 1 : 0;
    return count;
}

/* ---- what there is ---- */

/* A head, empty so far, for each channel of the batch that exists. */
static enum err find_channels(struct batch *batch)
{
    enum err err = pg_read_begin(batch->s);
    if (err != ERR_NONE)
        return err;
    pg_array_begin(&batch->arrays[0], PG_INT8, batch->count);
    for (size_t i = 0; i < batch->count; i++)
        pg_array_u64(&batch->arrays[0], batch->items[i].event->channel);
    struct pg_query q = pg_query_begin(&batch->s->directory, PG_NO_SHARD,
                                       "SELECT id FROM channels WHERE id = ANY ($1::int8[])");
    pg_query_slice(&q, buf_slice(&batch->arrays[0]));
    while (pg_query_row(&q))
        map_put(&batch->heads, pg_query_get_u64(&q, 0),
                arena_zalloc(&batch->arena, sizeof(struct head)));
    return pg_query_end(&q);
}

/* Until the transaction ends nobody else gives places in these channels. */
static enum err lock_heads(struct batch *batch, struct pg_conn *conn, uint32_t shard)
{
    pg_array_begin(&batch->arrays[0], PG_INT8, count_in_shard(batch, shard));
    for (size_t i = 0; i < batch->count; i++) {
        if (in_shard(batch, i, shard))
            pg_array_u64(&batch->arrays[0], batch->items[i].event->channel);
    }
    struct pg_query q =
        pg_query_begin(conn, shard,
                       "INSERT INTO @.channel_head AS h (channel_id, seq_leased, last_seq, last_n)"
                       "   SELECT DISTINCT c, 0, 0, 0 FROM unnest($1::int8[]) c ORDER BY c"
                       " ON CONFLICT (channel_id) DO UPDATE SET last_seq = h.last_seq"
                       " RETURNING channel_id, GREATEST(seq_leased, last_seq), last_seq, last_n");
    pg_query_slice(&q, buf_slice(&batch->arrays[0]));
    while (pg_query_row(&q)) {
        struct head *head = map_get(&batch->heads, pg_query_get_u64(&q, 0));
        assert(head != NULL);
        *head = (struct head){pg_query_get_u64(&q, 1), pg_query_get_u64(&q, 2),
                              pg_query_get_u64(&q, 3)};
    }
    return pg_query_end(&q);
}

static struct slice sent_key(const struct event *event, char out[SENT_KEY_BYTES])
{
    memcpy(out, &event->channel, sizeof(uint64_t));
    memcpy(out + sizeof(uint64_t), &event->sender, sizeof(uint64_t));
    memcpy(out + 2 * sizeof(uint64_t), event->cmid, UUID_BYTES);
    return slice_from(out, SENT_KEY_BYTES);
}

static struct slice place_key(uint64_t channel, uint64_t seq, char out[PLACE_KEY_BYTES])
{
    memcpy(out, &channel, sizeof(channel));
    memcpy(out + sizeof(channel), &seq, sizeof(seq));
    return slice_from(out, PLACE_KEY_BYTES);
}

static void remember_sent(struct batch *batch, const struct event *event)
{
    char key[SENT_KEY_BYTES];
    struct event *copy = arena_alloc(&batch->arena, sizeof(*copy));
    *copy = *event;
    mem_names_put(&batch->sent, sent_key(event, key), copy);
}

static struct parent *find_parent(const struct batch *batch, uint64_t channel, uint64_t seq)
{
    char key[PLACE_KEY_BYTES];
    return mem_names_get(&batch->placed, place_key(channel, seq, key));
}

static void remember_place(struct batch *batch, const struct event *event, bool deleted)
{
    char key[PLACE_KEY_BYTES];
    if (find_parent(batch, event->channel, event->seq) != NULL)
        return;
    struct parent *parent = arena_alloc(&batch->arena, sizeof(*parent));
    *parent = (struct parent){*event, deleted};
    mem_names_put(&batch->placed, place_key(event->channel, event->seq, key), parent);
}

/* The events whose cmids are stored already. */
static enum err find_sent(struct batch *batch, struct pg_conn *conn, uint32_t shard)
{
    const size_t count = count_in_shard(batch, shard);
    pg_array_begin(&batch->arrays[0], PG_INT8, count);
    pg_array_begin(&batch->arrays[1], PG_INT8, count);
    pg_array_begin(&batch->arrays[2], PG_UUID, count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct event *event = batch->items[i].event;
        if (!in_shard(batch, i, shard))
            continue;
        pg_array_u64(&batch->arrays[0], event->channel);
        pg_array_u64(&batch->arrays[1], event->sender);
        pg_array_slice(&batch->arrays[2], slice_from(event->cmid, UUID_BYTES));
    }
    struct pg_query q = pg_query_begin(
        conn, shard,
        "SELECT DISTINCT channel_id, seq, prev, n, kind, sender_id, thread, ts_us, cmid, ''"
        " FROM unnest($1::int8[], $2::int8[], $3::uuid[]) AS k (channel_id, sender_id, cmid)"
        " JOIN @.messages USING (channel_id, sender_id, cmid)");
    for (size_t i = 0; i < 3; i++)
        pg_query_slice(&q, buf_slice(&batch->arrays[i]));
    while (pg_query_row(&q)) {
        const struct event event = pg_read_event(&q, 1, pg_query_get_u64(&q, 0), &batch->arena);
        remember_sent(batch, &event);
    }
    return pg_query_end(&q);
}

/* The stored events that threads are to hang on, or changes to be made to. */
static enum err find_parents(struct batch *batch, struct pg_conn *conn, uint32_t shard)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++)
        count += in_shard(batch, i, shard) && batch->items[i].event->thread != 0 ? 1 : 0;
    if (count == 0)
        return ERR_NONE;
    pg_array_begin(&batch->arrays[0], PG_INT8, count);
    pg_array_begin(&batch->arrays[1], PG_INT8, count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct event *event = batch->items[i].event;
        if (!in_shard(batch, i, shard) || event->thread == 0)
            continue;
        pg_array_u64(&batch->arrays[0], event->channel);
        pg_array_u64(&batch->arrays[1], event->thread);
    }
    struct pg_query q = pg_query_begin(conn, shard,
                                       "SELECT channel_id, seq, kind, thread, sender_id,"
                                       " EXISTS (SELECT FROM @.messages d"
                                       "   WHERE d.channel_id = m.channel_id AND d.thread = m.seq"
                                       "   AND d.thread <> 0 AND d.kind = 6)::int::int8"
                                       " FROM unnest($1::int8[], $2::int8[]) AS k (channel_id, seq)"
                                       " JOIN @.messages m USING (channel_id, seq)");
    pg_query_slice(&q, buf_slice(&batch->arrays[0]));
    pg_query_slice(&q, buf_slice(&batch->arrays[1]));
    while (pg_query_row(&q)) {
        const struct event event = {
            .channel = pg_query_get_u64(&q, 0),
            .seq = pg_query_get_u64(&q, 1),
            .kind = (enum event_kind)pg_query_get_u64(&q, 2),
            .thread = pg_query_get_u64(&q, 3),
            .sender = pg_query_get_u64(&q, 4),
        };
        remember_place(batch, &event, pg_query_get_u64(&q, 5) != 0);
    }
    return pg_query_end(&q);
}

/* ---- giving places ---- */

/* ERR_NOT_FOUND, ERR_FORBIDDEN: what store_append() says of its thread or target. */
static enum err resolve_thread(const struct batch *batch, struct event *event)
{
    if (event->thread == 0)
        return ERR_NONE;
    struct parent *parent = find_parent(batch, event->channel, event->thread);
    if (parent == NULL || parent->event.kind != EVENT_MESSAGE)
        return ERR_NOT_FOUND;
    if (event_is_change(event->kind)) {
        const enum err err = event_check_target(event, &parent->event, parent->deleted);
        parent->deleted = parent->deleted || (err == ERR_NONE && event->kind == EVENT_DELETE);
        return err;
    }
    if (parent->event.thread != 0)
        event->thread = parent->event.thread;
    return ERR_NONE;
}

static enum err place_one(struct batch *batch, struct store_append *item)
{
    struct event *event = item->event;
    item->duplicate = false;
    char key[SENT_KEY_BYTES];
    const struct event *first = mem_names_get(&batch->sent, sent_key(event, key));
    if (first != NULL) {
        const struct slice text = event->text;
        *event = *first;
        event->text = text;
        item->duplicate = true;
        return ERR_NONE;
    }
    const enum err err = resolve_thread(batch, event);
    if (err != ERR_NONE)
        return err;
    struct head *head = map_get(&batch->heads, event->channel);
    event->prev = head->last_seq;
    event->seq = head->seq_end + 1;
    event->n = head->last_n + (event_counts(event->kind) ? 1 : 0);
    *head = (struct head){event->seq, event->seq, event->n};
    remember_sent(batch, event);
    remember_place(batch, event, false);
    batch->added[batch->added_len++] = event;
    return ERR_NONE;
}

static enum err insert_added(struct batch *batch, struct pg_conn *conn, uint32_t shard)
{
    if (batch->added_len == 0)
        return ERR_NONE;
    struct pg_put_rows rows = {0};
    struct pg_query q = pg_query_begin(conn, shard, pg_put_statement);
    pg_put_bind(&q, &rows, batch->added, batch->added_len);
    const enum err err = pg_query_run(&q);
    pg_put_rows_fini(&rows);
    return err;
}

static enum err append_shard(struct batch *batch, struct pg_conn *conn, uint32_t shard)
{
    enum err err = lock_heads(batch, conn, shard);
    if (err == ERR_NONE)
        err = find_sent(batch, conn, shard);
    if (err == ERR_NONE)
        err = find_parents(batch, conn, shard);
    if (err != ERR_NONE)
        return err;
    batch->added_len = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (in_shard(batch, i, shard))
            batch->items[i].result = place_one(batch, &batch->items[i]);
    }
    return insert_added(batch, conn, shard);
}

/* ---- transactions ---- */

static bool is_open(const struct pg_server *server)
{
    return server->conn.pg != NULL && PQtransactionStatus(server->conn.pg) != PQTRANS_IDLE;
}

static enum err append_server(struct batch *batch, struct pg_server *server)
{
    enum err err = ERR_NONE;
    for (uint32_t shard = 0; shard < PG_SHARDS && err == ERR_NONE; shard++) {
        if (!server->holds[shard] || count_in_shard(batch, shard) == 0)
            continue;
        if (!is_open(server))
            err = pg_conn_ready(&server->conn);
        if (err == ERR_NONE && !is_open(server))
            err = pg_conn_run(&server->conn, "BEGIN");
        if (err == ERR_NONE)
            err = append_shard(batch, &server->conn, shard);
    }
    return err;
}

/* From the first commit on what happens to the others cannot be undone. */
static enum err end_all(struct store_pg *s, enum err err)
{
    bool begun = false;
    for (size_t i = 0; i < s->servers_len; i++) {
        struct pg_conn *conn = &s->servers[i]->conn;
        if (!is_open(s->servers[i]))
            continue;
        if (err != ERR_NONE) {
            if (pg_conn_run(conn, "ROLLBACK") != ERR_NONE)
                pg_conn_drop(conn);
            continue;
        }
        err = pg_conn_run(conn, "COMMIT");
        if (err != ERR_NONE && (begun || conn->pg == NULL))
            err = ERR_UNCERTAIN;
        begun = true;
    }
    return err;
}

static enum err append_once(struct batch *batch)
{
    enum err err = find_channels(batch);
    for (size_t i = 0; i < batch->count && err == ERR_NONE; i++) {
        batch->items[i].duplicate = false;
        batch->items[i].result = ERR_NOT_FOUND; /* until its channel is found */
    }
    for (size_t i = 0; i < batch->s->servers_len && err == ERR_NONE; i++)
        err = append_server(batch, batch->s->servers[i]);
    return end_all(batch->s, err);
}

static enum err append_batch(struct store_pg *s, struct store_append *items, size_t count)
{
    struct batch batch = {.s = s, .items = items, .count = count};
    batch.added = mem_alloc(count * sizeof(*batch.added));
    const enum err err = append_once(&batch);
    batch_fini(&batch);
    return err;
}

enum err pg_append(struct store *store, struct store_append *items, size_t count)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = append_batch(s, items, count);
    return err == ERR_UNAVAILABLE && pg_shards_moved(s) ? append_batch(s, items, count) : err;
}
