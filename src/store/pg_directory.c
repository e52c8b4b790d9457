/* Reading from and writing to the directory database, alone or in groups. */

#include "store/store_pg.h"

/* A connection that broke took the group's transaction with it, a failed read spoiled it. */
static enum err group_ready(struct store_pg *s)
{
    const bool lost =
        s->directory.pg == NULL || PQtransactionStatus(s->directory.pg) != PQTRANS_INTRANS;
    if (lost && s->group_err == ERR_NONE)
        s->group_err = ERR_UNAVAILABLE;
    return s->group_err;
}

enum err pg_read_begin(struct store_pg *s)
{
    return s->grouped ? group_ready(s) : pg_conn_ready(&s->directory);
}

enum err pg_write_begin(struct store_pg *s)
{
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE || !s->grouped)
        return err;
    return pg_conn_run(&s->directory, "SAVEPOINT one");
}

enum err pg_write_end(struct store_pg *s, enum err err)
{
    if (!s->grouped)
        return err;
    const char *text = err == ERR_NONE ? "RELEASE one" : "ROLLBACK TO one; RELEASE one";
    const enum err ended = pg_conn_run(&s->directory, text);
    if (ended != ERR_NONE && s->group_err == ERR_NONE)
        s->group_err = ended; /* half a call must not stay in the group */
    return s->group_err != ERR_NONE ? s->group_err : err;
}

enum err pg_group_begin(struct store *store)
{
    struct store_pg *s = store_pg_of(store);
    assert(!s->grouped);
    enum err err = pg_conn_ready(&s->directory);
    if (err == ERR_NONE)
        err = pg_conn_run(&s->directory, "BEGIN");
    s->grouped = err == ERR_NONE;
    s->group_err = ERR_NONE;
    return err;
}

enum err pg_group_end(struct store *store)
{
    struct store_pg *s = store_pg_of(store);
    assert(s->grouped);
    const enum err err = group_ready(s);
    s->grouped = false;
    if (err != ERR_NONE) {
        pg_conn_drop(&s->directory); /* and with it whatever is left of the transaction */
        return err;
    }
    const enum err ended = pg_conn_run(&s->directory, "COMMIT");
    return s->directory.pg == NULL ? ERR_UNCERTAIN : ended;
}
