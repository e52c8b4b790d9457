/* Signing up, changing accounts, and invites in PostgreSQL. */

#include "store/store_pg.h"

/* ---- signing up ---- */

/*
 * One statement, so that all of it happens or nothing. Of two who sign up first at the same time
 * one waits for the other's row of `ownership` and then finds it claimed. It is claimed only when
 * the user is really made.
 */
static const char sign_up_statement[] =
    "WITH invited AS (UPDATE invites SET uses = uses + 1"
    "   WHERE $5::int8 = 3 AND code_hash = $6 AND uses < max_uses AND expires_us > $4"
    "   RETURNING 1),"
    " first AS (UPDATE ownership SET claimed = true"
    "   WHERE id = 1 AND NOT claimed AND ($5::int8 <> 3 OR EXISTS (SELECT 1 FROM invited))"
    "   RETURNING 1)"
    " INSERT INTO users (name, display_name, password_hash, created_us, role)"
    "   SELECT $1::text, $2::text, $3::text, $4::int8, CASE WHEN EXISTS (SELECT 1 FROM first) THEN "
    "1 ELSE 3 END"
    "   WHERE CASE $5::int8 WHEN 1 THEN true WHEN 2 THEN EXISTS (SELECT 1 FROM first)"
    "     ELSE EXISTS (SELECT 1 FROM invited) END"
    " RETURNING id";

enum err pg_user_sign_up(struct store *store, const struct store_sign_up *sign_up, uint64_t *id)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin_write(&s->directory, sign_up_statement);
    pg_query_slice(&q, sign_up->name);
    pg_query_slice(&q, sign_up->display_name);
    pg_query_slice(&q, sign_up->password_hash);
    pg_query_i64(&q, sign_up->now_us);
    pg_query_u64(&q, sign_up->admission);
    if (sign_up->invite_hash == NULL)
        pg_query_null(&q);
    else
        pg_query_blob(&q, sign_up->invite_hash, STORE_TOKEN_BYTES);
    const bool admitted = pg_query_row(&q);
    const uint64_t made = admitted ? pg_query_get_u64(&q, 0) : 0;
    err = pg_query_end(&q);
    if (err == ERR_NONE && !admitted)
        err = sign_up->admission == STORE_ADMIT_FIRST ? ERR_FORBIDDEN : ERR_NOT_FOUND;
    err = pg_write_end(s, err);
    if (err == ERR_NONE)
        *id = made;
    return err;
}

/* ---- changing ---- */

static void bind_text(struct pg_query *q, const struct slice *text)
{
    if (text == NULL)
        pg_query_null(q);
    else
        pg_query_slice(q, *text);
}

/* Until the transaction ends nobody else takes an owner's role away. */
static enum err lock_ownership(struct store_pg *s)
{
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT 1 FROM ownership WHERE id = 1 FOR UPDATE");
    const bool found = pg_query_row(&q);
    return pg_query_end_found(&q, found);
}

static enum err run_update(struct store_pg *s, uint64_t id, const struct store_user_change *change,
                           bool demotes)
{
    struct pg_query q = pg_query_begin_write(
        &s->directory, "UPDATE users SET display_name = coalesce($2, display_name),"
                       " status_text = coalesce($3, status_text),"
                       " status_emoji = coalesce($4, status_emoji),"
                       " password_hash = coalesce($5, password_hash),"
                       " role = coalesce($6::int8, role), active = coalesce($7::int8 = 1, active)"
                       " WHERE id = $1 AND ($8::int8 = 0 OR role <> 1 OR NOT active OR"
                       "  EXISTS (SELECT 1 FROM users o WHERE o.role = 1 AND o.active"
                       "   AND o.id <> $1)) RETURNING 1");
    pg_query_u64(&q, id);
    bind_text(&q, change->display_name);
    bind_text(&q, change->status_text);
    bind_text(&q, change->status_emoji);
    bind_text(&q, change->password_hash);
    if (change->role == NULL)
        pg_query_null(&q);
    else
        pg_query_u64(&q, *change->role);
    if (change->active == NULL)
        pg_query_null(&q);
    else
        pg_query_u64(&q, *change->active ? 1 : 0);
    pg_query_u64(&q, demotes ? 1 : 0);
    const bool found = pg_query_row(&q);
    return pg_query_end_found(&q, found);
}

