/* Looking at the shards of a fleet. */

#include <assert.h>

#include "store/pg_fleet.h"

#define EXACT_ROWS_MAX 1000000u /* counting more would take long */

struct listing {
    struct fleet_shard *shards;
    struct slice conninfos[PG_SHARDS]; /* of the servers where they are */
};

static enum err read_map(struct pg_conn *directory, struct arena *arena, struct listing *listing)
{
    struct pg_query q = pg_query_begin(directory, PG_NO_SHARD,
                                       "SELECT m.shard, m.server, m.state, m.target, m.version,"
                                       "  s.conninfo FROM shard_map m"
                                       " JOIN servers s ON s.name = m.server ORDER BY m.shard");
    size_t count = 0;
    while (pg_query_row(&q) && count < PG_SHARDS) {
        listing->conninfos[count] = pg_query_get_slice(&q, 5, arena);
        listing->shards[count++] = (struct fleet_shard){
            .shard = (uint32_t)pg_query_get_u64(&q, 0),
            .server = pg_query_get_slice(&q, 1, arena),
            .state = pg_query_get_slice(&q, 2, arena),
            .target = pg_query_get_slice(&q, 3, arena),
            .version = pg_query_get_u64(&q, 4),
        };
    }
    const enum err err = pg_query_end(&q);
    return err == ERR_NONE && count != PG_SHARDS ? ERR_NOT_FOUND : err;
}

/* Of all shards that are on a server: what it estimates, and what they take. */
static enum err read_sizes(struct pg_conn *conn, struct listing *listing, const bool on[PG_SHARDS])
{
    struct pg_query q = pg_query_begin(
        conn, PG_NO_SHARD,
        "SELECT substr(n.nspname, 2)::int, GREATEST(max(c.reltuples)::int8, 0),"
        "  sum(pg_total_relation_size(c.oid))::int8"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname ~ '^s[0-9][0-9]$' AND c.relname IN ('messages', 'channel_head')"
        " GROUP BY n.nspname");
    while (pg_query_row(&q)) {
        const uint64_t shard = pg_query_get_u64(&q, 0);
        if (shard >= PG_SHARDS || !on[shard])
            continue;
        listing->shards[shard].rows = pg_query_get_u64(&q, 1);
        listing->shards[shard].size_bytes = pg_query_get_u64(&q, 2);
        listing->shards[shard].known = true;
    }
    return pg_query_end(&q);
}

static enum err count_rows(struct pg_conn *conn, struct fleet_shard *shard)
{
    if (shard->rows > EXACT_ROWS_MAX)
        return ERR_NONE;
    struct pg_query q = pg_query_begin(conn, shard->shard, "SELECT count(*) FROM @.messages");
    shard->exact = pg_query_row(&q);
    if (shard->exact)
        shard->rows = pg_query_get_u64(&q, 0);
    return pg_query_end(&q);
}

/* A server that cannot be reached leaves its shards unknown. */
static void read_server(struct listing *listing, size_t first, struct buf *problem)
{
    bool on[PG_SHARDS];
    for (size_t i = 0; i < PG_SHARDS; i++)
        on[i] = slice_eq(listing->shards[i].server, listing->shards[first].server);
    struct pg_conn conn;
    const char *name = listing->shards[first].server.ptr;
    enum err err = pg_fleet_connect(&conn, listing->conninfos[first], NULL, name, problem);
    if (err == ERR_NONE)
        err = read_sizes(&conn, listing, on);
    for (size_t i = 0; i < PG_SHARDS && err == ERR_NONE; i++) {
        if (on[i] && listing->shards[i].known)
            err = count_rows(&conn, &listing->shards[i]);
    }
    if (err != ERR_NONE)
        pg_fleet_explain(&conn, name, problem);
    pg_conn_fini(&conn);
}

static bool seen_before(const struct listing *listing, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (slice_eq(listing->shards[i].server, listing->shards[at].server))
            return true;
    }
    return false;
}

enum err fleet_list(const char *directory, struct arena *arena,
                    struct fleet_shard out[FLEET_SHARDS], struct buf *problem)
{
    struct listing listing = {.shards = out};
    struct pg_conn conn;
    const char *what = "the directory database";
    enum err err =
        pg_fleet_connect(&conn, slice_str(directory), PG_DIRECTORY_SCHEMA, what, problem);
    if (err == ERR_NONE)
        err = read_map(&conn, arena, &listing);
    if (err != ERR_NONE)
        pg_fleet_explain(&conn, what, problem);
    pg_conn_fini(&conn);
    for (size_t i = 0; i < PG_SHARDS && err == ERR_NONE; i++) {
        if (!seen_before(&listing, i))
            read_server(&listing, i, problem);
    }
    return err;
}
