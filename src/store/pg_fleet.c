/* Setting up the databases of a fleet. */

#include "store/pg_fleet.h"

#include <assert.h>
#include <stdio.h>

#include "base/mem.h"

#define NAME_MAX_BYTES 63u

/* ---- what the tools share ---- */

void pg_fleet_explain(const struct pg_conn *conn, const char *what, struct buf *problem)
{
    if (problem->len > 0)
        return;
    buf_format(problem, "%s: %s", what, pg_conn_problem(conn));
    while (problem->len > 0 && problem->ptr[problem->len - 1] == '\n')
        problem->len--;
}

void pg_fleet_explain_broken(const struct pg_conn *conn, const char *what, struct buf *problem)
{
    const bool used = conn->conninfo != NULL;
    if (used && (conn->pg == NULL || PQerrorMessage(conn->pg)[0] != '\0'))
        pg_fleet_explain(conn, what, problem);
}

enum err pg_fleet_connect(struct pg_conn *conn, struct slice conninfo, const char *schema,
                          const char *what, struct buf *problem)
{
    pg_conn_init(conn, conninfo, schema, 0);
    const enum err err = pg_conn_ready(conn);
    if (err != ERR_NONE)
        pg_fleet_explain(conn, what, problem);
    return err;
}

struct pg_schema_name pg_schema_of(uint32_t shard, const char *suffix)
{
    struct pg_schema_name name;
    const int len = snprintf(name.text, sizeof(name.text), "s%02u%s", shard, suffix);
    assert(len > 0 && (size_t)len < sizeof(name.text));
    return name;
}

enum err pg_fleet_run(struct pg_conn *conn, uint32_t shard, const char *text)
{
    struct buf full = {0};
    pg_text_for_schema(&full, text, pg_schema_of(shard, "").text);
    const enum err err = pg_conn_run(conn, buf_cstr(&full));
    buf_fini(&full);
    if (err != ERR_NONE && conn->pg != NULL && PQtransactionStatus(conn->pg) != PQTRANS_IDLE)
        err_ignore(pg_conn_run(conn, "ROLLBACK")); /* what failed is told */
    return err;
}

enum err pg_fleet_has_schema(struct pg_conn *conn, uint32_t shard, const char *suffix, bool *out)
{
    const struct pg_schema_name name = pg_schema_of(shard, suffix);
    struct pg_query q =
        pg_query_begin(conn, PG_NO_SHARD, "SELECT 1 FROM pg_namespace WHERE nspname = $1::text");
    pg_query_slice(&q, slice_str(name.text));
    const bool found = pg_query_row(&q);
    const enum err err = pg_query_end(&q);
    if (err == ERR_NONE)
        *out = found;
    return err;
}

/* ---- servers ---- */

static bool name_valid(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '-')
            return false;
    }
    return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

bool fleet_servers_parse(struct slice text, struct arena *arena, struct fleet_server *out,
                         size_t *count)
{
    bool more = text.len > 0;
    for (*count = 0; more; (*count)++) {
        struct slice one = text;
        struct slice name;
        struct slice conninfo;
        more = slice_cut(text, ',', &one, &text);
        if (*count == FLEET_SERVERS_MAX || !slice_cut(one, '=', &name, &conninfo) ||
            !name_valid(name) || conninfo.len == 0)
            return false;
        out[*count] = (struct fleet_server){arena_copy(arena, name), arena_copy(arena, conninfo)};
    }
    return true;
}

/* Known ones get the address that they have now. */
static enum err write_server(struct pg_conn *directory, const struct fleet_server *server)
{
    struct pg_query q =
        pg_query_begin(directory, PG_NO_SHARD,
                       "INSERT INTO servers (name, conninfo) VALUES ($1, $2)"
                       " ON CONFLICT (name) DO UPDATE SET conninfo = EXCLUDED.conninfo");
    pg_query_slice(&q, server->name);
    pg_query_slice(&q, server->conninfo);
    return pg_query_run(&q);
}

/* Shard by shard to one server after the other. */
static enum err spread_shards(struct pg_conn *directory, const struct fleet_server *servers,
                              size_t count)
{
    enum err err = ERR_NONE;
    for (uint32_t shard = 0; shard < PG_SHARDS && err == ERR_NONE; shard++) {
        struct pg_query q = pg_query_begin(directory, PG_NO_SHARD,
                                           "INSERT INTO shard_map (shard, server, state, version)"
                                           " VALUES ($1::int8, $2, 'active', 1)");
        pg_query_u64(&q, shard);
        pg_query_slice(&q, servers[shard % count].name);
        err = pg_query_run(&q);
    }
    return err;
}

