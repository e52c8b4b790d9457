/*
 * Moving a shard to another server.
 *
 * 1. copying: rows are copied while they come in; those that come in meanwhile are noted.
 * 2. moving: the shard refuses writes, the rest is copied and counted on both sides.
 * 3. The old schema is renamed to sNN_moved, so that whoever has an old map finds nothing there;
 *    the new one gets its name, the map changes, and the old one is dropped.
 *
 * What is there tells how far an interrupted move has come. One that fails before 3 lets writes
 * through again.
 */

#include "store/pg_copy.h"

struct move {
    uint32_t shard;
    struct slice to_name;
    struct slice from_name;
    struct slice from_conninfo;
    struct slice to_conninfo;
    struct slice state;
    struct slice target; /* empty: it is not on its way */
    struct pg_conn directory;
    struct pg_conn from;
    struct pg_conn to;
    struct arena arena;
    struct buf *problem;
};

/* ---- the directory ---- */

/* Until the connection ends. ERR_EXISTS: somebody else holds one. */
static enum err take_locks(struct move *move)
{
    struct pg_query q = pg_query_begin(&move->directory, PG_NO_SHARD,
                                       "SELECT 1 WHERE pg_try_advisory_lock_shared($1::int8)"
                                       " AND pg_try_advisory_lock($2::int8)");
    pg_query_u64(&q, PG_LOCK_SETUP);
    pg_query_u64(&q, ((uint64_t)PG_LOCK_MOVE << 8) + move->shard);
    const bool taken = pg_query_row(&q);
    const enum err err = pg_query_end(&q);
    if (err != ERR_NONE || taken)
        return err;
    buf_append(move->problem,
               SLICE("somebody else moves this shard, or sets up the databases, just now"));
    return ERR_EXISTS;
}

/* ERR_NOT_FOUND: there is no such server. */
static enum err read_plan(struct move *move)
{
    struct pg_query q = pg_query_begin(&move->directory, PG_NO_SHARD,
                                       "SELECT f.name, f.conninfo, t.conninfo, m.state, m.target"
                                       " FROM shard_map m JOIN servers f ON f.name = m.server"
                                       " JOIN servers t ON t.name = $2"
                                       " WHERE m.shard = $1::int8");
    pg_query_u64(&q, move->shard);
    pg_query_slice(&q, move->to_name);
    const bool found = pg_query_row(&q);
    if (found) {
        move->from_name = pg_query_get_slice(&q, 0, &move->arena);
        move->from_conninfo = pg_query_get_slice(&q, 1, &move->arena);
        move->to_conninfo = pg_query_get_slice(&q, 2, &move->arena);
        move->state = pg_query_get_slice(&q, 3, &move->arena);
        move->target = pg_query_get_slice(&q, 4, &move->arena);
    }
    const enum err err = pg_query_end_found(&q, found);
    if (err == ERR_NOT_FOUND)
        buf_append(move->problem, SLICE("there is no such shard, or no server of that name"));
    return err;
}

static enum err set_state(struct move *move, struct slice state)
{
    struct pg_query q =
        pg_query_begin(&move->directory, PG_NO_SHARD,
                       "UPDATE shard_map SET state = $2, target = $3 WHERE shard = $1::int8");
    pg_query_u64(&q, move->shard);
    pg_query_slice(&q, state);
    pg_query_slice(&q, move->to_name);
    return pg_query_run(&q);
}

static enum err flip_map(struct move *move)
{
    struct pg_query q =
        pg_query_begin(&move->directory, PG_NO_SHARD,
                       "UPDATE shard_map SET server = target, state = 'active', target = NULL,"
                       " version = version + 1 WHERE shard = $1::int8 AND target = $2");
    pg_query_u64(&q, move->shard);
    pg_query_slice(&q, move->to_name);
    return pg_query_run(&q);
}

/* ---- refusing writes ---- */

/* One after the other: writers take the two tables in either order. */
static const char freeze_begin[] =
    "CREATE TABLE IF NOT EXISTS @.move_freeze (backend integer NOT NULL);"
    "DELETE FROM @.move_freeze; INSERT INTO @.move_freeze VALUES (pg_backend_pid());"
    "CREATE OR REPLACE FUNCTION @.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    "  RAISE EXCEPTION 'this shard is moving' USING ERRCODE = 'PM001'; END $$";
static const char freeze_messages[] =
    "CREATE OR REPLACE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON @.messages"
    "  FOR EACH STATEMENT EXECUTE FUNCTION @.refuse()";
static const char freeze_heads[] =
    "CREATE OR REPLACE TRIGGER refuse BEFORE INSERT OR UPDATE OR DELETE ON @.channel_head"
    "  FOR EACH STATEMENT EXECUTE FUNCTION @.refuse()";

