/* Members of channels and their read markers in PostgreSQL. */

#include "store/store_pg.h"

/* ---- coming and going ---- */

/* Where the read marker of somebody new stands. Not to know would be to guess it for ever. */
static enum err read_head(struct store_pg *s, uint64_t channel, struct pg_head *head)
{
    *head = (struct pg_head){.channel = channel};
    const enum err err = pg_heads_read(s, head, 1);
    return err == ERR_NONE && !head->known ? ERR_UNAVAILABLE : err;
}

enum err pg_member_add(struct store *store, uint64_t channel, uint64_t user, int64_t now_us)
{
    struct store_pg *s = store_pg_of(store);
    struct pg_head head;
    enum err err = read_head(s, channel, &head);
    if (err == ERR_NONE)
        err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin_write(
        &s->directory, "WITH by_channel AS (INSERT INTO membership (channel_id, user_id, joined_us)"
                       "   VALUES ($1, $2, $3)),"
                       " by_user AS (INSERT INTO membership_by_user"
                       "   (user_id, channel_id, read_seq, read_n) VALUES ($2, $1, $4, $5))"
                       " UPDATE channels SET members = members + 1 WHERE id = $1");
    pg_query_u64(&q, channel);
    pg_query_u64(&q, user);
    pg_query_i64(&q, now_us);
    pg_query_u64(&q, head.last_seq);
    pg_query_u64(&q, head.last_n);
    return pg_write_end(s, pg_query_run(&q));
}

enum err pg_member_remove(struct store *store, uint64_t channel, uint64_t user)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin_write(
        &s->directory, "WITH gone AS (DELETE FROM membership"
                       "   WHERE channel_id = $1 AND user_id = $2 RETURNING 1),"
                       " by_user AS (DELETE FROM membership_by_user"
                       "   WHERE user_id = $2 AND channel_id = $1)"
                       " UPDATE channels SET members = members - 1"
                       " WHERE id = $1 AND EXISTS (SELECT 1 FROM gone) RETURNING 1");
    pg_query_u64(&q, channel);
    pg_query_u64(&q, user);
    const bool found = pg_query_row(&q);
    return pg_write_end(s, pg_query_end_found(&q, found));
}

/* ---- asking ---- */

enum err pg_member_check(struct store *store, uint64_t channel, uint64_t user, bool *is_member)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin(&s->directory, PG_NO_SHARD,
                       "SELECT 1 FROM membership WHERE channel_id = $1 AND user_id = $2");
    pg_query_u64(&q, channel);
    pg_query_u64(&q, user);
    const bool found = pg_query_row(&q);
    err = pg_query_end(&q);
    if (err == ERR_NONE)
        *is_member = found;
    return err;
}

enum err pg_send_check(struct store *store, uint64_t channel, uint64_t user)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin(&s->directory, PG_NO_SHARD,
                       "SELECT c.archived FROM membership m JOIN channels c ON c.id = m.channel_id"
                       " WHERE m.channel_id = $1 AND m.user_id = $2");
    pg_query_u64(&q, channel);
    pg_query_u64(&q, user);
    const bool found = pg_query_row(&q);
    const bool archived = found && pg_query_get_u64(&q, 0) != 0;
    err = pg_query_end(&q);
    if (err == ERR_NONE && !found)
        return ERR_NOT_MEMBER;
    return err == ERR_NONE && archived ? ERR_FORBIDDEN : err;
}

enum err pg_members_page(struct store *store, uint64_t channel, uint64_t after, size_t limit,
                         struct arena *arena, struct store_users *out)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT " PG_USER_COLUMNS
                                       " FROM membership m JOIN users u ON u.id = m.user_id"
                                       " WHERE m.channel_id = $1 AND m.user_id > $2"
                                       " ORDER BY m.user_id LIMIT $3");
    pg_query_u64(&q, channel);
    pg_query_u64(&q, after);
    pg_query_u64(&q, limit);
    return pg_read_users(&q, limit, arena, out);
}

/* ---- read markers ---- */

/* The newest event up to `seq`; untouched when there is none. */
static enum err find_event_once(struct store_pg *s, uint64_t channel, uint64_t seq,
                                struct event *out)
{
    const uint32_t shard = pg_shard_of(channel);
    struct pg_conn *conn;
    const enum err err = pg_shard_ready(s, shard, &conn);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(conn, shard,
                                       "SELECT seq, n FROM @.messages"
                                       " WHERE channel_id = $1 AND seq <= $2"
                                       " ORDER BY seq DESC LIMIT 1");
    pg_query_u64(&q, channel);
    pg_query_u64(&q, seq);
    if (pg_query_row(&q)) {
        out->seq = pg_query_get_u64(&q, 0);
        out->n = pg_query_get_u64(&q, 1);
    }
    return pg_query_end(&q);
}

static enum err find_event(struct store_pg *s, uint64_t channel, uint64_t seq, struct event *out)
{
    const enum err err = find_event_once(s, channel, seq, out);
    return err == ERR_UNAVAILABLE && pg_shards_moved(s) ? find_event_once(s, channel, seq, out)
                                                        : err;
}

enum err pg_mark_read_at(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                         uint64_t n)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    /* A marker that is there already is not written again: most calls change nothing. */
    struct pg_query q =
        pg_query_begin(&s->directory, PG_NO_SHARD,
                       "WITH moved AS (UPDATE membership_by_user SET read_seq = $3, read_n = $4"
                       "   WHERE user_id = $2 AND channel_id = $1 AND read_seq < $3)"
                       " SELECT 1 FROM membership_by_user WHERE user_id = $2 AND channel_id = $1");
    pg_query_u64(&q, channel);
    pg_query_u64(&q, user);
    pg_query_u64(&q, seq);
    pg_query_u64(&q, n);
    const bool found = pg_query_row(&q);
    err = pg_write_end(s, pg_query_end_found(&q, found));
    return err == ERR_NOT_FOUND ? ERR_NOT_MEMBER : err;
}

enum err pg_mark_read(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                      struct arena *arena, struct channel *out)
{
    struct event event = {0};
    enum err err = find_event(store_pg_of(store), channel, seq, &event);
    if (err == ERR_NONE)
        err = pg_mark_read_at(store, channel, user, event.seq, event.n);
    if (err != ERR_NONE)
        return err;

    struct channel channel_seen;
    err = pg_channel_get(store, channel, user, arena, &channel_seen);
    if (err == ERR_NONE && !channel_seen.member)
        err = ERR_NOT_MEMBER; /* removed meanwhile */
    if (err == ERR_NONE)
        *out = channel_seen;
    return err;
}