static enum err count_shards(struct pg_conn *directory, uint64_t *count)
{
    struct pg_query q = pg_query_begin(directory, PG_NO_SHARD, "SELECT count(*) FROM shard_map");
    if (pg_query_row(&q))
        *count = pg_query_get_u64(&q, 0);
    return pg_query_end(&q);
}

/* The map comes into being in one transaction. */
static enum err write_map(struct pg_conn *directory, const struct fleet_server *servers,
                          size_t count, struct buf *problem)
{
    uint64_t shards = 0;
    enum err err = pg_conn_run(directory, "BEGIN");
    for (size_t i = 0; i < count && err == ERR_NONE; i++)
        err = write_server(directory, &servers[i]);
    if (err == ERR_NONE)
        err = count_shards(directory, &shards);
    if (err == ERR_NONE && shards == 0 && count == 0) {
        buf_append(problem, SLICE("the first time it must be said where the shards are to be"));
        return ERR_INVALID;
    }
    if (err == ERR_NONE && shards == 0)
        err = spread_shards(directory, servers, count);
    if (err == ERR_NONE)
        err = pg_conn_run(directory, "COMMIT");
    if (err != ERR_NONE)
        pg_fleet_explain(directory, "the directory database", problem);
    return err;
}

/* ---- shards ---- */

static enum err migrate_server(const struct fleet_server *server, const bool holds[PG_SHARDS],
                               struct buf *problem)
{
    struct pg_conn conn;
    enum err err = pg_fleet_connect(&conn, server->conninfo, NULL, server->name.ptr, problem);
    for (uint32_t shard = 0; shard < PG_SHARDS && err == ERR_NONE; shard++) {
        if (holds[shard])
            err = pg_schema_migrate_shard(&conn, pg_schema_of(shard, "").text);
    }
    if (err != ERR_NONE)
        pg_fleet_explain(&conn, server->name.ptr, problem);
    pg_conn_fini(&conn);
    return err;
}

/* Each server with what it holds. */
static enum err migrate_shards(struct pg_conn *directory, struct arena *arena, struct buf *problem)
{
    struct fleet_server servers[PG_SHARDS];
    bool holds[PG_SHARDS][PG_SHARDS] = {0};
    size_t count = 0;
    struct pg_query q = pg_query_begin(directory, PG_NO_SHARD,
                                       "SELECT m.shard, s.name, s.conninfo FROM shard_map m"
                                       " JOIN servers s ON s.name = m.server"
                                       " ORDER BY s.name, m.shard");
    while (pg_query_row(&q)) {
        const struct slice name = pg_query_get_borrowed(&q, 1);
        if (count == 0 || !slice_eq(servers[count - 1].name, name)) {
            servers[count].name = arena_copy(arena, name);
            servers[count++].conninfo = pg_query_get_slice(&q, 2, arena);
        }
        holds[count - 1][pg_query_get_u64(&q, 0) % PG_SHARDS] = true;
    }
    enum err err = pg_query_end(&q);
    for (size_t i = 0; i < count && err == ERR_NONE; i++)
        err = migrate_server(&servers[i], holds[i], problem);
    return err;
}

static enum err set_up(struct pg_conn *directory, const struct fleet_server *servers, size_t count,
                       struct buf *problem)
{
    struct buf lock = {0};
    buf_format(&lock, "SELECT pg_advisory_lock(%d)", PG_LOCK_SETUP);
    enum err err = pg_conn_run(directory, buf_cstr(&lock));
    buf_fini(&lock);
    if (err == ERR_NONE)
        err = pg_schema_migrate_directory(directory);
    if (err == ERR_FORBIDDEN)
        buf_append(problem, SLICE("a newer Parley has been here: run that one"));
    if (err != ERR_NONE) {
        pg_fleet_explain(directory, "the directory database", problem);
        return err;
    }
    struct arena arena = {0};
    err = write_map(directory, servers, count, problem);
    if (err == ERR_NONE)
        err = migrate_shards(directory, &arena, problem);
    arena_fini(&arena);
    return err;
}

enum err fleet_migrate(const char *directory, const struct fleet_server *servers, size_t count,
                       struct buf *problem)
{
    struct pg_conn conn;
    enum err err = pg_fleet_connect(&conn, slice_str(directory), PG_DIRECTORY_SCHEMA,
                                    "the directory database", problem);
    if (err == ERR_NONE)
        err = set_up(&conn, servers, count, problem);
    pg_conn_fini(&conn); /* and with it the lock */
    return err;
}
