/* Copying the rows of a shard while they come in. */

#include "store/pg_copy.h"

#include "base/mem.h"
#include "store/pg_arrays.h"
#include "store/store_pg.h"

#define BATCH 1000u
#define LIVE_BATCHES_MAX 10000u /* then the rest is copied with the writers held back */

/* ---- noting ---- */

static const char watch_text[] =
    "BEGIN;"
    "CREATE TABLE IF NOT EXISTS @.move_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    "  channel_id bigint NOT NULL, seq bigint NOT NULL);"
    "CREATE OR REPLACE FUNCTION @.note_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  INSERT INTO @.move_log (channel_id, seq) SELECT channel_id, seq FROM added;"
    "  RETURN NULL; END $$;"
    /* Waits for the writers that have begun, so that none of them is missed. */
    "CREATE OR REPLACE TRIGGER note_added AFTER INSERT ON @.messages"
    "  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION @.note_added();"
    "COMMIT";

enum err pg_copy_watch(struct pg_copy *copy)
{
    return pg_fleet_run(copy->from, copy->shard, watch_text);
}

/* ---- copying ---- */

struct rows {
    struct arena arena;
    struct event events[BATCH];
    const struct event *pointers[BATCH];
    size_t count;
};

/* The channel in the first column, the event in those from `column` on. */
static void add_row(struct rows *rows, const struct pg_query *q, int column)
{
    assert(rows->count < BATCH);
    struct event *event = &rows->events[rows->count];
    *event = pg_read_event(q, column, pg_query_get_u64(q, 0), &rows->arena);
    rows->pointers[rows->count++] = event;
}

/* Add those that are not there yet. */
static enum err insert_rows(struct pg_copy *copy, const struct rows *rows)
{
    struct pg_put_rows columns = {0};
    struct pg_query q = pg_query_begin(
        copy->to, copy->shard,
        "WITH added AS (INSERT INTO @_incoming.messages"
        "   (channel_id, seq, prev, n, sender_id, thread, ts_us, cmid, kind, text)"
        "   SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::int8[],"
        "     $6::int8[], $7::int8[], $8::uuid[], $9::int2[], $10::text[])"
        "   ON CONFLICT DO NOTHING RETURNING 1)"
        " SELECT count(*) FROM added");
    pg_put_bind(&q, &columns, rows->pointers, rows->count);
    if (pg_query_row(&q))
        copy->done += pg_query_get_u64(&q, 0);
    const enum err err = pg_query_end(&q);
    pg_put_rows_fini(&columns);
    if (copy->total < copy->done)
        copy->total = copy->done;
    copy->progress(copy->step, copy->done, copy->total, copy->arg);
    return err;
}

/* The next rows behind (*channel, *seq), and where they end. */
static enum err scan_batch(struct pg_copy *copy, struct rows *rows, uint64_t *channel,
                           uint64_t *seq)
{
    struct pg_query q = pg_query_begin(copy->from, copy->shard,
                                       "SELECT channel_id, " PG_EVENT_COLUMNS " FROM @.messages"
                                       " WHERE (channel_id, seq) > ($1, $2)"
                                       " ORDER BY channel_id, seq LIMIT 1000");
    pg_query_u64(&q, *channel);
    pg_query_u64(&q, *seq);
    while (pg_query_row(&q))
        add_row(rows, &q, 1);
    const enum err err = pg_query_end(&q);
    if (err != ERR_NONE || rows->count == 0)
        return err;
    *channel = rows->events[rows->count - 1].channel;
    *seq = rows->events[rows->count - 1].seq;
    return insert_rows(copy, rows);
}

/*
 * Until a scan is over nothing else is copied, so that the last key says how far it has come; once
 * it is over, going on from there finds what is noted anyway.
 */
static enum err find_position(struct pg_copy *copy, uint64_t *channel, uint64_t *seq)
{
    struct pg_query q = pg_query_begin(copy->to, copy->shard,
                                       "SELECT channel_id, seq FROM @_incoming.messages"
                                       " ORDER BY channel_id DESC, seq DESC LIMIT 1");
    if (pg_query_row(&q)) {
        *channel = pg_query_get_u64(&q, 0);
        *seq = pg_query_get_u64(&q, 1);
    }
    return pg_query_end(&q);
}

static enum err count_rows(struct pg_conn *conn, uint32_t shard, const char *text, uint64_t *out)
{
    struct pg_query q = pg_query_begin(conn, shard, text);
    if (pg_query_row(&q))
        *out = pg_query_get_u64(&q, 0);
    return pg_query_end(&q);
}

static const char count_from[] = "SELECT count(*) FROM @.messages";
static const char count_to[] = "SELECT count(*) FROM @_incoming.messages";

enum err pg_copy_scan(struct pg_copy *copy)
{
    uint64_t channel = 0;
    uint64_t seq = 0;
    enum err err = find_position(copy, &channel, &seq);
    if (err == ERR_NONE)
        err = count_rows(copy->from, copy->shard, count_from, &copy->total);
    if (err == ERR_NONE)
        err = count_rows(copy->to, copy->shard, count_to, &copy->done);
    struct rows *rows = mem_zalloc(sizeof(*rows));
    do {
        rows->count = 0;
        if (err == ERR_NONE)
            err = scan_batch(copy, rows, &channel, &seq);
        arena_fini(&rows->arena);
    } while (err == ERR_NONE && rows->count > 0);
    mem_free(rows);
    return err;
}