/* A statement of a move that was killed may come late: only who froze the shard takes it away. */
static const char rename_old[] =
    "DO $$ BEGIN LOCK TABLE @.move_freeze;"
    "  IF NOT EXISTS (SELECT 1 FROM @.move_freeze WHERE backend = pg_backend_pid()) THEN"
    "    RAISE EXCEPTION 'another move has begun' USING ERRCODE = 'PM001'; END IF;"
    "  ALTER SCHEMA @ RENAME TO @_moved; END $$";

static enum err freeze(struct move *move)
{
    enum err err = set_state(move, SLICE("moving"));
    if (err == ERR_NONE)
        err = pg_fleet_run(&move->from, move->shard, freeze_begin);
    if (err == ERR_NONE)
        err = pg_fleet_run(&move->from, move->shard, freeze_messages);
    if (err == ERR_NONE)
        err = pg_fleet_run(&move->from, move->shard, freeze_heads);
    return err;
}

static enum err thaw(struct move *move)
{
    enum err err = pg_fleet_run(&move->from, move->shard,
                                "DROP TRIGGER IF EXISTS refuse ON @.messages;"
                                "DROP TRIGGER IF EXISTS refuse ON @.channel_head;"
                                "DROP TABLE IF EXISTS @.move_freeze");
    if (err == ERR_NONE)
        err = set_state(move, SLICE("copying"));
    return err;
}

/* ---- the steps ---- */

/* The copy is made in today's form, so the original has to have it. */
static enum err check_version(struct move *move)
{
    uint64_t version = 0;
    const enum err err =
        pg_schema_version(&move->from, pg_schema_of(move->shard, "").text, &version);
    if (err != ERR_NONE || version == pg_shard_version)
        return err;
    buf_append(move->problem, SLICE("run parley migrate of this version first"));
    return ERR_INVALID;
}

static enum err copy_live(struct move *move, struct pg_copy *copy)
{
    enum err err = check_version(move);
    if (err == ERR_NONE)
        err = pg_schema_migrate_shard(&move->to, pg_schema_of(move->shard, "_incoming").text);
    if (err == ERR_NONE)
        err = pg_copy_watch(copy);
    if (err == ERR_NONE)
        err = pg_copy_scan(copy);
    if (err == ERR_NONE)
        err = pg_copy_noted(copy);
    if (err == ERR_NONE)
        err = pg_fleet_run(&move->to, move->shard, "ANALYZE @_incoming.messages");
    return err;
}

/* With the shard refusing writes: the rest, and proof that it is all. */
static enum err copy_rest(struct move *move, struct pg_copy *copy)
{
    bool same = false;
    copy->step = FLEET_FINISHING;
    enum err err = pg_copy_noted(copy);
    if (err == ERR_NONE)
        err = pg_copy_heads(copy);
    if (err == ERR_NONE)
        err = pg_copy_verify(copy, &same);
    if (err == ERR_NONE && !same) {
        buf_append(move->problem, SLICE("the copy has not the same number of rows: it stays"));
        err = ERR_CORRUPT;
    }
    return err;
}

static enum err copy_shard(struct move *move, struct pg_copy *copy)
{
    enum err err = thaw(move); /* an earlier one may have been killed at its end */
    if (err == ERR_NONE)
        err = copy_live(move, copy);
    if (err != ERR_NONE)
        return err;
    err = freeze(move);
    if (err == ERR_NONE)
        err = copy_rest(move, copy);
    if (err != ERR_NONE) {
        pg_fleet_explain_broken(&move->from, "the server that it moves from", move->problem);
        /* When this fails too the shard refuses writes until the move is called again. */
        err_ignore(thaw(move));
        return err;
    }
    return pg_fleet_run(&move->from, move->shard, rename_old);
}

/* All rows are there: make it the shard. */
static enum err take_over(struct move *move)
{
    bool incoming = false;
    enum err err = pg_fleet_has_schema(&move->to, move->shard, "_incoming", &incoming);
    if (err == ERR_NONE && incoming)
        err = pg_fleet_run(&move->to, move->shard, "ALTER SCHEMA @_incoming RENAME TO @");
    if (err == ERR_NONE)
        err = flip_map(move);
    if (err == ERR_NONE)
        err = pg_fleet_run(&move->from, move->shard, "DROP SCHEMA @_moved CASCADE");
    return err;
}

static enum err connect_both(struct move *move)
{
    enum err err = pg_fleet_connect(&move->from, move->from_conninfo, NULL, move->from_name.ptr,
                                    move->problem);
    if (err == ERR_NONE)
        err =
            pg_fleet_connect(&move->to, move->to_conninfo, NULL, move->to_name.ptr, move->problem);
    return err;
}

