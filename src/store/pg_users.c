/* Users, their sessions, and aliases in PostgreSQL. */

#include "store/pg_arrays.h"
#include "store/store_pg.h"

/* A write that gives back one number. */
static enum err run_for_id(struct store_pg *s, struct pg_query *q, uint64_t *id)
{
    uint64_t made = 0;
    if (pg_query_row(q))
        made = pg_query_get_u64(q, 0);
    const enum err err = pg_write_end(s, pg_query_end(q));
    if (err == ERR_NONE)
        *id = made;
    return err;
}

enum err pg_user_create(struct store *store, struct slice name, struct slice display_name,
                        struct slice password_hash, int64_t now_us, uint64_t *id)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin_write(
        &s->directory, "INSERT INTO users (name, display_name, password_hash, created_us)"
                       " VALUES ($1, $2, $3, $4) RETURNING id");
    pg_query_slice(&q, name);
    pg_query_slice(&q, display_name);
    pg_query_slice(&q, password_hash);
    pg_query_i64(&q, now_us);
    return run_for_id(s, &q, id);
}

/* ---- looking for users ---- */

static struct user read_user(const struct pg_query *q, struct arena *arena)
{
    return (struct user){
        .id = pg_query_get_u64(q, 0),
        .name = pg_query_get_slice(q, 1, arena),
        .display_name = pg_query_get_slice(q, 2, arena),
        .role = (enum user_role)pg_query_get_u64(q, 3),
        .active = pg_query_get_u64(q, 4) != 0,
        .status_text = pg_query_get_slice(q, 5, arena),
        .status_emoji = pg_query_get_slice(q, 6, arena),
    };
}

enum err pg_user_get(struct store *store, uint64_t id, struct arena *arena, struct user *out)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT " PG_USER_COLUMNS " FROM users u WHERE u.id = $1");
    pg_query_u64(&q, id);
    const bool found = pg_query_row(&q);
    if (found)
        *out = read_user(&q, arena);
    return pg_query_end_found(&q, found);
}

enum err pg_user_by_name(struct store *store, struct slice name, struct arena *arena,
                         struct user *out, struct slice *password_hash)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT " PG_USER_COLUMNS ", u.password_hash FROM users u"
                                       " WHERE u.name = $1");
    pg_query_slice(&q, name);
    const bool found = pg_query_row(&q);
    if (found) {
        *out = read_user(&q, arena);
        *password_hash = pg_query_get_slice(&q, PG_USER_COLUMNS_LEN, arena);
    }
    return pg_query_end_found(&q, found);
}

enum err pg_read_users(struct pg_query *q, size_t limit, struct arena *arena,
                       struct store_users *out)
{
    struct store_users users = {.items = arena_alloc(arena, limit * sizeof(*users.items))};
    while (pg_query_row(q)) {
        assert(users.count < limit);
        users.items[users.count++] = read_user(q, arena);
    }
    const enum err err = pg_query_end(q);
    if (err == ERR_NONE)
        *out = users;
    return err;
}

enum err pg_users_get(struct store *store, const uint64_t *ids, size_t count, struct arena *arena,
                      struct store_users *out)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct buf array = {0};
    pg_array_ids(&array, ids, count);
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT " PG_USER_COLUMNS " FROM users u"
                                       " WHERE u.id = ANY ($1::int8[])");
    pg_query_slice(&q, buf_slice(&array));
    err = pg_read_users(&q, count, arena, out);
    buf_fini(&array);
    return err;
}

enum err pg_users_page(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                       struct store_users *out)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT " PG_USER_COLUMNS " FROM users u"
                                       " WHERE u.id > $1 ORDER BY u.id LIMIT $2");
    pg_query_u64(&q, after);
    pg_query_u64(&q, limit);
    return pg_read_users(&q, limit, arena, out);
}

/* ---- sessions ---- */

