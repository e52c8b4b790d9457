/* Making, joining, leaving channels. */

#include "chat/channels.h"

#include "base/clock.h"

enum err channel_create(struct store *store, uint64_t user, struct slice name, struct slice topic,
                        struct arena *arena, struct channel *out, const char **problem)
{
    char normal[CHANNEL_NAME_MAX];
    if (name.len > CHANNEL_NAME_MAX || !channel_name_normalize(name, normal)) {
        *problem = "A channel's name is 1 to 80 bytes of letters, digits, '-' and '_'.";
        return ERR_INVALID;
    }
    if (!channel_topic_valid(topic)) {
        *problem = "A topic has up to 1,000 bytes and no control characters.";
        return ERR_INVALID;
    }
    uint64_t id;
    const int64_t now_us = clock_wall_us();
    enum err err = store_group_begin(store);
    if (err != ERR_NONE)
        return err;
    err = store_channel_create(store, slice_from(normal, name.len), topic, user, now_us, &id);
    if (err == ERR_NONE)
        err = store_member_add(store, id, user, now_us);
    const enum err end = store_group_end(store);
    if (err == ERR_NONE)
        err = end;
    return err != ERR_NONE ? err : store_channel_get(store, id, user, arena, out);
}

enum err channel_join(struct store *store, uint64_t user, uint64_t id, struct arena *arena,
                      struct channel *out, bool *joined)
{
    enum err err = store_channel_get(store, id, user, arena, out);
    if (err != ERR_NONE)
        return err;
    *joined = false;
    if (out->member)
        return ERR_NONE;
    if (out->kind != CHANNEL_PUBLIC)
        return ERR_NOT_FOUND; /* the same as one that does not exist */
    err = store_member_add(store, id, user, clock_wall_us());
    if (err != ERR_NONE && err != ERR_EXISTS)
        return err;
    *joined = err == ERR_NONE;
    return store_channel_get(store, id, user, arena, out);
}

enum err channel_leave(struct store *store, uint64_t user, uint64_t id)
{
    struct arena arena = {0};
    struct channel channel;
    enum err err = store_channel_get(store, id, user, &arena, &channel);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && !channel.member))
        err = ERR_NOT_MEMBER;
    else if (err == ERR_NONE && channel.kind == CHANNEL_DIRECT)
        err = ERR_FORBIDDEN;
    else if (err == ERR_NONE)
        err = store_member_remove(store, id, user);
    arena_fini(&arena);
    return err == ERR_NOT_FOUND ? ERR_NOT_MEMBER : err;
}

/* Put `id` into the ascending set; false when the set is full. */
static bool set_add(uint64_t *set, size_t *len, uint64_t id)
{
    size_t at = 0;
    while (at < *len && set[at] < id)
        at++;
    if (at < *len && set[at] == id)
        return true;
    if (*len == DIRECT_USERS_MAX)
        return false;
    for (size_t i = *len; i > at; i--)
        set[i] = set[i - 1];
    set[at] = id;
    (*len)++;
    return true;
}

enum err channel_open_direct(struct store *store, uint64_t user, const uint64_t *others,
                             size_t count, struct arena *arena, struct channel *out, bool *created,
                             const char **problem)
{
    uint64_t set[DIRECT_USERS_MAX];
    size_t len = 0;
    bool fits = set_add(set, &len, user);
    for (size_t i = 0; i < count && fits; i++)
        fits = set_add(set, &len, others[i]);
    if (!fits) {
        *problem = "A direct channel has at most 9 people, you included.";
        return ERR_INVALID;
    }
    uint64_t id;
    const enum err err = store_direct_open(store, set, len, clock_wall_us(), &id, created);
    return err != ERR_NONE ? err : store_channel_get(store, id, user, arena, out);
}

enum err channel_members(struct store *store, uint64_t user, uint64_t id, uint64_t after,
                         size_t limit, struct arena *arena, struct store_users *out)
{
    struct channel channel;
    const enum err err = store_channel_get(store, id, user, arena, &channel);
    if (err != ERR_NONE)
        return err;
    if (channel.kind != CHANNEL_PUBLIC && !channel.member)
        return ERR_NOT_FOUND;
    return store_members_page(store, id, after, limit, arena, out);
}
