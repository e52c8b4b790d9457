/* Channels in PostgreSQL: from the directory, their heads from the shards. */

#include "store/direct_key.h"
#include "store/pg_arrays.h"
#include "store/store_pg.h"

/* The beginning of a query for channels as the user $1 sees them; `c` is the channel. */
#define VIEW                                                                                       \
    "SELECT c.id, c.kind, c.name, c.topic, c.members, c.direct_key, m.user_id, m.read_seq,"        \
    "  m.read_n, c.private, c.archived, c.creator_id "
#define VIEW_JOIN " LEFT JOIN membership_by_user m ON m.user_id = $1 AND m.channel_id = c.id "

/* ---- reading ---- */

static bool read_channel(const struct pg_query *q, struct arena *arena, struct channel *out)
{
    *out = (struct channel){
        .id = pg_query_get_u64(q, 0),
        .kind = pg_query_get_u64(q, 9) != 0 ? CHANNEL_PRIVATE
                                            : (enum channel_kind)pg_query_get_u64(q, 1),
        .name = pg_query_get_slice(q, 2, arena),
        .topic = pg_query_get_slice(q, 3, arena),
        .members = pg_query_get_u64(q, 4),
        .member = !pg_query_get_null(q, 6),
        .read_seq = pg_query_get_u64(q, 7),
        .read_n = pg_query_get_u64(q, 8),
        .archived = pg_query_get_u64(q, 10) != 0,
        .creator = pg_query_get_u64(q, 11),
    };
    return out->kind != CHANNEL_DIRECT || direct_key_read(pg_query_get_borrowed(q, 5), out);
}

/*
 * While a head is out of reach the channel looks as if everything had been read: a person sees the
 * channel without a mark, not one with thousands unread and not an error in place of the list.
 */
static enum err add_heads(struct store_pg *s, struct store_channels *channels, struct arena *arena)
{
    struct pg_head *heads = arena_zalloc(arena, channels->count * sizeof(*heads) + 1);
    for (size_t i = 0; i < channels->count; i++)
        heads[i].channel = channels->items[i].id;
    const enum err err = pg_heads_read(s, heads, channels->count);
    for (size_t i = 0; i < channels->count && err == ERR_NONE; i++) {
        struct channel *channel = &channels->items[i];
        channel->last_seq = heads[i].known ? heads[i].last_seq : channel->read_seq;
        channel->last_n = heads[i].known ? heads[i].last_n : channel->read_n;
    }
    return err;
}

/* All rows, the end of the query, and the heads. */
static enum err read_channels(struct store_pg *s, struct pg_query *q, struct arena *arena,
                              struct store_channels *out)
{
    struct store_channels channels = {0};
    bool valid = true;
    for (; pg_query_row(q); channels.count++) {
        if (channels.count == 0)
            channels.items = arena_alloc(arena, pg_query_rows(q) * sizeof(*channels.items));
        valid = read_channel(q, arena, &channels.items[channels.count]) && valid;
    }
    enum err err = pg_query_end(q);
    if (err == ERR_NONE && !valid)
        err = ERR_CORRUPT;
    if (err == ERR_NONE && channels.count > 0)
        err = add_heads(s, &channels, arena);
    if (err == ERR_NONE)
        *out = channels;
    return err;
}

enum err pg_channel_get(struct store *store, uint64_t id, uint64_t viewer, struct arena *arena,
                        struct channel *out)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       VIEW "FROM channels c" VIEW_JOIN "WHERE c.id = $2");
    pg_query_u64(&q, viewer);
    pg_query_u64(&q, id);
    struct store_channels channels;
    err = read_channels(s, &q, arena, &channels);
    if (err == ERR_NONE && channels.count == 0)
        err = ERR_NOT_FOUND;
    if (err == ERR_NONE)
        *out = channels.items[0];
    return err;
}

enum err pg_channels_page(struct store *store, uint64_t viewer, uint64_t after, size_t limit,
                          struct arena *arena, struct store_channels *out)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       VIEW "FROM channels c" VIEW_JOIN
                                            "WHERE c.kind = 1 AND NOT c.private AND c.id > $2"
                                            " ORDER BY c.id LIMIT $3");
    pg_query_u64(&q, viewer);
    pg_query_u64(&q, after);
    pg_query_u64(&q, limit);
    return read_channels(s, &q, arena, out);
}

enum err pg_channels_all(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                         struct store_channels *out)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin(&s->directory, PG_NO_SHARD,
                       VIEW "FROM channels c" VIEW_JOIN "WHERE c.kind = 1 AND c.id > $2"
                            " ORDER BY c.id LIMIT $3");
    pg_query_u64(&q, 0);
    pg_query_u64(&q, after);
    pg_query_u64(&q, limit);
    return read_channels(s, &q, arena, out);
}

enum err pg_channels_of(struct store *store, uint64_t user, struct arena *arena,
                        struct store_channels *out)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       VIEW "FROM membership_by_user m"
                                            " JOIN channels c ON c.id = m.channel_id"
                                            " WHERE m.user_id = $1 ORDER BY m.channel_id");
    pg_query_u64(&q, user);
    return read_channels(s, &q, arena, out);
}

