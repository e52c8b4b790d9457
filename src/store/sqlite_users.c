/* Users and their sessions in SQLite. */

#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_txn.h"

static enum err insert_user(struct store_sqlite *s, struct slice name, struct slice display_name,
                            struct slice password_hash, int64_t now_us)
{
    struct sql q = sql_begin(s, "INSERT INTO users (name, display_name, password_hash, created_us)"
                                " VALUES (?1, ?2, ?3, ?4)");
    sql_text(&q, name);
    sql_text(&q, display_name);
    sql_text(&q, password_hash);
    sql_i64(&q, now_us);
    return sql_run(&q);
}

enum err sqlite_user_create(struct store *store, struct slice name, struct slice display_name,
                            struct slice password_hash, int64_t now_us, uint64_t *id)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    err = insert_user(s, name, display_name, password_hash, now_us);
    const int64_t made = sqlite3_last_insert_rowid(s->db);
    err = sqlite_write_end(s, err);
    if (err == ERR_NONE)
        *id = (uint64_t)made;
    return err;
}

struct user sqlite_read_user(const struct sql *q, struct arena *arena)
{
    return (struct user){
        .id = sql_get_u64(q, 0),
        .name = sql_get_slice(q, 1, arena),
        .display_name = sql_get_slice(q, 2, arena),
        .role = (enum user_role)sql_get_u64(q, 3),
        .active = sql_get_u64(q, 4) != 0,
        .status_text = sql_get_slice(q, 5, arena),
        .status_emoji = sql_get_slice(q, 6, arena),
    };
}

enum err sqlite_user_get(struct store *store, uint64_t id, struct arena *arena, struct user *out)
{
    struct sql q = sql_begin(store_sqlite_of(store),
                             "SELECT " SQLITE_USER_COLUMNS " FROM users u WHERE u.id = ?1");
    sql_u64(&q, id);
    const bool found = sql_row(&q);
    if (found)
        *out = sqlite_read_user(&q, arena);
    return sqlite_found(&q, found);
}

enum err sqlite_user_by_name(struct store *store, struct slice name, struct arena *arena,
                             struct user *out, struct slice *password_hash)
{
    struct sql q =
        sql_begin(store_sqlite_of(store), "SELECT " SQLITE_USER_COLUMNS ", u.password_hash"
                                          " FROM users u WHERE u.name = ?1");
    sql_text(&q, name);
    const bool found = sql_row(&q);
    if (found) {
        *out = sqlite_read_user(&q, arena);
        *password_hash = sql_get_slice(&q, SQLITE_USER_COLUMNS_LEN, arena);
    }
    return sqlite_found(&q, found);
}

enum err sqlite_users_get(struct store *store, const uint64_t *ids, size_t count,
                          struct arena *arena, struct store_users *out)
{
    struct store_sqlite *s = store_sqlite_of(store);
    struct store_users users = {.items = arena_alloc(arena, count * sizeof(*users.items))};
    enum err err = sqlite_read_begin(s);
    if (err != ERR_NONE)
        return err;
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = sqlite_user_get(store, ids[i], arena, &users.items[users.count]);
        if (err == ERR_NONE)
            users.count++;
        else if (err == ERR_NOT_FOUND)
            err = ERR_NONE;
    }
    err = sqlite_read_end(s, err);
    if (err == ERR_NONE)
        *out = users;
    return err;
}

enum err sqlite_read_users(struct sql *q, size_t limit, struct arena *arena,
                           struct store_users *out)
{
    struct store_users users = {.items = arena_alloc(arena, limit * sizeof(*users.items))};
    while (sql_row(q)) {
        assert(users.count < limit);
        users.items[users.count++] = sqlite_read_user(q, arena);
    }
    const enum err err = sql_end(q);
    if (err == ERR_NONE)
        *out = users;
    return err;
}

enum err sqlite_users_page(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                           struct store_users *out)
{
    struct sql q = sql_begin(store_sqlite_of(store), "SELECT " SQLITE_USER_COLUMNS " FROM users u"
                                                     " WHERE u.id > ?1 ORDER BY u.id LIMIT ?2");
    sql_u64(&q, after);
    sql_u64(&q, limit);
    return sqlite_read_users(&q, limit, arena, out);
}

