/* Connections to PostgreSQL: made, watched, given up and made again. */

#include "store/pg_conn.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define NS_PER_MS 1000000u
#define CONNECT_SECONDS "3"
#define PAUSE_FIRST_MS 50u
#define PAUSE_MAX_MS 2000u
#define LOCK_MS 3000u  /* waiting for others' locks */
#define GRACE_MS 1000u /* how much later than the server we give a statement up ourselves */

void pg_conn_init(struct pg_conn *conn, struct slice conninfo, const char *schema,
                  unsigned timeout_ms)
{
    *conn = (struct pg_conn){.schema = schema, .timeout_ms = timeout_ms};
    conn->conninfo = mem_zalloc(conninfo.len + 1);
    memcpy(conn->conninfo, conninfo.ptr, conninfo.len);
}

void pg_conn_drop(struct pg_conn *conn)
{
    PQfinish(conn->pg);
    conn->pg = NULL;
    map_fini(&conn->prepared);
}

void pg_conn_fini(struct pg_conn *conn)
{
    pg_conn_drop(conn);
    mem_free(conn->conninfo);
}

const char *pg_conn_problem(const struct pg_conn *conn)
{
    if (conn->pg != NULL)
        return PQerrorMessage(conn->pg);
    return conn->problem[0] != '\0' ? conn->problem : "the connection broke";
}

/* ---- waiting ---- */

/* Until the next result is there; false: the link is broken or the time is over. */
static bool await(struct pg_conn *conn)
{
    const uint64_t wait_ms = conn->timeout_ms + GRACE_MS;
    const uint64_t end_ns = clock_mono_ns() + wait_ms * NS_PER_MS;
    int unsent = PQflush(conn->pg);
    while (unsent > 0 || (unsent == 0 && PQisBusy(conn->pg) != 0)) {
        const uint64_t now_ns = clock_mono_ns();
        const uint64_t left_ms = now_ns < end_ns ? (end_ns - now_ns) / NS_PER_MS : 0;
        if (conn->timeout_ms != 0 && left_ms == 0)
            return false;
        struct pollfd fd = {PQsocket(conn->pg), POLLIN, 0};
        if (unsent > 0)
            fd.events |= POLLOUT;
        (void)poll(&fd, 1, conn->timeout_ms == 0 ? -1 : (int)left_ms);
        if (PQconsumeInput(conn->pg) == 0)
            return false;
        unsent = PQflush(conn->pg);
    }
    return unsent == 0;
}

PGresult *pg_conn_result(struct pg_conn *conn, enum err *err)
{
    *err = ERR_UNAVAILABLE;
    if (conn->pg == NULL)
        return NULL;
    PGresult *result = await(conn) ? PQgetResult(conn->pg) : NULL;
    if (PQstatus(conn->pg) != CONNECTION_OK || (result == NULL && PQisBusy(conn->pg) != 0)) {
        PQclear(result);
        conn->doubtful = true;
        pg_conn_drop(conn);
        return NULL;
    }
    *err = ERR_NONE;
    return result;
}

/* ---- errors ---- */

static const struct {
    const char *state; /* the beginning of an SQLSTATE */
    enum err err;
    bool moved; /* the shard's tables are not there */
} errs[] = {
    {"23505", ERR_EXISTS, false},    /* unique_violation */
    {"23503", ERR_NOT_FOUND, false}, /* foreign_key_violation */
    {"42P01", ERR_UNAVAILABLE, true} /* undefined_table */,
    {"3F000", ERR_UNAVAILABLE, true},  /* invalid_schema_name */
    {"PM001", ERR_UNAVAILABLE, true},  /* ours: the shard is moving */
    {"53100", ERR_DISK_FULL, false},   /* disk_full */
    {"53", ERR_UNAVAILABLE, false},    /* out of memory, connections */
    {"57", ERR_UNAVAILABLE, true},     /* shutting down, starting, timed out */
    {"55", ERR_UNAVAILABLE, false},    /* lock_not_available */
    {"40", ERR_UNAVAILABLE, false},    /* deadlock, rolled back */
    {"08", ERR_UNAVAILABLE, true},     /* connection lost */
    {"25006", ERR_UNAVAILABLE, false}, /* read_only_sql_transaction: a standby */
    {"58", ERR_IO, false},             /* system_error */
    {"XX001", ERR_CORRUPT, false},     /* data_corrupted */
    {"XX002", ERR_CORRUPT, false},     /* index_corrupted */
};

