/* Events that have their places already, in SQLite. */

#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_txn.h"

enum err sqlite_event_find(struct store *store, uint64_t channel, uint64_t sender,
                           const uint8_t cmid[UUID_BYTES], struct arena *arena, struct event *out)
{
    struct sql q = sql_begin(store_sqlite_of(store),
                             "SELECT " SQLITE_EVENT_COLUMNS " FROM messages"
                             " WHERE channel_id = ?1 AND sender_id = ?2 AND cmid = ?3");
    sql_u64(&q, channel);
    sql_u64(&q, sender);
    sql_blob(&q, cmid, UUID_BYTES);
    const bool found = sql_row(&q);
    if (found)
        *out = sqlite_read_event(&q, channel, arena);
    return sqlite_found(&q, found);
}

enum err sqlite_lease(struct store *store, uint64_t channel, uint64_t count,
                      struct store_lease *out)
{
    (void)store_sqlite_of(store);
    (void)channel;
    (void)count;
    (void)out;
    return ERR_INVALID;
}

/* ---- storing ---- */

void sqlite_bind_event(struct sql *q, const struct event *event)
{
    sql_u64(q, event->channel);
    sql_u64(q, event->seq);
    sql_u64(q, event->prev);
    sql_u64(q, event->n);
    sql_u64(q, event->kind);
    sql_u64(q, event->sender);
    sql_u64(q, event->thread);
    sql_i64(q, event->ts_us);
    sql_blob(q, event->cmid, UUID_BYTES);
    sql_text(q, event->text);
}

static enum err raise_head(struct store_sqlite *s, const struct event *event)
{
    struct sql q = sql_begin(s, "UPDATE channel_head"
                                " SET last_seq = max(last_seq, ?1), last_n = max(last_n, ?2)"
                                " WHERE channel_id = ?3");
    sql_u64(&q, event->seq);
    sql_u64(&q, event->n);
    sql_u64(&q, event->channel);
    return sql_run(&q);
}

static enum err put_one(struct store_sqlite *s, const struct event *event)
{
    struct sql q = sql_begin(s, SQLITE_INSERT_EVENT " ON CONFLICT DO NOTHING");
    sqlite_bind_event(&q, event);
    const enum err err = sql_run(&q);
    if (err != ERR_NONE || sqlite3_changes(s->db) == 0)
        return err;
    return raise_head(s, event);
}

enum err sqlite_put(struct store *store, const struct event *const *events, size_t count)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    for (size_t i = 0; i < count && err == ERR_NONE; i++)
        err = put_one(s, events[i]);
    return sqlite_write_end(s, err);
}
