#ifndef STORE_PG_CONN_H
#define STORE_PG_CONN_H

/*
 * Pg conn: one connection to a PostgreSQL server that comes back by itself. It is made at its first
 * use; while the server cannot be reached attempts are made at growing distances, and in between
 * every use fails at once with ERR_UNAVAILABLE. No wait is longer than its timeout, whatever the
 * server or the network does.
 */

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/map.h"
#include "base/slice.h"

struct pg_conn {
    PGconn *pg;          /* NULL: there is none now */
    char *conninfo;      /* owned */
    const char *schema;  /* where names without one are looked up; NULL: nowhere special */
    unsigned timeout_ms; /* of one statement; 0: none, for tools */
    struct map prepared; /* key of a statement -> anything */
    uint64_t pause_ms;   /* between the last two attempts to connect */
    uint64_t retry_ns;   /* no attempt before */
    char problem[256];   /* of the last attempt that failed */
    bool doubtful;       /* it failed in a way that a shard which has moved away fails */
};

void pg_conn_init(struct pg_conn *conn, struct slice conninfo, const char *schema,
                  unsigned timeout_ms);
void pg_conn_fini(struct pg_conn *conn);

/* Connect unless it is. ERR_UNAVAILABLE. Not inside a transaction. */
NODISCARD enum err pg_conn_ready(struct pg_conn *conn);

/* Run statements of our own without parameters, one after the other. */
NODISCARD enum err pg_conn_run(struct pg_conn *conn, const char *text);

/* End the connection; the next use makes another. */
void pg_conn_drop(struct pg_conn *conn);

/*
 * Send what is queued and wait for the next result; NULL: there is none. When the link breaks or
 * the time is over it is dropped and *err says ERR_UNAVAILABLE. The caller clears the result.
 */
PGresult *pg_conn_result(struct pg_conn *conn, enum err *err);

/* What a result says, as an error of ours. */
NODISCARD enum err pg_conn_err(struct pg_conn *conn, const PGresult *result);

/* Why the last attempt or statement failed, for people; borrowed until the next use. */
const char *pg_conn_problem(const struct pg_conn *conn);

#endif
