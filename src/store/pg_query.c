/* Running PostgreSQL statements, with bound parameters only. */

#include "store/pg_query.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#define BINARY 1

/* ---- statements ---- */

/* Texts live in the lower half of the address space, so that its top byte is free. */
static uint64_t statement_key(uint32_t shard, const char *text)
{
    const uint64_t address = (uint64_t)(uintptr_t)text;
    assert(address >> 56 == 0);
    return address | ((uint64_t)(shard == PG_NO_SHARD ? 0 : shard + 1) << 56);
}

static void statement_name(uint64_t key, struct buf *out)
{
    buf_format(out, "p%llx", (unsigned long long)key);
}

void pg_text_for_schema(struct buf *out, const char *text, const char *schema)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '@')
            buf_append(out, slice_str(schema));
        else
            buf_byte(out, *c);
    }
}

static void statement_text(uint32_t shard, const char *text, struct buf *out)
{
    struct buf schema = {0};
    buf_format(&schema, "s%02u", shard);
    pg_text_for_schema(out, text, buf_cstr(&schema));
    buf_fini(&schema);
}

enum err pg_query_prepare(struct pg_conn *conn, uint32_t shard, const char *text)
{
    const uint64_t key = statement_key(shard, text);
    if (map_get(&conn->prepared, key) != NULL)
        return ERR_NONE;
    struct buf name = {0};
    struct buf full = {0};
    statement_name(key, &name);
    statement_text(shard, text, &full);
    enum err err = ERR_UNAVAILABLE;
    if (conn->pg != NULL &&
        PQsendPrepare(conn->pg, buf_cstr(&name), buf_cstr(&full), 0, NULL) != 0) {
        enum err waited;
        PGresult *result = pg_conn_result(conn, &waited);
        err = result == NULL ? waited : pg_conn_err(conn, result);
        for (; result != NULL; result = pg_conn_result(conn, &waited))
            PQclear(result);
        if (err == ERR_NONE)
            err = waited;
    }
    if (err == ERR_NONE)
        map_put(&conn->prepared, key, conn);
    buf_fini(&name);
    buf_fini(&full);
    return err;
}

struct pg_query pg_query_begin(struct pg_conn *conn, uint32_t shard, const char *text)
{
    return (struct pg_query){.conn = conn, .shard = shard, .text = text, .row = -1};
}

struct pg_query pg_query_begin_write(struct pg_conn *conn, const char *text)
{
    struct pg_query q = pg_query_begin(conn, PG_NO_SHARD, text);
    q.writes = true;
    return q;
}

/* ---- parameters ---- */

static void bind(struct pg_query *q, const char *value, size_t len)
{
    assert((unsigned)q->params < PG_PARAMS_MAX);
    assert(len <= INT32_MAX);
    q->values[q->params] = value;
    q->formats[q->params] = BINARY;
    q->lengths[q->params++] = (int)len;
}

void pg_query_u64(struct pg_query *q, uint64_t value)
{
    uint64_t *number = &q->numbers[q->params];
    *number = htobe64(value);
    bind(q, (const char *)number, sizeof(*number));
}

void pg_query_i64(struct pg_query *q, int64_t value)
{
    pg_query_u64(q, (uint64_t)value);
}

void pg_query_slice(struct pg_query *q, struct slice value)
{
    bind(q, value.ptr, value.len);
}

void pg_query_blob(struct pg_query *q, const uint8_t *value, size_t len)
{
    bind(q, (const char *)value, len);
}

void pg_query_null(struct pg_query *q)
{
    bind(q, NULL, 0);
}

/* ---- running ---- */

static bool send_prepared(struct pg_query *q)
{
    struct buf name = {0};
    statement_name(statement_key(q->shard, q->text), &name);
    q->sent = PQsendQueryPrepared(q->conn->pg, buf_cstr(&name), q->params, q->values, q->lengths,
                                  q->formats, BINARY) != 0;
    buf_fini(&name);
    return q->sent;
}

static void run(struct pg_query *q)
{
    q->err = pg_query_prepare(q->conn, q->shard, q->text);
    if (q->err != ERR_NONE)
        return;
    if (!send_prepared(q)) {
        q->err = ERR_UNAVAILABLE;
        pg_conn_drop(q->conn);
        return;
    }
    q->result = pg_conn_result(q->conn, &q->err);
    if (q->result == NULL && q->err == ERR_NONE)
        q->err = ERR_INTERNAL;
    if (q->result == NULL)
        return;
    q->err = pg_conn_err(q->conn, q->result);
    enum err err;
    for (PGresult *rest = pg_conn_result(q->conn, &err); rest != NULL;
         rest = pg_conn_result(q->conn, &err))
        PQclear(rest);
}

