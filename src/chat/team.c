/* Roles, who may log in, invites. */

#include "chat/team.h"

#include "base/clock.h"

#define LAST_OWNER "At least one active owner must remain."

static enum err read_actor(struct store *store, uint64_t id, struct user *out)
{
    struct arena arena = {0};
    enum err err = store_user_get(store, id, &arena, out);
    arena_fini(&arena);
    if (err == ERR_NOT_FOUND || (err == ERR_NONE && !out->active))
        err = ERR_UNAUTHENTICATED;
    out->name = out->display_name = out->status_text = out->status_emoji = SLICE_EMPTY;
    return err;
}

/* ---- roles ---- */

enum err team_set_role(struct store *store, uint64_t actor, uint64_t user, enum user_role role,
                       struct arena *arena, struct user *out, const char **problem)
{
    struct user asking;
    enum err err = read_actor(store, actor, &asking);
    if (err != ERR_NONE)
        return err;
    if (asking.role != USER_OWNER) {
        *problem = "Only an owner may change roles.";
        return ERR_FORBIDDEN;
    }
    const struct store_user_change change = {.role = &role};
    err = store_user_update(store, user, &change);
    if (err == ERR_FORBIDDEN)
        *problem = LAST_OWNER;
    return err != ERR_NONE ? err : store_user_get(store, user, arena, out);
}

/* ---- who may log in ---- */

static enum err check_reach(struct store *store, uint64_t actor, uint64_t user,
                            const char **problem)
{
    struct user asking;
    struct user asked;
    struct arena arena = {0};
    enum err err = read_actor(store, actor, &asking);
    if (err == ERR_NONE)
        err = store_user_get(store, user, &arena, &asked);
    arena_fini(&arena);
    if (err == ERR_NONE && asking.role == USER_MEMBER) {
        *problem = "Only an owner or an admin may do that.";
        err = ERR_FORBIDDEN;
    } else if (err == ERR_NONE && asking.role == USER_ADMIN && asked.role == USER_OWNER) {
        *problem = "Only an owner may do that to an owner.";
        err = ERR_FORBIDDEN;
    }
    return err;
}

static enum err store_active(struct store *store, uint64_t user, bool active)
{
    const struct store_user_change change = {.active = &active};
    enum err err = store_group_begin(store);
    if (err != ERR_NONE)
        return err;
    err = store_user_update(store, user, &change);
    if (err == ERR_NONE && !active)
        err = store_sessions_delete(store, user, NULL);
    const enum err ended = store_group_end(store);
    return err != ERR_NONE ? err : ended;
}

enum err team_set_active(struct store *store, uint64_t actor, uint64_t user, bool active,
                         struct arena *arena, struct user *out, const char **problem)
{
    enum err err = check_reach(store, actor, user, problem);
    if (err != ERR_NONE)
        return err;
    err = store_active(store, user, active);
    if (err == ERR_FORBIDDEN)
        *problem = LAST_OWNER;
    return err != ERR_NONE ? err : store_user_get(store, user, arena, out);
}

/* ---- invites ---- */

enum err team_check_admin(struct store *store, uint64_t user)
{
    struct user asking;
    const enum err err = read_actor(store, user, &asking);
    if (err != ERR_NONE)
        return err;
    return asking.role == USER_MEMBER ? ERR_FORBIDDEN : ERR_NONE;
}

enum err team_create_invite(struct store *store, uint64_t actor, uint64_t max_uses, uint64_t age_s,
                            char code[TOKEN_TEXT_LEN], struct store_invite *out)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    const enum err err = team_check_admin(store, actor);
    if (err != ERR_NONE)
        return err;
    token_create(code);
    if (!token_hash(slice_from(code, TOKEN_TEXT_LEN), hash))
        return ERR_INTERNAL;
    const int64_t now_us = clock_wall_us();
    *out = (struct store_invite){.creator = actor,
                                 .created_us = now_us,
                                 .expires_us = now_us + (int64_t)age_s * 1000000,
                                 .max_uses = max_uses};
    return store_invite_create(store, hash, out, &out->id);
}

enum err team_revoke_invite(struct store *store, uint64_t actor, uint64_t invite)
{
    const enum err err = team_check_admin(store, actor);
    return err != ERR_NONE ? err : store_invite_delete(store, invite);
}

enum err team_list_invites(struct store *store, uint64_t actor, uint64_t after, size_t limit,
                           struct arena *arena, struct store_invites *out)
{
    const enum err err = team_check_admin(store, actor);
    return err != ERR_NONE ? err
                           : store_invites_page(store, clock_wall_us(), after, limit, arena, out);
}
