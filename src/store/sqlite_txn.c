/* Transactions: writing in turns, reading in peace. */

#include "store/sqlite_txn.h"

#include "store/sql.h"

static enum err run(struct store_sqlite *s, const char *text)
{
    struct sql q = sql_begin(s, text);
    return sql_run(&q);
}

static bool inside(struct store_sqlite *s)
{
    return sqlite3_get_autocommit(s->db) == 0;
}

/* A failed rollback leaves the transaction open; the next one to begin tries it again. */
static void undo(struct store_sqlite *s)
{
    if (inside(s)) {
        const enum err ignored = run(s, "ROLLBACK");
        (void)ignored;
    }
}

static enum err begin_immediate(struct store_sqlite *s)
{
    enum err err = write_lock_acquire(s->lock, SQLITE_WAIT_MS);
    if (err != ERR_NONE)
        return err;
    undo(s);
    err = run(s, "BEGIN IMMEDIATE");
    if (err != ERR_NONE)
        write_lock_release(s->lock);
    return err;
}

/* A COMMIT that fails may leave the transaction open, or may have undone it. */
static enum err commit(struct store_sqlite *s, enum err err)
{
    if (err == ERR_NONE)
        err = run(s, "COMMIT");
    undo(s);
    write_lock_release(s->lock);
    return err;
}

/* ---- groups ---- */

enum err sqlite_group_begin(struct store *store)
{
    struct store_sqlite *s = store_sqlite_of(store);
    assert(!s->grouped);
    const enum err err = begin_immediate(s);
    if (err == ERR_NONE) {
        s->grouped = true;
        s->group_err = ERR_NONE;
    }
    return err;
}

enum err sqlite_group_end(struct store *store)
{
    struct store_sqlite *s = store_sqlite_of(store);
    assert(s->grouped);
    s->grouped = false;
    return commit(s, s->group_err);
}

/* Out of disk, for example, SQLite undoes everything by itself: then the whole group is lost. */
static void note_loss(struct store_sqlite *s, enum err err)
{
    if (!inside(s) && s->group_err == ERR_NONE)
        s->group_err = err;
}

static enum err savepoint_begin(struct store_sqlite *s)
{
    return s->group_err != ERR_NONE ? s->group_err : run(s, "SAVEPOINT one");
}

static enum err savepoint_end(struct store_sqlite *s, enum err err)
{
    if (err != ERR_NONE)
        note_loss(s, err);
    if (s->group_err != ERR_NONE)
        return s->group_err;

    enum err undone = ERR_NONE;
    if (err != ERR_NONE)
        undone = run(s, "ROLLBACK TO one");
    const enum err released = run(s, "RELEASE one");

    /* Half a call must not stay in the group. */
    if (undone != ERR_NONE || released != ERR_NONE)
        s->group_err = undone != ERR_NONE ? undone : released;
    return s->group_err != ERR_NONE ? s->group_err : err;
}

/* ---- single calls ---- */

enum err sqlite_write_begin(struct store_sqlite *s)
{
    return s->grouped ? savepoint_begin(s) : begin_immediate(s);
}

enum err sqlite_write_end(struct store_sqlite *s, enum err err)
{
    return s->grouped ? savepoint_end(s, err) : commit(s, err);
}

enum err sqlite_read_begin(struct store_sqlite *s)
{
    if (s->grouped)
        return ERR_NONE;
    undo(s);
    return run(s, "BEGIN");
}

enum err sqlite_read_end(struct store_sqlite *s, enum err err)
{
    if (s->grouped)
        return err;
    const enum err ended = run(s, "COMMIT");
    undo(s);
    return err != ERR_NONE ? err : ended;
}

void sqlite_txn_abandon(struct store_sqlite *s)
{
    undo(s);
    if (s->grouped)
        write_lock_release(s->lock);
    s->grouped = false;
}
