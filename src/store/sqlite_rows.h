#ifndef STORE_SQLITE_ROWS_H
#define STORE_SQLITE_ROWS_H

/* How the files of the SQLite driver read the rows that more than one of them needs. */

#include "store/sql.h"

/* End a query that looked for one thing: ERR_NOT_FOUND unless `found`. */
NODISCARD static inline enum err sqlite_found(struct sql *q, bool found)
{
    const enum err err = sql_end(q);
    return err == ERR_NONE && !found ? ERR_NOT_FOUND : err;
}

/* Run a statement that changes one row: ERR_NOT_FOUND when there was none. */
NODISCARD static inline enum err sqlite_changed(struct sql *q)
{
    const enum err err = sql_run(q);
    return err == ERR_NONE && sqlite3_changes(q->store->db) == 0 ? ERR_NOT_FOUND : err;
}

/* From the columns of SQLITE_USER_COLUMNS, of the table `u`. */
#define SQLITE_USER_COLUMNS                                                                        \
    "u.id, u.name, u.display_name, u.role, u.active, u.status_text, u.status_emoji"
#define SQLITE_USER_COLUMNS_LEN 7
struct user sqlite_read_user(const struct sql *q, struct arena *arena);

/* All rows of such a query, at most `limit`, and its end. */
NODISCARD enum err sqlite_read_users(struct sql *q, size_t limit, struct arena *arena,
                                     struct store_users *out);

/* From these columns. */
#define SQLITE_EVENT_COLUMNS "seq, prev, n, kind, sender_id, thread, ts_us, cmid, text"
struct event sqlite_read_event(const struct sql *q, uint64_t channel, struct arena *arena);

/* The other way: the start of an INSERT, and its parameters. */
#define SQLITE_INSERT_EVENT                                                                        \
    "INSERT INTO messages (channel_id, seq, prev, n, kind, sender_id, thread, ts_us, cmid, text)"  \
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
void sqlite_bind_event(struct sql *q, const struct event *event);

/* One row in each of the two tables of members; the read marker stands at the newest event. */
NODISCARD enum err sqlite_insert_member(struct store_sqlite *s, uint64_t channel, uint64_t user,
                                        int64_t now_us);

#endif
