/* Making, joining, leaving, changing channels. */

#include "chat/channels.h"

#include "base/clock.h"

static enum err check_name(struct slice name, char normal[CHANNEL_NAME_MAX], const char **problem)
{
    if (name.len <= CHANNEL_NAME_MAX && channel_name_normalize(name, normal))
        return ERR_NONE;
    *problem = "A channel's name is 1 to 80 bytes of letters, digits, '-' and '_'.";
    return ERR_INVALID;
}

static enum err check_topic(struct slice topic, const char **problem)
{
    if (channel_topic_valid(topic))
        return ERR_NONE;
    *problem = "A topic has up to 1,000 bytes and no control characters.";
    return ERR_INVALID;
}

/* The channel as `user` sees it. What is not public only its members know of. */
static enum err look(struct store *store, uint64_t user, uint64_t id, struct arena *arena,
                     struct channel *out)
{
    const enum err err = store_channel_get(store, id, user, arena, out);
    if (err == ERR_NONE && out->kind != CHANNEL_PUBLIC && !out->member)
        return ERR_NOT_FOUND; /* the same as one that does not exist */
    return err;
}

enum err channel_create(struct store *store, uint64_t user, enum channel_kind kind,
                        struct slice name, struct slice topic, struct arena *arena,
                        struct channel *out, const char **problem)
{
    char normal[CHANNEL_NAME_MAX];
    enum err err = check_name(name, normal, problem);
    if (err == ERR_NONE)
        err = check_topic(topic, problem);
    if (err == ERR_NONE)
        err = store_group_begin(store);
    if (err != ERR_NONE)
        return err;
    uint64_t id;
    const int64_t now_us = clock_wall_us();
    const struct slice given = slice_from(normal, name.len);
    err = kind == CHANNEL_PRIVATE ? store_private_create(store, given, topic, user, now_us, &id)
                                  : store_channel_create(store, given, topic, user, now_us, &id);
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
    enum err err = look(store, user, id, arena, out);
    if (err != ERR_NONE)
        return err;
    *joined = false;
    if (out->member)
        return ERR_NONE;
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
    const enum err err = look(store, user, id, arena, &channel);
    return err != ERR_NONE ? err : store_members_page(store, id, after, limit, arena, out);
}

/* ---- changing ---- */

/* A channel of the user's own that can be changed at all. */
static enum err look_as_member(struct store *store, uint64_t user, uint64_t id, struct arena *arena,
                               struct channel *out, const char **problem)
{
    const enum err err = look(store, user, id, arena, out);
    if (err != ERR_NONE)
        return err;
    if (!out->member)
        return ERR_NOT_MEMBER;
    if (out->kind != CHANNEL_DIRECT && !out->archived)
        return ERR_NONE;
    *problem = out->archived ? "The channel is archived." : "A direct conversation stays as it is.";
    return ERR_FORBIDDEN;
}

enum err channel_update(struct store *store, uint64_t user, uint64_t id, const struct slice *name,
                        const struct slice *topic, struct arena *arena, struct channel_changes *out,
                        const char **problem)
{
    char normal[CHANNEL_NAME_MAX];
    struct channel before;
    struct slice given = SLICE_EMPTY;
    enum err err = ERR_NONE;
    if (name != NULL) {
        err = check_name(*name, normal, problem);
        given = slice_from(normal, name->len);
    }
    if (err == ERR_NONE && topic != NULL)
        err = check_topic(*topic, problem);
    if (err == ERR_NONE)
        err = look_as_member(store, user, id, arena, &before, problem);
    if (err != ERR_NONE)
        return err;
    *out = (struct channel_changes){
        .renamed = name != NULL && !slice_eq(given, before.name),
        .retopiced = topic != NULL && !slice_eq(*topic, before.topic),
    };
    const struct store_channel_change change = {.name = out->renamed ? &given : NULL,
                                                .topic = out->retopiced ? topic : NULL};
    err = store_channel_update(store, id, &change);
    return err != ERR_NONE ? err : store_channel_get(store, id, user, arena, &out->channel);
}

static enum err check_active(struct store *store, const uint64_t *users, size_t count,
                             struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        struct user user;
        const enum err err = store_user_get(store, users[i], arena, &user);
        if (err != ERR_NONE)
            return err;
        if (!user.active)
            return ERR_NOT_FOUND;
    }
    return ERR_NONE;
}

enum err channel_invite(struct store *store, uint64_t user, uint64_t id, const uint64_t *others,
                        size_t count, struct arena *arena, struct channel_invited *out,
                        const char **problem)
{
    out->added_len = 0;
    enum err err = look_as_member(store, user, id, arena, &out->channel, problem);
    if (err == ERR_NONE)
        err = check_active(store, others, count, arena);
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = store_member_add(store, id, others[i], clock_wall_us());
        if (err == ERR_NONE)
            out->added[out->added_len++] = others[i];
        else if (err == ERR_EXISTS)
            err = ERR_NONE;
    }
    /* Who came in before a failure has come in, and the sockets must hear of it. */
    if (err != ERR_NONE && out->added_len == 0)
        return err;
    return store_channel_get(store, id, user, arena, &out->channel);
}

/* Its creator, an owner or an admin, of a channel that they may know of. */
static enum err look_as_keeper(struct store *store, uint64_t user, uint64_t id, struct arena *arena,
                               struct channel *out, const char **problem)
{
    struct user asking;
    enum err err = look(store, user, id, arena, out);
    if (err == ERR_NONE)
        err = store_user_get(store, user, arena, &asking);
    if (err != ERR_NONE)
        return err;
    if (out->kind == CHANNEL_DIRECT)
        *problem = "A direct conversation stays as it is.";
    else if (asking.role == USER_MEMBER && out->creator != user)
        *problem = "Only the channel's creator, an owner or an admin may do that.";
    else
        return ERR_NONE;
    return ERR_FORBIDDEN;
}

enum err channel_remove(struct store *store, uint64_t user, uint64_t id, uint64_t other,
                        const char **problem)
{
    struct arena arena = {0};
    struct channel channel;
    enum err err = look_as_keeper(store, user, id, &arena, &channel, problem);
    if (err == ERR_NONE)
        err = store_member_remove(store, id, other);
    arena_fini(&arena);
    return err;
}

enum err channel_set_archived(struct store *store, uint64_t user, uint64_t id, bool archived,
                              struct arena *arena, struct channel_changes *out,
                              const char **problem)
{
    struct channel before;
    enum err err = look_as_keeper(store, user, id, arena, &before, problem);
    if (err != ERR_NONE)
        return err;
    *out = (struct channel_changes){.archived = before.archived != archived};
    const struct store_channel_change change = {.archived = &archived};
    err = store_channel_update(store, id, &change);
    return err != ERR_NONE ? err : store_channel_get(store, id, user, arena, &out->channel);
}
