/* Channels in SQLite. */

#include "base/buf.h"
#include "store/direct_key.h"
#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_txn.h"

/* The end of a query for channels as the user ?1 sees them; `c` is the channel. */
#define VIEW                                                                                       \
    "SELECT c.id, c.kind, c.name, c.topic, c.members, c.direct_key, h.last_seq, h.last_n,"         \
    "  m.user_id, m.read_seq, m.read_n, c.private, c.archived, c.creator_id "
#define VIEW_JOINS                                                                                 \
    " JOIN channel_head h ON h.channel_id = c.id"                                                  \
    " LEFT JOIN membership_by_user m ON m.user_id = ?1 AND m.channel_id = c.id "

/* ---- reading ---- */

static enum err read_channel(const struct sql *q, struct arena *arena, struct channel *out)
{
    *out = (struct channel){
        .id = sql_get_u64(q, 0),
        .kind = sql_get_u64(q, 11) != 0 ? CHANNEL_PRIVATE : (enum channel_kind)sql_get_u64(q, 1),
        .name = sql_get_slice(q, 2, arena),
        .topic = sql_get_slice(q, 3, arena),
        .members = sql_get_u64(q, 4),
        .last_seq = sql_get_u64(q, 6),
        .last_n = sql_get_u64(q, 7),
        .member = !sql_get_null(q, 8),
        .read_seq = sql_get_u64(q, 9),
        .read_n = sql_get_u64(q, 10),
        .archived = sql_get_u64(q, 12) != 0,
        .creator = sql_get_u64(q, 13),
    };
    if (out->kind == CHANNEL_DIRECT && !direct_key_read(sql_get_borrowed(q, 5), out))
        return ERR_CORRUPT;
    return ERR_NONE;
}

enum err sqlite_channel_get(struct store *store, uint64_t id, uint64_t viewer, struct arena *arena,
                            struct channel *out)
{
    struct sql q =
        sql_begin(store_sqlite_of(store), VIEW "FROM channels c" VIEW_JOINS "WHERE c.id = ?2");
    sql_u64(&q, viewer);
    sql_u64(&q, id);
    struct channel channel;
    enum err read = ERR_NONE;
    const bool found = sql_row(&q);
    if (found)
        read = read_channel(&q, arena, &channel);
    const enum err err = sqlite_found(&q, found);
    if (err != ERR_NONE || read != ERR_NONE)
        return err != ERR_NONE ? err : read;
    *out = channel;
    return ERR_NONE;
}

/* Room for one more; what is left behind goes with the arena. */
static void grow(struct store_channels *channels, size_t *cap, struct arena *arena)
{
    *cap = *cap == 0 ? 16 : *cap * 2;
    struct channel *items = arena_alloc(arena, *cap * sizeof(*items));
    if (channels->count > 0)
        memcpy(items, channels->items, channels->count * sizeof(*items));
    channels->items = items;
}

/* All rows, and the end of the query. */
static enum err read_channels(struct sql *q, struct arena *arena, struct store_channels *out)
{
    struct store_channels channels = {0};
    size_t cap = 0;
    enum err read = ERR_NONE;
    while (read == ERR_NONE && sql_row(q)) {
        if (channels.count == cap)
            grow(&channels, &cap, arena);
        read = read_channel(q, arena, &channels.items[channels.count++]);
    }
    const enum err err = sql_end(q);
    if (err != ERR_NONE || read != ERR_NONE)
        return err != ERR_NONE ? err : read;
    *out = channels;
    return ERR_NONE;
}

enum err sqlite_channels_page(struct store *store, uint64_t viewer, uint64_t after, size_t limit,
                              struct arena *arena, struct store_channels *out)
{
    struct sql q =
        sql_begin(store_sqlite_of(store),
                  VIEW "FROM channels c INDEXED BY channels_public" VIEW_JOINS
                       "WHERE c.kind = 1 AND c.private = 0 AND c.id > ?2 ORDER BY c.id LIMIT ?3");
    sql_u64(&q, viewer);
    sql_u64(&q, after);
    sql_u64(&q, limit);
    return read_channels(&q, arena, out);
}

enum err sqlite_channels_all(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                             struct store_channels *out)
{
    struct sql q = sql_begin(store_sqlite_of(store),
                             VIEW "FROM channels c" VIEW_JOINS
                                  "WHERE c.kind = 1 AND c.id > ?2 ORDER BY c.id LIMIT ?3");
    sql_u64(&q, 0);
    sql_u64(&q, after);
    sql_u64(&q, limit);
    return read_channels(&q, arena, out);
}

enum err sqlite_channels_of(struct store *store, uint64_t user, struct arena *arena,
                            struct store_channels *out)
{
    /* CROSS JOIN keeps the order: first the user's rows, then their channels. */
    struct sql q = sql_begin(store_sqlite_of(store),
                             VIEW "FROM membership_by_user m CROSS JOIN channels c"
                                  " CROSS JOIN channel_head h"
                                  " WHERE m.user_id = ?1 AND c.id = m.channel_id"
                                  " AND h.channel_id = m.channel_id ORDER BY m.channel_id");
    sql_u64(&q, user);
    return read_channels(&q, arena, out);
}