bool pg_query_row(struct pg_query *q)
{
    if (q->row < 0 && q->err == ERR_NONE)
        run(q);
    if (q->err != ERR_NONE)
        return false;
    q->row++;
    return q->row < PQntuples(q->result);
}

size_t pg_query_rows(const struct pg_query *q)
{
    return q->err == ERR_NONE ? (size_t)PQntuples(q->result) : 0;
}

/* ---- values ---- */

bool pg_query_get_null(const struct pg_query *q, int column)
{
    return PQgetisnull(q->result, q->row, column) != 0;
}

struct slice pg_query_get_borrowed(const struct pg_query *q, int column)
{
    return slice_from(PQgetvalue(q->result, q->row, column),
                      (size_t)PQgetlength(q->result, q->row, column));
}

/* Of smallint, integer and bigint. */
int64_t pg_query_get_i64(const struct pg_query *q, int column)
{
    const struct slice value = pg_query_get_borrowed(q, column);
    assert(value.len <= sizeof(uint64_t));
    uint64_t bits = value.len > 0 && (value.ptr[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < value.len; i++)
        bits = bits << 8 | (uint8_t)value.ptr[i];
    return (int64_t)bits;
}

uint64_t pg_query_get_u64(const struct pg_query *q, int column)
{
    return (uint64_t)pg_query_get_i64(q, column);
}

struct slice pg_query_get_slice(const struct pg_query *q, int column, struct arena *arena)
{
    return arena_copy(arena, pg_query_get_borrowed(q, column));
}

/* ---- the end ---- */

enum err pg_query_end(struct pg_query *q)
{
    PQclear(q->result);
    q->result = NULL;
    const bool lost = q->sent && q->conn->pg == NULL;
    return lost && q->writes ? ERR_UNCERTAIN : q->err;
}

enum err pg_query_run(struct pg_query *q)
{
    (void)pg_query_row(q);
    return pg_query_end(q);
}

enum err pg_query_end_found(struct pg_query *q, bool found)
{
    const enum err err = pg_query_end(q);
    return err == ERR_NONE && !found ? ERR_NOT_FOUND : err;
}

/* ---- several at once ---- */

/* No statement of the simple protocol may be in a pipeline. */
static void queue_text(struct pg_conn *conn, const char *text)
{
    if (conn->pg != NULL &&
        PQsendQueryParams(conn->pg, text, 0, NULL, NULL, NULL, NULL, BINARY) == 0)
        pg_conn_drop(conn);
}

enum err pg_pipe_begin(struct pg_conn *conn)
{
    if (conn->pg == NULL || PQenterPipelineMode(conn->pg) == 0)
        return ERR_UNAVAILABLE;
    queue_text(conn, "BEGIN");
    return ERR_NONE;
}

void pg_pipe_add(struct pg_query *q)
{
    if (q->conn->pg != NULL && !send_prepared(q))
        pg_conn_drop(q->conn);
}

void pg_pipe_send(struct pg_conn *conn)
{
    queue_text(conn, "COMMIT");
    if (conn->pg != NULL && PQpipelineSync(conn->pg) == 0)
        pg_conn_drop(conn);
}

/* A failed statement leaves its transaction open, and those behind it undone. */
static enum err leave(struct pg_conn *conn, enum err err)
{
    if (PQexitPipelineMode(conn->pg) == 0) {
        pg_conn_drop(conn);
        return ERR_UNAVAILABLE;
    }
    if (PQtransactionStatus(conn->pg) != PQTRANS_IDLE && pg_conn_run(conn, "ROLLBACK") != ERR_NONE)
        pg_conn_drop(conn);
    return err;
}

enum err pg_pipe_end(struct pg_conn *conn)
{
    enum err first = ERR_NONE;
    for (;;) {
        enum err err;
        PGresult *result = pg_conn_result(conn, &err);
        if (err != ERR_NONE)
            return err;
        const ExecStatusType status = result == NULL ? PGRES_COMMAND_OK : PQresultStatus(result);
        if (first == ERR_NONE && result != NULL && status != PGRES_PIPELINE_SYNC)
            first = pg_conn_err(conn, result);
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC)
            return leave(conn, first);
    }
}