/* ---- what was noted ---- */

/* By their own ids: smaller ones may come to light later. */
static enum err forget_notes(struct pg_copy *copy, const uint64_t *ids, size_t count)
{
    struct buf array = {0};
    pg_array_ids(&array, ids, count);
    struct pg_query q = pg_query_begin(copy->from, copy->shard,
                                       "DELETE FROM @.move_log WHERE id = ANY ($1::int8[])");
    pg_query_slice(&q, buf_slice(&array));
    const enum err err = pg_query_run(&q);
    buf_fini(&array);
    return err;
}

static enum err noted_batch(struct pg_copy *copy, struct rows *rows)
{
    uint64_t ids[BATCH];
    struct pg_query q = pg_query_begin(copy->from, copy->shard,
                                       "SELECT channel_id, l.id, " PG_EVENT_COLUMNS
                                       " FROM (SELECT * FROM @.move_log ORDER BY id LIMIT 1000) l"
                                       " JOIN @.messages USING (channel_id, seq)");
    while (pg_query_row(&q)) {
        ids[rows->count] = pg_query_get_u64(&q, 1);
        add_row(rows, &q, 2);
    }
    enum err err = pg_query_end(&q);
    if (err == ERR_NONE && rows->count > 0)
        err = insert_rows(copy, rows);
    if (err == ERR_NONE && rows->count > 0)
        err = forget_notes(copy, ids, rows->count);
    return err;
}

/* Whether there may be more. With writers at work the end is where they add less than a batch. */
static bool noted_goes_on(const struct pg_copy *copy, const struct rows *rows, unsigned batches)
{
    if (copy->step == FLEET_COPYING)
        return rows->count == BATCH && batches < LIVE_BATCHES_MAX;
    return rows->count > 0;
}

enum err pg_copy_noted(struct pg_copy *copy)
{
    enum err err;
    unsigned batches = 0;
    struct rows *rows = mem_zalloc(sizeof(*rows));
    do {
        rows->count = 0;
        err = noted_batch(copy, rows);
        arena_fini(&rows->arena);
        batches++;
    } while (err == ERR_NONE && noted_goes_on(copy, rows, batches));
    mem_free(rows);
    return err;
}

/* ---- heads ---- */

static enum err insert_heads(struct pg_copy *copy, struct buf columns[4])
{
    struct pg_query q = pg_query_begin(
        copy->to, copy->shard,
        "INSERT INTO @_incoming.channel_head AS h (channel_id, seq_leased, last_seq, last_n)"
        " SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[])"
        " ON CONFLICT (channel_id) DO UPDATE"
        " SET seq_leased = GREATEST(h.seq_leased, EXCLUDED.seq_leased),"
        "   last_seq = GREATEST(h.last_seq, EXCLUDED.last_seq),"
        "   last_n = GREATEST(h.last_n, EXCLUDED.last_n)");
    for (size_t i = 0; i < 4; i++)
        pg_query_slice(&q, buf_slice(&columns[i]));
    return pg_query_run(&q);
}

/* The next heads behind *channel; 0 when there are no more. */
static enum err heads_batch(struct pg_copy *copy, struct buf columns[4], uint64_t *channel)
{
    struct pg_query q =
        pg_query_begin(copy->from, copy->shard,
                       "SELECT channel_id, seq_leased, last_seq, last_n FROM @.channel_head"
                       " WHERE channel_id > $1 ORDER BY channel_id LIMIT 1000");
    pg_query_u64(&q, *channel);
    *channel = 0;
    bool any = false;
    for (; pg_query_row(&q); any = true) {
        for (int i = 0; i < 4 && !any; i++)
            pg_array_begin(&columns[i], PG_INT8, pg_query_rows(&q));
        for (int i = 0; i < 4; i++)
            pg_array_u64(&columns[i], pg_query_get_u64(&q, i));
        *channel = pg_query_get_u64(&q, 0);
    }
    const enum err err = pg_query_end(&q);
    return err != ERR_NONE || !any ? err : insert_heads(copy, columns);
}

enum err pg_copy_heads(struct pg_copy *copy)
{
    struct buf columns[4] = {0};
    uint64_t channel = 0;
    enum err err;
    do
        err = heads_batch(copy, columns, &channel);
    while (err == ERR_NONE && channel != 0);
    for (size_t i = 0; i < 4; i++)
        buf_fini(&columns[i]);
    return err;
}

enum err pg_copy_verify(struct pg_copy *copy, bool *same)
{
    uint64_t rows[2] = {0};
    uint64_t heads[2] = {0};
    enum err err = count_rows(copy->from, copy->shard, count_from, &rows[0]);
    if (err == ERR_NONE)
        err = count_rows(copy->to, copy->shard, count_to, &rows[1]);
    if (err == ERR_NONE)
        err = count_rows(copy->from, copy->shard, "SELECT count(*) FROM @.channel_head", &heads[0]);
    if (err == ERR_NONE)
        err = count_rows(copy->to, copy->shard, "SELECT count(*) FROM @_incoming.channel_head",
                         &heads[1]);
    *same = rows[0] == rows[1] && heads[0] == heads[1];
    return err;
}
