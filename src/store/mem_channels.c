/* Channels in memory. */

#include "base/mem.h"
#include "store/store_mem.h"

struct mem_channel *mem_find_channel(const struct mem_db *db, uint64_t id)
{
    return id >= 1 && id <= db->channels_len ? db->channels[id - 1] : NULL;
}

struct channel mem_copy_channel(const struct mem_channel *channel, uint64_t viewer,
                                struct arena *arena)
{
    struct channel copy = channel->channel;
    copy.name = arena_copy(arena, copy.name);
    copy.topic = arena_copy(arena, copy.topic);
    copy.members = channel->members_len;
    copy.last_seq = mem_last_seq(channel);
    copy.last_n = mem_last_n(channel);
    const struct mem_member *member = mem_find_member(channel, viewer);
    if (member != NULL) {
        copy.member = true;
        copy.read_seq = member->read_seq;
        copy.read_n = member->read_n;
    }
    return copy;
}

static struct mem_channel *add_channel(struct mem_db *db, enum channel_kind kind)
{
    struct mem_channel *channel = arena_zalloc(&db->arena, sizeof(*channel));
    db->channels =
        mem_realloc_array(db->channels, db->channels_len + 1, sizeof(struct mem_channel *));
    db->channels[db->channels_len++] = channel;
    channel->channel.id = db->channels_len;
    channel->channel.kind = kind;
    channel->channel.name = SLICE_EMPTY;
    channel->channel.topic = SLICE_EMPTY;
    return channel;
}

enum err mem_channel_create(struct store *store, enum channel_kind kind, struct slice name,
                            struct slice topic, uint64_t creator, int64_t now_us, uint64_t *id)
{
    (void)now_us;
    struct mem_db *db = mem_enter(store);
    if (kind == CHANNEL_PUBLIC && mem_names_get(&db->channels_by_name, name) != NULL)
        return mem_leave(db, ERR_EXISTS);
    if (creator != 0 && mem_find_user(db, creator) == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    struct mem_channel *channel = add_channel(db, kind);
    channel->channel.creator = creator;
    channel->channel.name = arena_copy(&db->arena, name);
    channel->channel.topic = arena_copy(&db->arena, topic);
    if (kind == CHANNEL_PUBLIC)
        mem_names_put(&db->channels_by_name, name, channel);
    *id = channel->channel.id;
    return mem_leave(db, ERR_NONE);
}

/* False when the name is taken. */
static bool rename_public(struct mem_db *db, struct mem_channel *channel, struct slice name)
{
    struct mem_channel *holder = mem_names_get(&db->channels_by_name, name);
    if (holder != NULL)
        return holder == channel;
    (void)mem_names_remove(&db->channels_by_name, channel->channel.name);
    mem_names_put(&db->channels_by_name, name, channel);
    return true;
}

enum err mem_channel_update(struct store *store, uint64_t id,
                            const struct store_channel_change *change)
{
    struct mem_db *db = mem_enter(store);
    struct mem_channel *channel = mem_find_channel(db, id);
    if (channel == NULL || channel->channel.kind == CHANNEL_DIRECT)
        return mem_leave(db, ERR_NOT_FOUND);
    if (change->name != NULL && channel->channel.kind == CHANNEL_PUBLIC &&
        !rename_public(db, channel, *change->name))
        return mem_leave(db, ERR_EXISTS);
    if (change->name != NULL)
        channel->channel.name = arena_copy(&db->arena, *change->name);
    if (change->topic != NULL)
        channel->channel.topic = arena_copy(&db->arena, *change->topic);
    if (change->archived != NULL)
        channel->channel.archived = *change->archived;
    return mem_leave(db, ERR_NONE);
}

static bool users_exist(const struct mem_db *db, const uint64_t *users, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (mem_find_user(db, users[i]) == NULL)
            return false;
    }
    return true;
}

static struct mem_channel *add_direct(struct mem_db *db, const uint64_t *users, size_t count)
{
    struct mem_channel *channel = add_channel(db, CHANNEL_DIRECT);
    memcpy(channel->channel.users, users, count * sizeof(*users));
    channel->channel.users_len = count;
    for (size_t i = 0; i < count; i++)
        mem_insert_member(channel, users[i]);
    return channel;
}

enum err mem_direct_open(struct store *store, const uint64_t *users, size_t count, int64_t now_us,
                         uint64_t *id, bool *created)
{
    (void)now_us;
    struct mem_db *db = mem_enter(store);
    const struct slice key = slice_from(users, count * sizeof(*users));
    struct mem_channel *channel = mem_names_get(&db->directs, key);
    const bool missing = channel == NULL;
    if (missing && !users_exist(db, users, count))
        return mem_leave(db, ERR_NOT_FOUND);
    if (missing) {
        channel = add_direct(db, users, count);
        mem_names_put(&db->directs, key, channel);
    }
    *id = channel->channel.id;
    *created = missing;
    return mem_leave(db, ERR_NONE);
}

enum err mem_channel_get(struct store *store, uint64_t id, uint64_t viewer, struct arena *arena,
                         struct channel *out)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_channel *channel = mem_find_channel(db, id);
    if (channel == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    *out = mem_copy_channel(channel, viewer, arena);
    return mem_leave(db, ERR_NONE);
}

static enum err page(struct store *store, uint64_t viewer, bool private, uint64_t after,
                     size_t limit, struct arena *arena, struct store_channels *out)
{
    struct mem_db *db = mem_enter(store);
    *out = (struct store_channels){.items = arena_alloc(arena, limit * sizeof(*out->items))};
    for (uint64_t at = after; at < db->channels_len && out->count < limit; at++) {
        const struct mem_channel *channel = db->channels[at];
        if (channel->channel.kind == CHANNEL_PUBLIC ||
            (private && channel->channel.kind == CHANNEL_PRIVATE))
            out->items[out->count++] = mem_copy_channel(channel, viewer, arena);
    }
    return mem_leave(db, ERR_NONE);
}

enum err mem_channels_page(struct store *store, uint64_t viewer, uint64_t after, size_t limit,
                           struct arena *arena, struct store_channels *out)
{
    return page(store, viewer, false, after, limit, arena, out);
}

enum err mem_channels_all(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                          struct store_channels *out)
{
    return page(store, 0, true, after, limit, arena, out);
}

enum err mem_channels_of(struct store *store, uint64_t user, struct arena *arena,
                         struct store_channels *out)
{
    struct mem_db *db = mem_enter(store);
    size_t count = 0;
    for (size_t i = 0; i < db->channels_len; i++)
        count += mem_find_member(db->channels[i], user) != NULL;

    *out = (struct store_channels){.items = arena_alloc(arena, count * sizeof(*out->items))};
    for (size_t i = 0; i < db->channels_len; i++) {
        if (mem_find_member(db->channels[i], user) != NULL)
            out->items[out->count++] = mem_copy_channel(db->channels[i], user, arena);
    }
    return mem_leave(db, ERR_NONE);
}

enum err mem_channel_by_name(struct store *store, struct slice name, uint64_t *id)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_channel *channel = mem_names_get(&db->channels_by_name, name);
    if (channel == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    *id = channel->channel.id;
    return mem_leave(db, ERR_NONE);
}
