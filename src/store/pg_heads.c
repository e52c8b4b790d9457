/* The heads of many channels, from all shards at once. */

#include "base/mem.h"
#include "store/pg_arrays.h"
#include "store/store_pg.h"

void pg_heads_write_statement(const bool holds[PG_SHARDS], struct buf *out)
{
    unsigned param = 0;
    buf_clear(out);
    for (unsigned shard = 0; shard < PG_SHARDS; shard++) {
        if (!holds[shard])
            continue;
        if (param > 0)
            buf_append(out, SLICE(" UNION ALL "));
        buf_format(out,
                   "SELECT channel_id, last_seq, last_n FROM s%02u.channel_head"
                   " WHERE channel_id = ANY ($%u::int8[])",
                   shard, ++param);
    }
}

/* The channels of one shard. */
static void write_channels(struct buf *out, const struct pg_head *heads, size_t count,
                           uint32_t shard)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += pg_shard_of(heads[i].channel) == shard ? 1 : 0;
    pg_array_begin(out, PG_INT8, len);
    for (size_t i = 0; i < count; i++) {
        if (pg_shard_of(heads[i].channel) == shard)
            pg_array_u64(out, heads[i].channel);
    }
}

/* One parameter for each shard that the server holds. */
static enum err ask(struct pg_server *server, struct buf arrays[PG_SHARDS],
                    const struct map *by_channel)
{
    enum err err = pg_conn_ready(&server->conn);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&server->conn, PG_NO_SHARD, buf_cstr(&server->heads));
    for (size_t shard = 0; shard < PG_SHARDS; shard++) {
        if (server->holds[shard])
            pg_query_slice(&q, buf_slice(&arrays[shard]));
    }
    while (pg_query_row(&q)) {
        struct pg_head *head = map_get(by_channel, pg_query_get_u64(&q, 0));
        assert(head != NULL);
        head->last_seq = pg_query_get_u64(&q, 1);
        head->last_n = pg_query_get_u64(&q, 2);
    }
    return pg_query_end(&q);
}

/* Ask one server for those of its channels that are not known yet. */
static enum err read_server(struct pg_server *server, struct pg_head *heads, size_t count)
{
    struct buf arrays[PG_SHARDS] = {0};
    for (uint32_t shard = 0; shard < PG_SHARDS; shard++) {
        if (server->holds[shard])
            write_channels(&arrays[shard], heads, count, shard);
    }
    struct map by_channel = {0};
    for (size_t i = 0; i < count; i++)
        map_put(&by_channel, heads[i].channel, &heads[i]);
    const enum err err = ask(server, arrays, &by_channel);
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        if (server->holds[pg_shard_of(heads[i].channel)])
            heads[i].known = true;
    }
    map_fini(&by_channel);
    for (size_t shard = 0; shard < PG_SHARDS; shard++)
        buf_fini(&arrays[shard]);
    return err;
}

static bool lacks_some(const struct pg_server *server, const struct pg_head *heads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!heads[i].known && server->holds[pg_shard_of(heads[i].channel)])
            return true;
    }
    return false;
}

/* ERR_UNAVAILABLE: at least one of the servers is; the others have been asked. */
static enum err read_servers(struct store_pg *s, struct pg_head *heads, size_t count)
{
    enum err result = ERR_NONE;
    for (size_t i = 0; i < s->servers_len; i++) {
        if (!lacks_some(s->servers[i], heads, count))
            continue;
        const enum err err = read_server(s->servers[i], heads, count);
        if (err != ERR_NONE && err != ERR_UNAVAILABLE)
            return err;
        if (err != ERR_NONE)
            result = err;
    }
    return result;
}

enum err pg_heads_read(struct store_pg *s, struct pg_head *heads, size_t count)
{
    enum err err = read_servers(s, heads, count);
    if (err == ERR_UNAVAILABLE && pg_shards_moved(s))
        err = read_servers(s, heads, count);
    return err == ERR_UNAVAILABLE ? ERR_NONE : err;
}
