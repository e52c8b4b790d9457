/* What changes were made to messages, from PostgreSQL. */

#include "model/fold.h"
#include "store/pg_arrays.h"
#include "store/store_pg.h"

/* Of the targets in a range ($2 to $3) or in a list ($4). */
#define IN_RANGE "channel_id = $1 AND thread <> 0 AND thread BETWEEN $2 AND $3 AND seq < $5"
#define IN_LIST "channel_id = $1 AND thread <> 0 AND thread = ANY ($4::int8[]) AND seq < $5"

#define REPLIES(where)                                                                             \
    "SELECT max(seq), 1::int2, 0::int8, thread, max(ts_us), '', count(*) FROM @.messages"          \
    " WHERE " where " AND kind = 1 GROUP BY thread"

#define CHANGES(where)                                                                             \
    "SELECT seq, kind, sender_id, thread, ts_us, text FROM @.messages"                             \
    " WHERE " where " AND kind BETWEEN 5 AND 8"

/* Of each target the newest edit, the deletion, and what each person last did with each emoji. */
static const char changes_statement[] =
    "(SELECT DISTINCT ON (thread, what, who, emoji) seq, kind, sender_id, thread, ts_us, text,"
    "   0::int8"
    " FROM (SELECT *, CASE WHEN kind = 8 THEN 7 ELSE kind END AS what,"
    "     CASE WHEN kind > 6 THEN sender_id ELSE 0 END AS who,"
    "     CASE WHEN kind > 6 THEN text ELSE '' END AS emoji"
    "   FROM (" CHANGES(IN_RANGE) " UNION ALL " CHANGES(
        IN_LIST) ") found) named"
                 " ORDER BY thread, what, who, emoji, seq DESC)"
                 " UNION ALL (" REPLIES(IN_RANGE) ") UNION ALL (" REPLIES(IN_LIST) ")";

static void add_row(const struct pg_query *q, uint64_t channel, struct fold *fold)
{
    const struct event event = {
        .channel = channel,
        .seq = pg_query_get_u64(q, 0),
        .kind = (enum event_kind)pg_query_get_u64(q, 1),
        .sender = pg_query_get_u64(q, 2),
        .thread = pg_query_get_u64(q, 3),
        .ts_us = pg_query_get_i64(q, 4),
        .text = pg_query_get_borrowed(q, 5),
    };
    if (event.kind == EVENT_MESSAGE)
        fold_replies(fold, event.thread, pg_query_get_u64(q, 6), event.seq, event.ts_us);
    else
        fold_add(fold, &event);
}

/* Nothing is given to the fold before all rows are here. */
static enum err read_once(struct store_pg *s, uint64_t channel, const struct store_targets *targets,
                          struct fold *fold)
{
    const uint32_t shard = pg_shard_of(channel);
    struct pg_conn *conn;
    const enum err err = pg_shard_ready(s, shard, &conn);
    if (err != ERR_NONE)
        return err;
    struct buf more = {0};
    pg_array_ids(&more, targets->more, targets->more_len);
    struct pg_query q = pg_query_begin(conn, shard, changes_statement);
    pg_query_u64(&q, channel);
    pg_query_u64(&q, targets->first);
    pg_query_u64(&q, targets->last);
    pg_query_slice(&q, buf_slice(&more));
    pg_query_u64(&q, targets->below);
    while (pg_query_row(&q))
        add_row(&q, channel, fold);
    const enum err ended = pg_query_end(&q);
    buf_fini(&more);
    return ended;
}

enum err pg_changes(struct store *store, uint64_t channel, const struct store_targets *targets,
                    struct fold *fold)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = read_once(s, channel, targets, fold);
    if (err == ERR_UNAVAILABLE && pg_shards_moved(s))
        err = read_once(s, channel, targets, fold);
    return err;
}
