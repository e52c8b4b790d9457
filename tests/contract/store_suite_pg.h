#ifndef CONTRACT_STORE_SUITE_PG_H
#define CONTRACT_STORE_SUITE_PG_H

/* A fresh PostgreSQL deployment for each test: set up once, then emptied. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <stdlib.h>

#include "store/fleet.h"

#define assert_ok(call) assert_string_equal(err_name(call), "none")
#define assert_err(call, err) assert_int_equal((call), (err))
#define assert_slice(slice, wanted) assert_true(slice_eq((slice), (wanted)))

/* NULL: this run is not about PostgreSQL. */
static inline const char *suite_pg_directory(void)
{
    return getenv("PARLEY_PG_DIRECTORY");
}

static inline size_t suite_pg_servers(struct arena *arena, struct fleet_server *out)
{
    size_t count = 0;
    assert_true(fleet_servers_parse(slice_str(getenv("PARLEY_PG_SHARDS")), arena, out, &count));
    return count;
}

/* Set up the deployment whose databases have names that end in `suffix`. */
static inline void suite_pg_migrate(const char *suffix)
{
    struct fleet_server servers[FLEET_SERVERS_MAX];
    struct arena arena = {0};
    struct buf problem = {0};
    struct buf urls[FLEET_SERVERS_MAX + 1] = {0};
    const size_t count = suite_pg_servers(&arena, servers);
    for (size_t i = 0; i < count; i++) {
        buf_append(&urls[i], servers[i].conninfo);
        buf_append(&urls[i], slice_str(suffix));
        servers[i].conninfo = buf_slice(&urls[i]);
    }
    buf_format(&urls[count], "%s%s", suite_pg_directory(), suffix);
    const enum err err = fleet_migrate(buf_cstr(&urls[count]), servers, count, &problem);
    if (err != ERR_NONE)
        fail_msg("cannot set the fleet up: %s", buf_cstr(&problem));
    for (size_t i = 0; i <= count; i++)
        buf_fini(&urls[i]);
    buf_fini(&problem);
    arena_fini(&arena);
}

static inline void suite_pg_run(const char *conninfo, const char *text)
{
    PGconn *conn = PQconnectdb(conninfo);
    PGresult *result = PQexec(conn, text);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("cannot empty a database: %s", PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

static inline void suite_pg_fresh(void)
{
    static bool migrated;
    if (!migrated)
        suite_pg_migrate("");
    migrated = true;
    suite_pg_run(suite_pg_directory(),
                 "SET search_path = directory; SET client_min_messages = warning;"
                 " TRUNCATE users, sessions, channels, membership, membership_by_user, aliases,"
                 " invites RESTART IDENTITY; UPDATE ownership SET claimed = false");
    struct fleet_server servers[FLEET_SERVERS_MAX];
    struct arena arena = {0};
    const size_t count = suite_pg_servers(&arena, servers);
    for (size_t i = 0; i < count; i++)
        suite_pg_run(servers[i].conninfo.ptr,
                     "DO $$ DECLARE s text; BEGIN FOR s IN SELECT nspname FROM pg_namespace"
                     " WHERE nspname ~ '^s[0-9][0-9]$' LOOP"
                     " EXECUTE format('DELETE FROM %I.messages', s);"
                     " EXECUTE format('DELETE FROM %I.channel_head', s); END LOOP; END $$");
    arena_fini(&arena);
}

#endif