/* A half copy that nobody goes on with would be taken for the beginning of this one. */
static enum err clear_target(struct move *move)
{
    if (!slice_eq(move->state, SLICE("active")))
        return ERR_NONE;
    return pg_fleet_run(&move->to, move->shard, "DROP SCHEMA IF EXISTS @_incoming CASCADE");
}

static enum err move_shard(struct move *move, fleet_progress_fn *progress, void *arg)
{
    struct pg_copy copy = {move->shard, &move->from, &move->to, FLEET_COPYING, 0, 0, progress, arg};
    bool there = false;
    enum err err = connect_both(move);
    if (err == ERR_NONE)
        err = clear_target(move);
    if (err == ERR_NONE)
        err = pg_fleet_has_schema(&move->from, move->shard, "", &there);
    if (err == ERR_NONE && there)
        err = copy_shard(move, &copy);
    return err != ERR_NONE ? err : take_over(move);
}

/* It is where it is to be; an interrupted move may have left the old schema somewhere. */
static enum err drop_left_over(struct move *move)
{
    struct pg_query q = pg_query_begin(&move->directory, PG_NO_SHARD,
                                       "SELECT conninfo FROM servers WHERE name <> $1");
    pg_query_slice(&q, move->to_name);
    while (pg_query_row(&q)) {
        struct pg_conn conn;
        struct buf unreachable = {0}; /* it is as good as dropped for those who ask now */
        if (pg_fleet_connect(&conn, pg_query_get_borrowed(&q, 0), NULL, "", &unreachable) ==
            ERR_NONE)
            err_ignore(pg_fleet_run(&conn, move->shard, "DROP SCHEMA IF EXISTS @_moved CASCADE"));
        buf_fini(&unreachable);
        pg_conn_fini(&conn);
    }
    return pg_query_end(&q);
}

/* On its way elsewhere, and told to stay: forget the copy and what was noted for it. */
static enum err call_back(struct move *move)
{
    bool there = false;
    enum err err = pg_fleet_connect(&move->from, move->from_conninfo, NULL, move->from_name.ptr,
                                    move->problem);
    if (err == ERR_NONE)
        err = pg_fleet_has_schema(&move->from, move->shard, "", &there);
    if (err == ERR_NONE && !there) {
        buf_append(move->problem, SLICE("the move is as good as done: finish it"));
        return ERR_INVALID;
    }
    if (err == ERR_NONE)
        err = pg_fleet_run(&move->from, move->shard,
                           "DROP TRIGGER IF EXISTS refuse ON @.messages;"
                           "DROP TRIGGER IF EXISTS refuse ON @.channel_head;"
                           "DROP TABLE IF EXISTS @.move_freeze;"
                           "DROP TRIGGER IF EXISTS note_added ON @.messages;"
                           "DROP TABLE IF EXISTS @.move_log");
    if (err != ERR_NONE)
        return err;
    /* What is left of the copy goes when a move to there begins again. */
    struct pg_query q = pg_query_begin(&move->directory, PG_NO_SHARD,
                                       "UPDATE shard_map SET state = 'active', target = NULL"
                                       " WHERE shard = $1::int8");
    pg_query_u64(&q, move->shard);
    return pg_query_run(&q);
}

static enum err move_locked(struct move *move, fleet_progress_fn *progress, void *arg)
{
    enum err err = take_locks(move);
    if (err == ERR_NONE)
        err = read_plan(move);
    if (err != ERR_NONE)
        return err;
    if (move->target.len == 0 && slice_eq(move->from_name, move->to_name))
        return drop_left_over(move);
    if (slice_eq(move->from_name, move->to_name))
        return call_back(move);
    if (move->target.len > 0 && !slice_eq(move->target, move->to_name)) {
        buf_append(move->problem, SLICE("the shard is on its way to another server: finish that"));
        return ERR_INVALID;
    }
    return move_shard(move, progress, arg);
}

enum err fleet_move(const char *directory, uint32_t shard, struct slice to,
                    fleet_progress_fn *progress, void *arg, struct buf *problem)
{
    struct move move = {.shard = shard, .to_name = to, .problem = problem};
    enum err err = pg_fleet_connect(&move.directory, slice_str(directory), PG_DIRECTORY_SCHEMA,
                                    "the directory database", problem);
    if (err == ERR_NONE)
        err = move_locked(&move, progress, arg);
    if (err != ERR_NONE) {
        pg_fleet_explain_broken(&move.to, "the server that it moves to", problem);
        pg_fleet_explain_broken(&move.from, "the server that it moves from", problem);
        pg_fleet_explain(&move.directory, "the directory database", problem);
    }
    pg_conn_fini(&move.to);
    pg_conn_fini(&move.from);
    pg_conn_fini(&move.directory);
    arena_fini(&move.arena);
    return err;
}
