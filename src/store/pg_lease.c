/* Blocks of seqs from PostgreSQL. */

#include "store/store_pg.h"

static void read_lease(const struct pg_query *q, uint64_t count, struct store_lease *out)
{
    out->limit = pg_query_get_u64(q, 0);
    out->start = out->limit - count;
    out->last_seq = pg_query_get_u64(q, 1);
    out->last_n = pg_query_get_u64(q, 2);
}

/* ERR_NOT_FOUND: the channel has no head. */
static enum err extend(struct pg_conn *conn, uint64_t channel, uint64_t count,
                       struct store_lease *out)
{
    struct pg_query q = pg_query_begin(conn, pg_shard_of(channel),
                                       "UPDATE @.channel_head"
                                       " SET seq_leased = GREATEST(seq_leased, last_seq) + $2"
                                       " WHERE channel_id = $1"
                                       " RETURNING seq_leased, last_seq, last_n");
    pg_query_u64(&q, channel);
    pg_query_u64(&q, count);
    const bool found = pg_query_row(&q);
    if (found)
        read_lease(&q, count, out);
    return pg_query_end_found(&q, found);
}

/* Others may make the head at the same time. */
static enum err make_head(struct pg_conn *conn, uint64_t channel)
{
    struct pg_query q = pg_query_begin(conn, pg_shard_of(channel),
                                       "INSERT INTO @.channel_head"
                                       " (channel_id, seq_leased, last_seq, last_n)"
                                       " VALUES ($1, 0, 0, 0) ON CONFLICT DO NOTHING");
    pg_query_u64(&q, channel);
    return pg_query_run(&q);
}

/* A lost answer costs nothing but the seqs of its block. */
static enum err lease_once(struct store_pg *s, uint64_t channel, uint64_t count,
                           struct store_lease *out)
{
    struct pg_conn *conn;
    enum err err = pg_shard_ready(s, pg_shard_of(channel), &conn);
    if (err == ERR_NONE)
        err = extend(conn, channel, count, out);
    if (err != ERR_NOT_FOUND)
        return err;
    err = pg_channel_exists(s, channel);
    if (err == ERR_NONE)
        err = make_head(conn, channel);
    return err != ERR_NONE ? err : extend(conn, channel, count, out);
}

enum err pg_lease(struct store *store, uint64_t channel, uint64_t count, struct store_lease *out)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = lease_once(s, channel, count, out);
    if (err == ERR_UNAVAILABLE && pg_shards_moved(s))
        err = lease_once(s, channel, count, out);
    return err;
}
