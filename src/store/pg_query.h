#ifndef STORE_PG_QUERY_H
#define STORE_PG_QUERY_H

/*
 * Pg query: one run of one prepared PostgreSQL statement, all values binary.
 *
 *     struct pg_query q = pg_query_begin(conn, PG_NO_SHARD, "SELECT name FROM users WHERE id =
 * $1"); pg_query_u64(&q, id); if (pg_query_row(&q)) name = pg_query_get_slice(&q, 0, arena); return
 * pg_query_end(&q);
 *
 * The first failure is kept, what follows it does nothing, and pg_query_end() tells it. Each
 * statement is prepared once per connection and shard and found again by the address of its text,
 * so the text must be a literal; an '@' in it becomes the schema of the shard.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "store/pg_conn.h"

#define PG_PARAMS_MAX 64u
#define PG_NO_SHARD UINT32_MAX

struct pg_query {
    struct pg_conn *conn;
    enum err err;
    bool writes; /* when the answer is lost it is not known whether it happened */
    bool sent;
    const char *text;
    uint32_t shard;
    PGresult *result;
    int row; /* the one to read */
    int params;
    const char *values[PG_PARAMS_MAX];
    int lengths[PG_PARAMS_MAX];
    int formats[PG_PARAMS_MAX];
    uint64_t numbers[PG_PARAMS_MAX]; /* in network order */
};

struct pg_query pg_query_begin(struct pg_conn *conn, uint32_t shard, const char *text);

/* Append `text` with `schema`, a name of ours, where it has an '@'. */
void pg_text_for_schema(struct buf *out, const char *text, const char *schema);

/* The same for a statement that changes something and is not run again by whoever got no answer. */
struct pg_query pg_query_begin_write(struct pg_conn *conn, const char *text);

/* The next parameter, $1 first. Slices and blobs are borrowed until the end, or the sending. */
void pg_query_u64(struct pg_query *q, uint64_t value);
void pg_query_i64(struct pg_query *q, int64_t value);
void pg_query_slice(struct pg_query *q, struct slice value);
void pg_query_blob(struct pg_query *q, const uint8_t *value, size_t len);
void pg_query_null(struct pg_query *q);

/* Whether there is a (next) row; the first call runs the statement. */
bool pg_query_row(struct pg_query *q);

/* Values of the row, columns from 0. NULL is 0 or empty. */
uint64_t pg_query_get_u64(const struct pg_query *q, int column);
int64_t pg_query_get_i64(const struct pg_query *q, int column);
bool pg_query_get_null(const struct pg_query *q, int column);
struct slice pg_query_get_slice(const struct pg_query *q, int column, struct arena *arena);

/* Borrowed until the end. */
struct slice pg_query_get_borrowed(const struct pg_query *q, int column);

/* How many rows there are, of a statement that has run. */
size_t pg_query_rows(const struct pg_query *q);

/* ERR_EXISTS: a unique index refused a row; ERR_NOT_FOUND: a foreign key did. */
NODISCARD enum err pg_query_end(struct pg_query *q);

/* A statement whose rows are of no interest: run it and end. */
NODISCARD enum err pg_query_run(struct pg_query *q);

/* The same for one that looks for, or changes, one thing: ERR_NOT_FOUND unless `found`. */
NODISCARD enum err pg_query_end_found(struct pg_query *q, bool found);

/* ---- several at once, without waiting in between ---- */

/* Prepare the statement, which cannot be done in between. */
NODISCARD enum err pg_query_prepare(struct pg_conn *conn, uint32_t shard, const char *text);

/* Begin a transaction that takes statements without waiting for their results. */
NODISCARD enum err pg_pipe_begin(struct pg_conn *conn);

/* Queue a prepared statement; this is its end as well. */
void pg_pipe_add(struct pg_query *q);

/* Commit, and begin to send all of it. */
void pg_pipe_send(struct pg_conn *conn);

/* Wait until all of it has happened, or none. ERR_UNAVAILABLE also when that is not known. */
NODISCARD enum err pg_pipe_end(struct pg_conn *conn);

#endif