static enum err exists(struct store_pg *s, uint64_t id)
{
    struct pg_query q =
        pg_query_begin(&s->directory, PG_NO_SHARD, "SELECT 1 FROM users WHERE id = $1");
    pg_query_u64(&q, id);
    const bool found = pg_query_row(&q);
    return pg_query_end_found(&q, found);
}

static enum err update(struct store_pg *s, uint64_t id, const struct store_user_change *change)
{
    const bool demotes = (change->role != NULL && *change->role != USER_OWNER) ||
                         (change->active != NULL && !*change->active);
    enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    if (demotes)
        err = lock_ownership(s);
    if (err == ERR_NONE)
        err = run_update(s, id, change, demotes);
    if (err == ERR_NOT_FOUND && exists(s, id) == ERR_NONE)
        err = ERR_FORBIDDEN; /* the last owner */
    return pg_write_end(s, err);
}

enum err pg_user_update(struct store *store, uint64_t id, const struct store_user_change *change)
{
    struct store_pg *s = store_pg_of(store);
    if (s->grouped)
        return update(s, id, change);
    enum err err = pg_group_begin(store);
    if (err != ERR_NONE)
        return err;
    err = update(s, id, change);
    const enum err ended = pg_group_end(store);
    return err != ERR_NONE ? err : ended;
}

/* ---- invites ---- */

enum err pg_invite_create(struct store *store, const uint8_t code_hash[STORE_TOKEN_BYTES],
                          const struct store_invite *invite, uint64_t *id)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin_write(
        &s->directory,
        "INSERT INTO invites (code_hash, creator_id, created_us, expires_us, max_uses, uses)"
        " VALUES ($1, $2, $3, $4, $5, 0) RETURNING id");
    pg_query_blob(&q, code_hash, STORE_TOKEN_BYTES);
    pg_query_u64(&q, invite->creator);
    pg_query_i64(&q, invite->created_us);
    pg_query_i64(&q, invite->expires_us);
    pg_query_u64(&q, invite->max_uses);
    uint64_t made = 0;
    if (pg_query_row(&q))
        made = pg_query_get_u64(&q, 0);
    err = pg_write_end(s, pg_query_end(&q));
    if (err == ERR_NONE)
        *id = made;
    return err;
}

enum err pg_invite_delete(struct store *store, uint64_t id)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin_write(&s->directory, "DELETE FROM invites WHERE id = $1 RETURNING 1");
    pg_query_u64(&q, id);
    const bool found = pg_query_row(&q);
    return pg_write_end(s, pg_query_end_found(&q, found));
}

enum err pg_invites_page(struct store *store, int64_t now_us, uint64_t after, size_t limit,
                         struct arena *arena, struct store_invites *out)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct store_invites invites = {.items = arena_alloc(arena, limit * sizeof(*invites.items))};
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT id, creator_id, created_us, expires_us, max_uses,"
                                       " uses FROM invites WHERE id > $1 AND expires_us > $2"
                                       " AND uses < max_uses ORDER BY id LIMIT $3");
    pg_query_u64(&q, after);
    pg_query_i64(&q, now_us);
    pg_query_u64(&q, limit);
    while (pg_query_row(&q)) {
        invites.items[invites.count++] = (struct store_invite){
            pg_query_get_u64(&q, 0), pg_query_get_u64(&q, 1), pg_query_get_i64(&q, 2),
            pg_query_get_i64(&q, 3), pg_query_get_u64(&q, 4), pg_query_get_u64(&q, 5)};
    }
    err = pg_query_end(&q);
    if (err == ERR_NONE)
        *out = invites;
    return err;
}