enum err sqlite_channel_by_name(struct store *store, struct slice name, uint64_t *id)
{
    struct sql q =
        sql_begin(store_sqlite_of(store), "SELECT id FROM channels"
                                          " WHERE kind = 1 AND private = 0 AND name = ?1");
    sql_text(&q, name);
    const bool found = sql_row(&q);
    if (found)
        *id = sql_get_u64(&q, 0);
    return sqlite_found(&q, found);
}

/* ---- making ---- */

static enum err insert_head(struct store_sqlite *s, uint64_t channel)
{
    struct sql q = sql_begin(s, "INSERT INTO channel_head (channel_id, last_seq, last_n)"
                                " VALUES (?1, 0, 0)");
    sql_u64(&q, channel);
    return sql_run(&q);
}

static enum err insert_named(struct store_sqlite *s, enum channel_kind kind, struct slice name,
                             struct slice topic, uint64_t creator, int64_t now_us)
{
    struct sql q = sql_begin(s, "INSERT INTO channels"
                                " (kind, name, topic, creator_id, created_us, members, private)"
                                " VALUES (1, ?1, ?2, ?3, ?4, 0, ?5)");
    sql_text(&q, name);
    sql_text(&q, topic);
    if (creator == 0)
        sql_null(&q);
    else
        sql_u64(&q, creator);
    sql_i64(&q, now_us);
    sql_u64(&q, kind == CHANNEL_PRIVATE ? 1 : 0);
    return sql_run(&q);
}

enum err sqlite_channel_create(struct store *store, enum channel_kind kind, struct slice name,
                               struct slice topic, uint64_t creator, int64_t now_us, uint64_t *id)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    err = insert_named(s, kind, name, topic, creator, now_us);
    const uint64_t made = (uint64_t)sqlite3_last_insert_rowid(s->db);
    if (err == ERR_NONE)
        err = insert_head(s, made);
    err = sqlite_write_end(s, err);
    if (err == ERR_NONE)
        *id = made;
    return err;
}

enum err sqlite_channel_update(struct store *store, uint64_t id,
                               const struct store_channel_change *change)
{
    struct store_sqlite *s = store_sqlite_of(store);
    const enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct sql q = sql_begin(s, "UPDATE channels SET name = coalesce(?2, name),"
                                " topic = coalesce(?3, topic), archived = coalesce(?4, archived)"
                                " WHERE id = ?1 AND kind = 1");
    sql_u64(&q, id);
    if (change->name == NULL)
        sql_null(&q);
    else
        sql_text(&q, *change->name);
    if (change->topic == NULL)
        sql_null(&q);
    else
        sql_text(&q, *change->topic);
    if (change->archived == NULL)
        sql_null(&q);
    else
        sql_u64(&q, *change->archived ? 1 : 0);
    return sqlite_write_end(s, sqlite_changed(&q));
}

/* ---- direct channels ---- */

struct direct {
    struct slice key;
    const uint64_t *users;
    size_t count;
    uint64_t id;
    bool created;
};

static enum err find_direct(struct store_sqlite *s, struct direct *direct)
{
    struct sql q = sql_begin(s, "SELECT id FROM channels WHERE direct_key = ?1");
    sql_text(&q, direct->key);
    const bool found = sql_row(&q);
    if (found)
        direct->id = sql_get_u64(&q, 0);
    return sqlite_found(&q, found);
}

static enum err insert_direct(struct store_sqlite *s, struct direct *direct, int64_t now_us)
{
    struct sql q = sql_begin(s, "INSERT INTO channels"
                                " (kind, name, topic, direct_key, created_us, members)"
                                " VALUES (2, '', '', ?1, ?2, ?3)");
    sql_text(&q, direct->key);
    sql_i64(&q, now_us);
    sql_u64(&q, direct->count);
    const enum err err = sql_run(&q);
    direct->id = (uint64_t)sqlite3_last_insert_rowid(s->db);
    return err;
}

static enum err create_direct(struct store_sqlite *s, struct direct *direct, int64_t now_us)
{
    enum err err = insert_direct(s, direct, now_us);
    if (err == ERR_NONE)
        err = insert_head(s, direct->id);
    for (size_t i = 0; i < direct->count && err == ERR_NONE; i++)
        err = sqlite_insert_member(s, direct->id, direct->users[i], now_us);
    direct->created = err == ERR_NONE;
    return err;
}

/* Others may make it between looking and writing, so look again with the lock. */
static enum err make_direct(struct store_sqlite *s, struct direct *direct, int64_t now_us)
{
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    err = find_direct(s, direct);
    if (err == ERR_NOT_FOUND)
        err = create_direct(s, direct, now_us);
    return sqlite_write_end(s, err);
}

enum err sqlite_direct_open(struct store *store, const uint64_t *users, size_t count,
                            int64_t now_us, uint64_t *id, bool *created)
{
    struct store_sqlite *s = store_sqlite_of(store);
    struct buf key = {0};
    direct_key_write(&key, users, count);
    struct direct direct = {.key = buf_slice(&key), .users = users, .count = count};
    enum err err = find_direct(s, &direct);
    if (err == ERR_NOT_FOUND)
        err = make_direct(s, &direct, now_us);
    buf_fini(&key);
    if (err == ERR_NONE) {
        *id = direct.id;
        *created = direct.created;
    }
    return err;
}