enum err pg_conn_err(struct pg_conn *conn, const PGresult *result)
{
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK)
        return ERR_NONE;
    const char *field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const struct slice state = slice_str(field == NULL ? "" : field);
    for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
        if (slice_starts(state, slice_str(errs[i].state))) {
            conn->doubtful = conn->doubtful || errs[i].moved;
            return errs[i].err;
        }
    }
    log_error("pg_statement_failed", LOG_SLICE("sqlstate", state),
              LOG_STR("problem", PQresultErrorMessage(result)));
    return ERR_INTERNAL;
}

enum err pg_conn_run(struct pg_conn *conn, const char *text)
{
    if (conn->pg == NULL || PQsendQuery(conn->pg, text) == 0)
        return ERR_UNAVAILABLE;
    enum err first = ERR_NONE;
    for (;;) {
        enum err err;
        PGresult *result = pg_conn_result(conn, &err);
        if (result == NULL)
            return first != ERR_NONE ? first : err;
        if (first == ERR_NONE)
            first = pg_conn_err(conn, result);
        PQclear(result);
    }
}

/* ---- connecting ---- */

/* Whether the server has not hung up since the last use. */
static bool still_open(struct pg_conn *conn)
{
    struct pollfd fd = {PQsocket(conn->pg), POLLIN, 0};
    if (poll(&fd, 1, 0) == 0)
        return true;
    return PQconsumeInput(conn->pg) != 0 && PQstatus(conn->pg) == CONNECTION_OK;
}

/* What the user's conninfo does not say itself comes before it, what we insist on later. */
static PGconn *dial(const char *conninfo)
{
    static const char *const names[] = {
        "connect_timeout",  "fallback_application_name",
        "keepalives_idle",  "keepalives_interval",
        "keepalives_count", "dbname",
        "client_encoding",  NULL,
    };
    const char *const values[] = {CONNECT_SECONDS, "parley", "10", "5", "3",
                                  conninfo,        "UTF8",   NULL};
    return PQconnectdbParams(names, values, 1);
}

static void ignore_notice(void *arg, const PGresult *result)
{
    (void)arg;
    (void)result;
}

static enum err configure(struct pg_conn *conn)
{
    PQsetNoticeReceiver(conn->pg, ignore_notice, NULL);
    if (PQsetnonblocking(conn->pg, 1) != 0)
        return ERR_UNAVAILABLE;
    struct buf text = {0};
    buf_format(&text, "SET statement_timeout = %u; SET lock_timeout = %u", conn->timeout_ms,
               conn->timeout_ms == 0 ? 0 : LOCK_MS);
    if (conn->schema != NULL)
        buf_format(&text, "; SET search_path = %s", conn->schema);
    const enum err err = pg_conn_run(conn, buf_cstr(&text));
    buf_fini(&text);
    return err;
}

/* The first failure in a row is worth a line, but tools tell their user themselves. */
static void note_problem(struct pg_conn *conn)
{
    if (conn->pg != NULL)
        (void)snprintf(conn->problem, sizeof(conn->problem), "%s", PQerrorMessage(conn->pg));
    if (conn->pause_ms == 0 && conn->timeout_ms != 0)
        log_warn("pg_connect_failed", LOG_STR("problem", conn->problem));
}

/*
 * Twice as long each time, and not all at the same moment. A server that does not even refuse costs
 * its callers time: most of theirs is for other servers.
 */
static void put_off(struct pg_conn *conn, uint64_t began_ns)
{
    conn->doubtful = true;
    const uint64_t took_ms = (clock_mono_ns() - began_ns) / NS_PER_MS;
    conn->pause_ms = conn->pause_ms == 0 ? PAUSE_FIRST_MS : conn->pause_ms * 2;
    if (conn->pause_ms > PAUSE_MAX_MS)
        conn->pause_ms = PAUSE_MAX_MS;
    if (conn->pause_ms < 3 * took_ms)
        conn->pause_ms = 3 * took_ms;
    const uint64_t now_ns = clock_mono_ns();
    const uint64_t jitter_ms = now_ns / 1000 % (conn->pause_ms / 2);
    conn->retry_ns = now_ns + (conn->pause_ms - jitter_ms) * NS_PER_MS;
}

enum err pg_conn_ready(struct pg_conn *conn)
{
    if (conn->pg != NULL && still_open(conn))
        return ERR_NONE;
    pg_conn_drop(conn);
    if (clock_mono_ns() < conn->retry_ns)
        return ERR_UNAVAILABLE;

    const uint64_t began_ns = clock_mono_ns();
    conn->pg = dial(conn->conninfo);
    if (PQstatus(conn->pg) != CONNECTION_OK || configure(conn) != ERR_NONE) {
        note_problem(conn);
        pg_conn_drop(conn);
        put_off(conn, began_ns);
        return ERR_UNAVAILABLE;
    }
    conn->pause_ms = 0;
    return ERR_NONE;
}