enum err pg_channel_by_name(struct store *store, struct slice name, uint64_t *id)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "SELECT id FROM channels"
                                       " WHERE kind = 1 AND NOT private AND name = $1");
    pg_query_slice(&q, name);
    const bool found = pg_query_row(&q);
    if (found)
        *id = pg_query_get_u64(&q, 0);
    return pg_query_end_found(&q, found);
}

enum err pg_channel_exists(struct store_pg *s, uint64_t id)
{
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin(&s->directory, PG_NO_SHARD, "SELECT 1 FROM channels WHERE id = $1");
    pg_query_u64(&q, id);
    const bool found = pg_query_row(&q);
    return pg_query_end_found(&q, found);
}

/* ---- creating ---- */

enum err pg_channel_create(struct store *store, enum channel_kind kind, struct slice name,
                           struct slice topic, uint64_t creator, int64_t now_us, uint64_t *id)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin_write(
        &s->directory, "INSERT INTO channels"
                       " (kind, name, topic, creator_id, created_us, members, private)"
                       " VALUES (1, $1, $2, $3, $4, 0, $5::int8 = 1) RETURNING id");
    pg_query_slice(&q, name);
    pg_query_slice(&q, topic);
    if (creator == 0)
        pg_query_null(&q);
    else
        pg_query_u64(&q, creator);
    pg_query_i64(&q, now_us);
    pg_query_u64(&q, kind == CHANNEL_PRIVATE ? 1 : 0);
    uint64_t made = 0;
    if (pg_query_row(&q))
        made = pg_query_get_u64(&q, 0);
    err = pg_write_end(s, pg_query_end(&q));
    if (err == ERR_NONE)
        *id = made;
    return err;
}

enum err pg_channel_update(struct store *store, uint64_t id,
                           const struct store_channel_change *change)
{
    struct store_pg *s = store_pg_of(store);
    const enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin_write(
        &s->directory, "UPDATE channels SET name = coalesce($2, name),"
                       " topic = coalesce($3, topic), archived = coalesce($4::int8 = 1, archived)"
                       " WHERE id = $1 AND kind = 1 RETURNING 1");
    pg_query_u64(&q, id);
    if (change->name == NULL)
        pg_query_null(&q);
    else
        pg_query_slice(&q, *change->name);
    if (change->topic == NULL)
        pg_query_null(&q);
    else
        pg_query_slice(&q, *change->topic);
    if (change->archived == NULL)
        pg_query_null(&q);
    else
        pg_query_u64(&q, *change->archived ? 1 : 0);
    const bool found = pg_query_row(&q);
    return pg_write_end(s, pg_query_end_found(&q, found));
}

static enum err find_direct(struct store_pg *s, struct slice key, uint64_t *id)
{
    const enum err err = pg_read_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q =
        pg_query_begin(&s->directory, PG_NO_SHARD, "SELECT id FROM channels WHERE direct_key = $1");
    pg_query_slice(&q, key);
    const bool found = pg_query_row(&q);
    if (found)
        *id = pg_query_get_u64(&q, 0);
    return pg_query_end_found(&q, found);
}

/* ERR_EXISTS: others have made it meanwhile. A new channel has no events to have read. */
static enum err make_direct(struct store_pg *s, struct slice key, struct slice users, size_t count,
                            int64_t now_us, uint64_t *id)
{
    const enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin_write(
        &s->directory,
        "WITH made AS (INSERT INTO channels (kind, name, topic, direct_key, created_us, members)"
        "   VALUES (2, '', '', $1, $2, $3) ON CONFLICT (direct_key) DO NOTHING RETURNING id),"
        " by_channel AS (INSERT INTO membership (channel_id, user_id, joined_us)"
        "   SELECT made.id, u, $2 FROM made, unnest($4::int8[]) u),"
        " by_user AS (INSERT INTO membership_by_user (user_id, channel_id, read_seq, read_n)"
        "   SELECT u, made.id, 0, 0 FROM made, unnest($4::int8[]) u)"
        " SELECT id FROM made");
    pg_query_slice(&q, key);
    pg_query_i64(&q, now_us);
    pg_query_u64(&q, count);
    pg_query_slice(&q, users);
    const bool made = pg_query_row(&q);
    if (made)
        *id = pg_query_get_u64(&q, 0);
    const enum err ended = pg_write_end(s, pg_query_end(&q));
    return ended == ERR_NONE && !made ? ERR_EXISTS : ended;
}

enum err pg_direct_open(struct store *store, const uint64_t *users, size_t count, int64_t now_us,
                        uint64_t *id, bool *created)
{
    struct store_pg *s = store_pg_of(store);
    struct buf key = {0};
    struct buf array = {0};
    direct_key_write(&key, users, count);
    pg_array_ids(&array, users, count);
    uint64_t found = 0;
    bool made = false;
    enum err err = find_direct(s, buf_slice(&key), &found);
    if (err == ERR_NOT_FOUND) {
        err = make_direct(s, buf_slice(&key), buf_slice(&array), count, now_us, &found);
        made = err == ERR_NONE;
    }
    if (err == ERR_EXISTS)
        err = find_direct(s, buf_slice(&key), &found);
    buf_fini(&key);
    buf_fini(&array);
    if (err == ERR_NONE) {
        *id = found;
        *created = made;
    }
    return err;
}
