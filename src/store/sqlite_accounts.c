/* Signing up, changing accounts, and invites in SQLite. */

#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_txn.h"

/* ---- signing up ---- */

static enum err has_owner(struct store_sqlite *s, bool *out)
{
    struct sql q = sql_begin(s, "SELECT 1 FROM users WHERE role = 1 LIMIT 1");
    *out = sql_row(&q);
    return sql_end(&q);
}

static enum err use_invite(struct store_sqlite *s, const struct store_sign_up *sign_up)
{
    struct sql q = sql_begin(s, "UPDATE invites SET uses = uses + 1"
                                " WHERE code_hash = ?1 AND uses < max_uses AND expires_us > ?2");
    sql_blob(&q, sign_up->invite_hash, STORE_TOKEN_BYTES);
    sql_i64(&q, sign_up->now_us);
    return sqlite_changed(&q);
}

static enum err insert(struct store_sqlite *s, const struct store_sign_up *sign_up,
                       enum user_role role)
{
    struct sql q = sql_begin(s, "INSERT INTO users"
                                " (name, display_name, password_hash, created_us, role)"
                                " VALUES (?1, ?2, ?3, ?4, ?5)");
    sql_text(&q, sign_up->name);
    sql_text(&q, sign_up->display_name);
    sql_text(&q, sign_up->password_hash);
    sql_i64(&q, sign_up->now_us);
    sql_u64(&q, role);
    return sql_run(&q);
}

/* In a transaction that writes, so that nobody else signs up meanwhile. */
static enum err admit(struct store_sqlite *s, const struct store_sign_up *sign_up)
{
    bool owned = false;
    enum err err = has_owner(s, &owned);
    if (err == ERR_NONE && owned && sign_up->admission == STORE_ADMIT_FIRST)
        err = ERR_FORBIDDEN;
    if (err == ERR_NONE && sign_up->admission == STORE_ADMIT_INVITED)
        err = use_invite(s, sign_up);
    return err != ERR_NONE ? err : insert(s, sign_up, owned ? USER_MEMBER : USER_OWNER);
}

enum err sqlite_user_sign_up(struct store *store, const struct store_sign_up *sign_up, uint64_t *id)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    err = admit(s, sign_up);
    const int64_t made = sqlite3_last_insert_rowid(s->db);
    err = sqlite_write_end(s, err);
    if (err == ERR_NONE)
        *id = (uint64_t)made;
    return err;
}

/* ---- changing ---- */

static void bind_text(struct sql *q, const struct slice *text)
{
    if (text == NULL)
        sql_null(q);
    else
        sql_text(q, *text);
}

static enum err update(struct store_sqlite *s, uint64_t id, const struct store_user_change *change)
{
    const bool demotes = (change->role != NULL && *change->role != USER_OWNER) ||
                         (change->active != NULL && !*change->active);
    struct sql q = sql_begin(s, "UPDATE users SET display_name = coalesce(?2, display_name),"
                                " status_text = coalesce(?3, status_text),"
                                " status_emoji = coalesce(?4, status_emoji),"
                                " password_hash = coalesce(?5, password_hash),"
                                " role = coalesce(?6, role), active = coalesce(?7, active)"
                                " WHERE id = ?1 AND (?8 = 0 OR role <> 1 OR active = 0 OR"
                                "  EXISTS (SELECT 1 FROM users o WHERE o.role = 1"
                                "   AND o.active = 1 AND o.id <> ?1))");
    sql_u64(&q, id);
    bind_text(&q, change->display_name);
    bind_text(&q, change->status_text);
    bind_text(&q, change->status_emoji);
    bind_text(&q, change->password_hash);
    if (change->role == NULL)
        sql_null(&q);
    else
        sql_u64(&q, *change->role);
    if (change->active == NULL)
        sql_null(&q);
    else
        sql_u64(&q, *change->active ? 1 : 0);
    sql_u64(&q, demotes ? 1 : 0);
    return sqlite_changed(&q);
}

static enum err exists(struct store_sqlite *s, uint64_t id)
{
    struct sql q = sql_begin(s, "SELECT 1 FROM users WHERE id = ?1");
    sql_u64(&q, id);
    const bool found = sql_row(&q);
    return sqlite_found(&q, found);
}

enum err sqlite_user_update(struct store *store, uint64_t id,
                            const struct store_user_change *change)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    err = update(s, id, change);
    if (err == ERR_NOT_FOUND && exists(s, id) == ERR_NONE)
        err = ERR_FORBIDDEN; /* the last owner */
    return sqlite_write_end(s, err);
}

/* ---- invites ---- */

enum err sqlite_invite_create(struct store *store, const uint8_t code_hash[STORE_TOKEN_BYTES],
                              const struct store_invite *invite, uint64_t *id)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct sql q = sql_begin(s, "INSERT INTO invites"
                                " (code_hash, creator_id, created_us, expires_us, max_uses, uses)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, 0)");
    sql_blob(&q, code_hash, STORE_TOKEN_BYTES);
    sql_u64(&q, invite->creator);
    sql_i64(&q, invite->created_us);
    sql_i64(&q, invite->expires_us);
    sql_u64(&q, invite->max_uses);
    err = sql_run(&q);
    const int64_t made = sqlite3_last_insert_rowid(s->db);
    err = sqlite_write_end(s, err);
    if (err == ERR_NONE)
        *id = (uint64_t)made;
    return err;
}

enum err sqlite_invite_delete(struct store *store, uint64_t id)
{
    struct store_sqlite *s = store_sqlite_of(store);
    const enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct sql q = sql_begin(s, "DELETE FROM invites WHERE id = ?1");
    sql_u64(&q, id);
    return sqlite_write_end(s, sqlite_changed(&q));
}

enum err sqlite_invites_page(struct store *store, int64_t now_us, uint64_t after, size_t limit,
                             struct arena *arena, struct store_invites *out)
{
    struct store_invites invites = {.items = arena_alloc(arena, limit * sizeof(*invites.items))};
    struct sql q = sql_begin(store_sqlite_of(store),
                             "SELECT id, creator_id, created_us, expires_us, max_uses, uses"
                             " FROM invites WHERE id > ?1 AND expires_us > ?2 AND uses < max_uses"
                             " ORDER BY id LIMIT ?3");
    sql_u64(&q, after);
    sql_i64(&q, now_us);
    sql_u64(&q, limit);
    while (sql_row(&q)) {
        invites.items[invites.count++] =
            (struct store_invite){sql_get_u64(&q, 0), sql_get_u64(&q, 1), sql_get_i64(&q, 2),
                                  sql_get_i64(&q, 3), sql_get_u64(&q, 4), sql_get_u64(&q, 5)};
    }
    const enum err err = sql_end(&q);
    if (err == ERR_NONE)
        *out = invites;
    return err;
}
