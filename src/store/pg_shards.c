/* Where the shards are, and the connections to their servers. */

#include "base/mem.h"
#include "store/store_pg.h"

/* ---- servers ---- */

static struct pg_server *find_server(struct store_pg *s, struct slice conninfo)
{
    for (size_t i = 0; i < s->servers_len; i++) {
        if (slice_eq(slice_str(s->servers[i]->conn.conninfo), conninfo))
            return s->servers[i];
    }
    return NULL;
}

static struct pg_server *add_server(struct store_pg *s, struct slice conninfo)
{
    struct pg_server *server = mem_zalloc(sizeof(*server));
    pg_conn_init(&server->conn, conninfo, NULL, PG_TIMEOUT_MS);
    s->servers = mem_realloc_array(s->servers, s->servers_len + 1, sizeof(struct pg_server *));
    s->servers[s->servers_len++] = server;
    return server;
}

static void free_server(struct pg_server *server)
{
    pg_conn_fini(&server->conn);
    buf_fini(&server->heads);
    mem_free(server);
}

void pg_map_fini(struct store_pg *s)
{
    for (size_t i = 0; i < s->servers_len; i++)
        free_server(s->servers[i]);
    mem_free(s->servers);
}

/* ---- the map ---- */

static bool holds_any(const struct pg_server *server)
{
    for (size_t i = 0; i < PG_SHARDS; i++) {
        if (server->holds[i])
            return true;
    }
    return false;
}

/* Take the map over; a server whose shards change begins anew, with other statements. */
static bool adopt(struct store_pg *s, struct pg_server *const by_shard[PG_SHARDS])
{
    const bool changed = memcmp(s->by_shard, by_shard, sizeof(s->by_shard)) != 0;
    memcpy(s->by_shard, by_shard, sizeof(s->by_shard));
    size_t kept = 0;
    for (size_t i = 0; i < s->servers_len; i++) {
        struct pg_server *server = s->servers[i];
        bool holds[PG_SHARDS];
        for (size_t shard = 0; shard < PG_SHARDS; shard++)
            holds[shard] = by_shard[shard] == server;
        if (memcmp(holds, server->holds, sizeof(holds)) != 0) {
            memcpy(server->holds, holds, sizeof(holds));
            pg_conn_drop(&server->conn);
            pg_heads_write_statement(holds, &server->heads);
        }
        if (holds_any(server))
            s->servers[kept++] = server;
        else
            free_server(server);
    }
    s->servers_len = kept;
    return changed;
}

enum err pg_map_load(struct store_pg *s, bool *changed)
{
    enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT m.shard, s.conninfo FROM shard_map m"
                                       " JOIN servers s ON s.name = m.server"
                                       " ORDER BY m.shard");
    struct pg_server *by_shard[PG_SHARDS] = {0};
    size_t count = 0;
    while (pg_query_row(&q)) {
        const struct slice conninfo = pg_query_get_borrowed(&q, 1);
        struct pg_server *server = find_server(s, conninfo);
        by_shard[pg_query_get_u64(&q, 0) % PG_SHARDS] =
            server != NULL ? server : add_server(s, conninfo);
        count++;
    }
    err = pg_query_end(&q);
    if (err == ERR_NONE && count != PG_SHARDS)
        err = ERR_NOT_FOUND; /* not set up to the end */
    if (err == ERR_NONE)
        *changed = adopt(s, by_shard);
    return err;
}

enum err pg_shard_ready(struct store_pg *s, uint32_t shard, struct pg_conn **out)
{
    *out = &s->by_shard[shard]->conn;
    return pg_conn_ready(*out);
}

bool pg_shards_moved(struct store_pg *s)
{
    bool doubtful = false;
    for (size_t i = 0; i < s->servers_len; i++) {
        doubtful = doubtful || s->servers[i]->conn.doubtful;
        s->servers[i]->conn.doubtful = false;
    }
    bool changed = false;
    return doubtful && pg_map_load(s, &changed) == ERR_NONE && changed;
}
