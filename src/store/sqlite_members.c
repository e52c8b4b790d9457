/* Members of channels and their read markers in SQLite. */

#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_txn.h"

/* ---- coming and going ---- */

static enum err insert_by_channel(struct store_sqlite *s, uint64_t channel, uint64_t user,
                                  int64_t now_us)
{
    struct sql q = sql_begin(s, "INSERT INTO membership (channel_id, user_id, joined_us)"
                                " VALUES (?1, ?2, ?3)");
    sql_u64(&q, channel);
    sql_u64(&q, user);
    sql_i64(&q, now_us);
    return sql_run(&q);
}

static enum err insert_by_user(struct store_sqlite *s, uint64_t channel, uint64_t user)
{
    struct sql q = sql_begin(s, "INSERT INTO membership_by_user"
                                " (user_id, channel_id, read_seq, read_n)"
                                " SELECT ?1, channel_id, last_seq, last_n FROM channel_head"
                                " WHERE channel_id = ?2");
    sql_u64(&q, user);
    sql_u64(&q, channel);
    return sql_run(&q);
}

enum err sqlite_insert_member(struct store_sqlite *s, uint64_t channel, uint64_t user,
                              int64_t now_us)
{
    const enum err err = insert_by_channel(s, channel, user, now_us);
    return err != ERR_NONE ? err : insert_by_user(s, channel, user);
}

static enum err count_members(struct store_sqlite *s, uint64_t channel, int64_t change)
{
    struct sql q = sql_begin(s, "UPDATE channels SET members = members + ?1 WHERE id = ?2");
    sql_i64(&q, change);
    sql_u64(&q, channel);
    return sql_run(&q);
}

enum err sqlite_member_add(struct store *store, uint64_t channel, uint64_t user, int64_t now_us)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    err = sqlite_insert_member(s, channel, user, now_us);
    if (err == ERR_NONE)
        err = count_members(s, channel, 1);
    return sqlite_write_end(s, err);
}

static enum err delete_by_channel(struct store_sqlite *s, uint64_t channel, uint64_t user)
{
    struct sql q = sql_begin(s, "DELETE FROM membership WHERE channel_id = ?1 AND user_id = ?2");
    sql_u64(&q, channel);
    sql_u64(&q, user);
    return sqlite_changed(&q);
}

static enum err delete_by_user(struct store_sqlite *s, uint64_t channel, uint64_t user)
{
    struct sql q = sql_begin(s, "DELETE FROM membership_by_user"
                                " WHERE user_id = ?1 AND channel_id = ?2");
    sql_u64(&q, user);
    sql_u64(&q, channel);
    return sqlite_changed(&q);
}

enum err sqlite_member_remove(struct store *store, uint64_t channel, uint64_t user)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    err = delete_by_channel(s, channel, user);
    if (err == ERR_NONE)
        err = delete_by_user(s, channel, user);
    if (err == ERR_NONE)
        err = count_members(s, channel, -1);
    return sqlite_write_end(s, err);
}

/* ---- asking ---- */

enum err sqlite_member_check(struct store *store, uint64_t channel, uint64_t user, bool *is_member)
{
    struct sql q = sql_begin(store_sqlite_of(store),
                             "SELECT 1 FROM membership WHERE channel_id = ?1 AND user_id = ?2");
    sql_u64(&q, channel);
    sql_u64(&q, user);
    const bool found = sql_row(&q);
    const enum err err = sql_end(&q);
    if (err == ERR_NONE)
        *is_member = found;
    return err;
}

enum err sqlite_send_check(struct store *store, uint64_t channel, uint64_t user)
{
    struct sql q = sql_begin(store_sqlite_of(store), "SELECT c.archived FROM membership m"
                                                     " CROSS JOIN channels c ON c.id = m.channel_id"
                                                     " WHERE m.channel_id = ?1 AND m.user_id = ?2");
    sql_u64(&q, channel);
    sql_u64(&q, user);
    const bool found = sql_row(&q);
    const bool archived = found && sql_get_u64(&q, 0) != 0;
    const enum err err = sql_end(&q);
    if (err == ERR_NONE && !found)
        return ERR_NOT_MEMBER;
    return err == ERR_NONE && archived ? ERR_FORBIDDEN : err;
}