/* ---- sessions ---- */

/* Some of what has expired goes with each session that comes, so that the table stays small. */
static enum err delete_expired(struct store_sqlite *s, int64_t now_us)
{
    struct sql q = sql_begin(s, "DELETE FROM sessions WHERE token_hash IN ("
                                "  SELECT token_hash FROM sessions WHERE expires_us <= ?1"
                                "  ORDER BY expires_us LIMIT 16)");
    sql_i64(&q, now_us);
    return sql_run(&q);
}

static enum err insert_session(struct store_sqlite *s, const uint8_t *token_hash, uint64_t user,
                               struct slice password_hash, int64_t now_us, int64_t expires_us)
{
    struct sql q = sql_begin(s, "INSERT INTO sessions (token_hash, user_id, created_us, expires_us)"
                                " SELECT ?1, id, ?3, ?4 FROM users"
                                " WHERE id = ?2 AND active = 1 AND password_hash = ?5");
    sql_blob(&q, token_hash, STORE_TOKEN_BYTES);
    sql_u64(&q, user);
    sql_i64(&q, now_us);
    sql_i64(&q, expires_us);
    sql_text(&q, password_hash);
    return sqlite_changed(&q);
}

enum err sqlite_session_create(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                               uint64_t user, struct slice password_hash, int64_t now_us,
                               int64_t expires_us)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    err = delete_expired(s, now_us);
    if (err == ERR_NONE)
        err = insert_session(s, token_hash, user, password_hash, now_us, expires_us);
    return sqlite_write_end(s, err);
}

static struct store_session read_session(const struct sql *q)
{
    return (struct store_session){sql_get_u64(q, 0), sql_get_i64(q, 1), sql_get_i64(q, 2)};
}

enum err sqlite_session_get(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                            int64_t now_us, struct store_session *out)
{
    struct sql q = sql_begin(store_sqlite_of(store),
                             "SELECT s.user_id, s.created_us, s.expires_us FROM sessions s"
                             " JOIN users u ON u.id = s.user_id AND u.active = 1"
                             " WHERE s.token_hash = ?1 AND s.expires_us > ?2");
    sql_blob(&q, token_hash, STORE_TOKEN_BYTES);
    sql_i64(&q, now_us);
    const bool found = sql_row(&q);
    if (found)
        *out = read_session(&q);
    return sqlite_found(&q, found);
}

enum err sqlite_session_delete(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES])
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct sql q = sql_begin(s, "DELETE FROM sessions WHERE token_hash = ?1");
    sql_blob(&q, token_hash, STORE_TOKEN_BYTES);
    return sqlite_write_end(s, sqlite_changed(&q));
}

enum err sqlite_sessions_of(struct store *store, uint64_t user, int64_t now_us, struct arena *arena,
                            struct store_sessions *out)
{
    struct store_sessions sessions = {
        .items = arena_alloc(arena, STORE_PAGE_MAX * sizeof(*sessions.items))};
    struct sql q =
        sql_begin(store_sqlite_of(store), "SELECT user_id, created_us, expires_us FROM sessions"
                                          " WHERE user_id = ?1 AND expires_us > ?2"
                                          " ORDER BY token_hash LIMIT ?3");
    sql_u64(&q, user);
    sql_i64(&q, now_us);
    sql_u64(&q, STORE_PAGE_MAX);
    while (sql_row(&q))
        sessions.items[sessions.count++] = read_session(&q);
    const enum err err = sql_end(&q);
    if (err == ERR_NONE)
        *out = sessions;
    return err;
}

enum err sqlite_sessions_delete(struct store *store, uint64_t user, const uint8_t *kept)
{
    static const uint8_t none[1] = {0}; /* no hash is so short */
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct sql q = sql_begin(s, "DELETE FROM sessions WHERE user_id = ?1 AND token_hash <> ?2");
    sql_u64(&q, user);
    sql_blob(&q, kept == NULL ? none : kept, kept == NULL ? sizeof(none) : STORE_TOKEN_BYTES);
    return sqlite_write_end(s, sql_run(&q));
}
