#ifndef STORE_SQL_H
#define STORE_SQL_H

/*
 * Sql: one run of one SQLite statement.
 *
 *     struct sql q = sql_begin(s, "SELECT name FROM users WHERE id = ?1");
 *     sql_u64(&q, id);
 *     if (sql_row(&q))
 *         name = sql_get_slice(&q, 0, arena);
 *     return sql_end(&q);
 *
 * The first failure is kept, what follows it does nothing, and sql_end() tells it. Each statement
 * is prepared once per handle and found again by the address of its text, so the text must be a
 * literal. A statement runs once at a time.
 */

#include "store/store_sqlite.h"

struct sql {
    struct store_sqlite *store;
    sqlite3_stmt *stmt;
    enum err err;
    int bound; /* parameters so far */
};

struct sql sql_begin(struct store_sqlite *store, const char *text);

/* The next parameter, ?1 first. Slices and blobs are borrowed until sql_end(). */
void sql_u64(struct sql *q, uint64_t value);
void sql_i64(struct sql *q, int64_t value);
void sql_text(struct sql *q, struct slice value);
void sql_blob(struct sql *q, const uint8_t *value, size_t len);
void sql_null(struct sql *q);

/* Whether there is a (next) row. */
bool sql_row(struct sql *q);

/* Values of the row, columns from 0. NULL is 0 or empty. */
uint64_t sql_get_u64(const struct sql *q, int column);
int64_t sql_get_i64(const struct sql *q, int column);
bool sql_get_null(const struct sql *q, int column);
size_t sql_get_len(const struct sql *q, int column);
struct slice sql_get_slice(const struct sql *q, int column, struct arena *arena);

/* Borrowed until the next row. */
struct slice sql_get_borrowed(const struct sql *q, int column);

/* ERR_EXISTS: a unique index refused a row; ERR_NOT_FOUND: a foreign key did. */
NODISCARD enum err sql_end(struct sql *q);

/* A statement that gives no rows: run it and end. */
NODISCARD enum err sql_run(struct sql *q);

/* Free what was prepared. */
void sql_fini(struct store_sqlite *store);

/* Our word for a result code of SQLite, the last one of `db`. */
enum err sql_err(sqlite3 *db, int code);

#endif
