/* Aliases in SQLite. */

#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_txn.h"

enum err sqlite_alias_get(struct store *store, struct slice alias, uint64_t *id)
{
    struct sql q = sql_begin(store_sqlite_of(store), "SELECT id FROM aliases WHERE alias = ?1");
    sql_text(&q, alias);
    const bool found = sql_row(&q);
    if (found)
        *id = sql_get_u64(&q, 0);
    return sqlite_found(&q, found);
}

enum err sqlite_alias_put(struct store *store, struct slice alias, uint64_t id)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct sql q = sql_begin(s, "INSERT INTO aliases (alias, id) VALUES (?1, ?2)");
    sql_text(&q, alias);
    sql_u64(&q, id);
    return sqlite_write_end(s, sql_run(&q));
}
