/* What changes were made to messages, from SQLite. */

#include "model/fold.h"
#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_txn.h"

struct span {
    uint64_t first;
    uint64_t last;
    uint64_t below;
};

static void bind_span(struct sql *q, uint64_t channel, struct span span)
{
    sql_u64(q, channel);
    sql_u64(q, span.first);
    sql_u64(q, span.last);
    sql_u64(q, span.below);
}

static enum err read_replies(struct store_sqlite *s, uint64_t channel, struct span span,
                             struct fold *fold)
{
    struct sql q =
        sql_begin(s, "SELECT thread, count(*), max(seq), max(ts_us) FROM messages"
                     " WHERE channel_id = ?1 AND thread <> 0 AND thread BETWEEN ?2 AND ?3"
                     "   AND kind = 1 AND seq < ?4 GROUP BY thread");
    bind_span(&q, channel, span);
    while (sql_row(&q))
        fold_replies(fold, sql_get_u64(&q, 0), sql_get_u64(&q, 1), sql_get_u64(&q, 2),
                     sql_get_i64(&q, 3));
    return sql_end(&q);
}

/* The newest first, so that the text of an older edit is not copied. */
static enum err read_changes(struct store_sqlite *s, uint64_t channel, struct span span,
                             struct fold *fold)
{
    struct sql q = sql_begin(
        s, "SELECT seq, kind, sender_id, thread, ts_us, text FROM messages"
           " WHERE channel_id = ?1 AND thread <> 0 AND thread BETWEEN ?2 AND ?3"
           "   AND kind BETWEEN 5 AND 8 AND seq < ?4 ORDER BY thread DESC, kind DESC, seq DESC");
    bind_span(&q, channel, span);
    while (sql_row(&q)) {
        const struct event change = {
            .channel = channel,
            .seq = sql_get_u64(&q, 0),
            .kind = (enum event_kind)sql_get_u64(&q, 1),
            .sender = sql_get_u64(&q, 2),
            .thread = sql_get_u64(&q, 3),
            .ts_us = sql_get_i64(&q, 4),
            .text = sql_get_borrowed(&q, 5),
        };
        fold_add(fold, &change);
    }
    return sql_end(&q);
}

static enum err read_span(struct store_sqlite *s, uint64_t channel, struct span span,
                          struct fold *fold)
{
    const enum err err = read_replies(s, channel, span, fold);
    return err != ERR_NONE ? err : read_changes(s, channel, span, fold);
}

enum err sqlite_changes(struct store *store, uint64_t channel, const struct store_targets *targets,
                        struct fold *fold)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_read_begin(s);
    if (err != ERR_NONE)
        return err;
    if (targets->first <= targets->last)
        err = read_span(s, channel, (struct span){targets->first, targets->last, targets->below},
                        fold);
    for (size_t i = 0; i < targets->more_len && err == ERR_NONE; i++)
        err = read_span(s, channel,
                        (struct span){targets->more[i], targets->more[i], targets->below}, fold);
    return sqlite_read_end(s, err);
}
