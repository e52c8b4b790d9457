/* Running SQLite statements, with bound parameters only. */

#include "store/sql.h"

#include <errno.h>

static const struct {
    int code; /* extended, or primary for all of its kind */
    enum err err;
} errs[] = {
    {SQLITE_CONSTRAINT_UNIQUE, ERR_EXISTS},
    {SQLITE_CONSTRAINT_PRIMARYKEY, ERR_EXISTS},
    {SQLITE_CONSTRAINT_FOREIGNKEY, ERR_NOT_FOUND},
    {SQLITE_FULL, ERR_DISK_FULL},
    {SQLITE_IOERR, ERR_IO},
    {SQLITE_CANTOPEN, ERR_IO},
    {SQLITE_PERM, ERR_IO},
    {SQLITE_READONLY, ERR_IO},
    {SQLITE_NOLFS, ERR_IO},
    {SQLITE_CORRUPT, ERR_CORRUPT},
    {SQLITE_NOTADB, ERR_CORRUPT},
    {SQLITE_BUSY, ERR_UNAVAILABLE},
    {SQLITE_LOCKED, ERR_UNAVAILABLE},
    {SQLITE_PROTOCOL, ERR_UNAVAILABLE},
};

/* SQLite takes a full disk for a failed one when it finds out by anything but a write. */
static bool disk_is_full(sqlite3 *db)
{
    const int system = sqlite3_system_errno(db);
    return system == ENOSPC || system == EDQUOT;
}

enum err sql_err(sqlite3 *db, int code)
{
    enum err err = ERR_INTERNAL;
    for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
        if (errs[i].code == code || errs[i].code == (code & 0xff)) {
            err = errs[i].err;
            break;
        }
    }
    return err == ERR_IO && disk_is_full(db) ? ERR_DISK_FULL : err;
}

static void note(struct sql *q, int code)
{
    if (code != SQLITE_OK && q->err == ERR_NONE)
        q->err = sql_err(q->store->db, code);
}

struct sql sql_begin(struct store_sqlite *store, const char *text)
{
    struct sql q = {.store = store};
    const uint64_t key = (uint64_t)(uintptr_t)text;
    q.stmt = map_get(&store->statements, key);
    if (q.stmt == NULL) {
        note(&q, sqlite3_prepare_v3(store->db, text, -1, SQLITE_PREPARE_PERSISTENT, &q.stmt, NULL));
        if (q.stmt != NULL)
            map_put(&store->statements, key, q.stmt);
    }
    assert(!sqlite3_stmt_busy(q.stmt));
    return q;
}

void sql_i64(struct sql *q, int64_t value)
{
    if (q->err == ERR_NONE)
        note(q, sqlite3_bind_int64(q->stmt, ++q->bound, value));
}

void sql_u64(struct sql *q, uint64_t value)
{
    sql_i64(q, (int64_t)value);
}

void sql_text(struct sql *q, struct slice value)
{
    if (q->err == ERR_NONE)
        note(q, sqlite3_bind_text64(q->stmt, ++q->bound, value.ptr, value.len, SQLITE_STATIC,
                                    SQLITE_UTF8));
}

void sql_blob(struct sql *q, const uint8_t *value, size_t len)
{
    if (q->err == ERR_NONE)
        note(q, sqlite3_bind_blob64(q->stmt, ++q->bound, value, len, SQLITE_STATIC));
}

void sql_null(struct sql *q)
{
    if (q->err == ERR_NONE)
        note(q, sqlite3_bind_null(q->stmt, ++q->bound));
}

bool sql_row(struct sql *q)
{
    if (q->err != ERR_NONE)
        return false;
    const int code = sqlite3_step(q->stmt);
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        note(q, code);
    return false;
}

uint64_t sql_get_u64(const struct sql *q, int column)
{
    return (uint64_t)sql_get_i64(q, column);
}

int64_t sql_get_i64(const struct sql *q, int column)
{
    return sqlite3_column_int64(q->stmt, column);
}

bool sql_get_null(const struct sql *q, int column)
{
    return sqlite3_column_type(q->stmt, column) == SQLITE_NULL;
}

size_t sql_get_len(const struct sql *q, int column)
{
    return (size_t)sqlite3_column_bytes(q->stmt, column);
}

struct slice sql_get_borrowed(const struct sql *q, int column)
{
    const void *ptr = sqlite3_column_blob(q->stmt, column); /* NULL when it is empty */
    const size_t len = sql_get_len(q, column);
    return ptr == NULL ? SLICE_EMPTY : slice_from(ptr, len);
}

struct slice sql_get_slice(const struct sql *q, int column, struct arena *arena)
{
    return arena_copy(arena, sql_get_borrowed(q, column));
}

enum err sql_end(struct sql *q)
{
    if (q->stmt != NULL) {
        sqlite3_reset(q->stmt); /* repeats what step said, which is known already */
        sqlite3_clear_bindings(q->stmt);
    }
    return q->err;
}

enum err sql_run(struct sql *q)
{
    const bool row = sql_row(q);
    assert(!row);
    return sql_end(q);
}

void sql_fini(struct store_sqlite *store)
{
    size_t at = 0;
    uint64_t key;
    void *stmt;
    while (map_next(&store->statements, &at, &key, &stmt))
        sqlite3_finalize(stmt);
    map_fini(&store->statements);
}