enum err pg_session_create(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                           uint64_t user, struct slice password_hash, int64_t now_us,
                           int64_t expires_us)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    /* Some of what has expired goes with each session that comes, so that the table stays small. */
    struct pg_query q = pg_query_begin_write(
        &s->directory, "WITH expired AS (DELETE FROM sessions WHERE token_hash IN ("
                       "   SELECT token_hash FROM sessions WHERE expires_us <= $3"
                       "   ORDER BY expires_us LIMIT 16 FOR UPDATE SKIP LOCKED))"
                       " INSERT INTO sessions (token_hash, user_id, created_us, expires_us)"
                       /* Whoever changes the user at the same time comes before or after. */
                       " SELECT $1::bytea, id, $3::int8, $4::int8 FROM users"
                       " WHERE id = $2 AND active AND password_hash = $5 FOR SHARE RETURNING 1");
    pg_query_blob(&q, token_hash, STORE_TOKEN_BYTES);
    pg_query_u64(&q, user);
    pg_query_i64(&q, now_us);
    pg_query_i64(&q, expires_us);
    pg_query_slice(&q, password_hash);
    const bool made = pg_query_row(&q);
    return pg_write_end(s, pg_query_end_found(&q, made));
}

static struct store_session read_session(const struct pg_query *q)
{
    return (struct store_session){pg_query_get_u64(q, 0), pg_query_get_i64(q, 1),
                                  pg_query_get_i64(q, 2)};
}

enum err pg_session_get(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                        int64_t now_us, struct store_session *out)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin(&s->directory, PG_NO_SHARD,
                       "SELECT s.user_id, s.created_us, s.expires_us FROM sessions s"
                       " JOIN users u ON u.id = s.user_id AND u.active"
                       " WHERE s.token_hash = $1 AND s.expires_us > $2");
    pg_query_blob(&q, token_hash, STORE_TOKEN_BYTES);
    pg_query_i64(&q, now_us);
    const bool found = pg_query_row(&q);
    if (found)
        *out = read_session(&q);
    return pg_query_end_found(&q, found);
}

enum err pg_session_delete(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES])
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin_write(
        &s->directory, "DELETE FROM sessions WHERE token_hash = $1 RETURNING 1");
    pg_query_blob(&q, token_hash, STORE_TOKEN_BYTES);
    const bool found = pg_query_row(&q);
    return pg_write_end(s, pg_query_end_found(&q, found));
}

enum err pg_sessions_of(struct store *store, uint64_t user, int64_t now_us, struct arena *arena,
                        struct store_sessions *out)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct store_sessions sessions = {
        .items = arena_alloc(arena, STORE_PAGE_MAX * sizeof(*sessions.items))};
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT user_id, created_us, expires_us FROM sessions"
                                       " WHERE user_id = $1 AND expires_us > $2"
                                       " ORDER BY token_hash LIMIT $3");
    pg_query_u64(&q, user);
    pg_query_i64(&q, now_us);
    pg_query_u64(&q, STORE_PAGE_MAX);
    while (pg_query_row(&q))
        sessions.items[sessions.count++] = read_session(&q);
    err = pg_query_end(&q);
    if (err == ERR_NONE)
        *out = sessions;
    return err;
}

enum err pg_sessions_delete(struct store *store, uint64_t user, const uint8_t *kept)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(
        &s->directory, PG_NO_SHARD,
        "DELETE FROM sessions WHERE user_id = $1 AND ($2::bytea IS NULL OR token_hash <> $2)");
    pg_query_u64(&q, user);
    if (kept == NULL)
        pg_query_null(&q);
    else
        pg_query_blob(&q, kept, STORE_TOKEN_BYTES);
    return pg_write_end(s, pg_query_run(&q));
}

/* ---- aliases ---- */

enum err pg_alias_get(struct store *store, struct slice alias, uint64_t *id)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin(&s->directory, PG_NO_SHARD, "SELECT id FROM aliases WHERE alias = $1");
    pg_query_slice(&q, alias);
    const bool found = pg_query_row(&q);
    if (found)
        *id = pg_query_get_u64(&q, 0);
    return pg_query_end_found(&q, found);
}

enum err pg_alias_put(struct store *store, struct slice alias, uint64_t id)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin_write(&s->directory, "INSERT INTO aliases (alias, id) VALUES ($1, $2)");
    pg_query_slice(&q, alias);
    pg_query_u64(&q, id);
    return pg_write_end(s, pg_query_run(&q));
}