enum err sqlite_members_page(struct store *store, uint64_t channel, uint64_t after, size_t limit,
                             struct arena *arena, struct store_users *out)
{
    struct sql q = sql_begin(store_sqlite_of(store),
                             "SELECT " SQLITE_USER_COLUMNS " FROM membership m CROSS JOIN users u"
                             " WHERE m.channel_id = ?1 AND m.user_id > ?2 AND u.id = m.user_id"
                             " ORDER BY m.user_id LIMIT ?3");
    sql_u64(&q, channel);
    sql_u64(&q, after);
    sql_u64(&q, limit);
    return sqlite_read_users(&q, limit, arena, out);
}

/* ---- read markers ---- */

/* ERR_NOT_MEMBER. */
static enum err read_marker(struct store_sqlite *s, uint64_t channel, uint64_t user, uint64_t *seq)
{
    struct sql q = sql_begin(s, "SELECT read_seq FROM membership_by_user"
                                " WHERE user_id = ?1 AND channel_id = ?2");
    sql_u64(&q, user);
    sql_u64(&q, channel);
    const bool found = sql_row(&q);
    if (found)
        *seq = sql_get_u64(&q, 0);
    const enum err err = sqlite_found(&q, found);
    return err == ERR_NOT_FOUND ? ERR_NOT_MEMBER : err;
}

/* The newest event up to `seq`; untouched when there is none. */
static enum err find_event(struct store_sqlite *s, uint64_t channel, uint64_t seq,
                           struct event *out)
{
    struct sql q = sql_begin(s, "SELECT seq, n FROM messages"
                                " WHERE channel_id = ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT 1");
    sql_u64(&q, channel);
    sql_u64(&q, seq);
    if (sql_row(&q)) {
        out->seq = sql_get_u64(&q, 0);
        out->n = sql_get_u64(&q, 1);
    }
    return sql_end(&q);
}

/* Never back, whatever others have done since the marker was looked at. */
static enum err move_marker(struct store_sqlite *s, uint64_t channel, uint64_t user,
                            const struct event *to)
{
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct sql q = sql_begin(s, "UPDATE membership_by_user SET read_seq = ?1, read_n = ?2"
                                " WHERE user_id = ?3 AND channel_id = ?4 AND read_seq < ?1");
    sql_u64(&q, to->seq);
    sql_u64(&q, to->n);
    sql_u64(&q, user);
    sql_u64(&q, channel);
    return sqlite_write_end(s, sql_run(&q));
}

enum err sqlite_mark_read_at(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                             uint64_t n)
{
    struct store_sqlite *s = store_sqlite_of(store);
    const struct event event = {.seq = seq, .n = n};
    uint64_t marker = 0;
    const enum err err = read_marker(s, channel, user, &marker);
    if (err != ERR_NONE || seq <= marker)
        return err;
    return move_marker(s, channel, user, &event);
}

enum err sqlite_mark_read(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                          struct arena *arena, struct channel *out)
{
    struct store_sqlite *s = store_sqlite_of(store);
    uint64_t marker = 0;
    struct event event = {0};
    enum err err = read_marker(s, channel, user, &marker);
    if (err == ERR_NONE)
        err = find_event(s, channel, seq, &event);
    if (err == ERR_NONE && event.seq > marker)
        err = move_marker(s, channel, user, &event);
    if (err != ERR_NONE)
        return err;

    struct channel channel_seen;
    err = sqlite_channel_get(store, channel, user, arena, &channel_seen);
    if (err == ERR_NONE && !channel_seen.member)
        err = ERR_NOT_MEMBER; /* removed meanwhile */
    if (err == ERR_NONE)
        *out = channel_seen;
    return err;
}
