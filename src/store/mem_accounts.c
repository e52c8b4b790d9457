/* Signing up, changing accounts, and invites in memory. */

#include "base/mem.h"
#include "store/store_mem.h"

/* ---- signing up ---- */

static bool admits(const struct mem_invite *invite, int64_t now_us)
{
    return !invite->gone && invite->invite.expires_us > now_us &&
           invite->invite.uses < invite->invite.max_uses;
}

static struct mem_invite *find_invite(const struct mem_db *db, const struct store_sign_up *sign_up)
{
    for (size_t i = 0; i < db->invites_len; i++) {
        struct mem_invite *invite = db->invites[i];
        if (memcmp(invite->code_hash, sign_up->invite_hash, STORE_TOKEN_BYTES) == 0 &&
            admits(invite, sign_up->now_us))
            return invite;
    }
    return NULL;
}

enum err mem_user_sign_up(struct store *store, const struct store_sign_up *sign_up, uint64_t *id)
{
    struct mem_db *db = mem_enter(store);
    struct mem_invite *invite = NULL;
    if (sign_up->admission == STORE_ADMIT_FIRST && db->claimed)
        return mem_leave(db, ERR_FORBIDDEN);
    if (sign_up->admission == STORE_ADMIT_INVITED) {
        invite = find_invite(db, sign_up);
        if (invite == NULL)
            return mem_leave(db, ERR_NOT_FOUND);
    }
    if (mem_names_get(&db->users_by_name, sign_up->name) != NULL)
        return mem_leave(db, ERR_EXISTS);
    *id = mem_add_user(db, sign_up->name, sign_up->display_name, sign_up->password_hash,
                       db->claimed ? USER_MEMBER : USER_OWNER);
    db->claimed = true;
    if (invite != NULL)
        invite->invite.uses++;
    return mem_leave(db, ERR_NONE);
}

/* ---- changing ---- */

static bool has_other_owner(const struct mem_db *db, const struct mem_user *user)
{
    for (size_t i = 0; i < db->users_len; i++) {
        const struct mem_user *other = db->users[i];
        if (other != user && other->user.role == USER_OWNER && other->user.active)
            return true;
    }
    return false;
}

static void change_text(struct mem_db *db, struct slice *text, const struct slice *change)
{
    if (change != NULL)
        *text = arena_copy(&db->arena, *change);
}

enum err mem_user_update(struct store *store, uint64_t id, const struct store_user_change *change)
{
    const bool demotes = (change->role != NULL && *change->role != USER_OWNER) ||
                         (change->active != NULL && !*change->active);
    struct mem_db *db = mem_enter(store);
    struct mem_user *user = mem_find_user(db, id);
    if (user == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    if (demotes && user->user.role == USER_OWNER && user->user.active && !has_other_owner(db, user))
        return mem_leave(db, ERR_FORBIDDEN);
    change_text(db, &user->user.display_name, change->display_name);
    change_text(db, &user->user.status_text, change->status_text);
    change_text(db, &user->user.status_emoji, change->status_emoji);
    change_text(db, &user->password_hash, change->password_hash);
    if (change->role != NULL)
        user->user.role = *change->role;
    if (change->active != NULL)
        user->user.active = *change->active;
    return mem_leave(db, ERR_NONE);
}

/* ---- invites ---- */

enum err mem_invite_create(struct store *store, const uint8_t code_hash[STORE_TOKEN_BYTES],
                           const struct store_invite *invite, uint64_t *id)
{
    struct mem_db *db = mem_enter(store);
    for (size_t i = 0; i < db->invites_len; i++) {
        if (memcmp(db->invites[i]->code_hash, code_hash, STORE_TOKEN_BYTES) == 0)
            return mem_leave(db, ERR_EXISTS);
    }
    if (mem_find_user(db, invite->creator) == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    struct mem_invite *made = arena_zalloc(&db->arena, sizeof(*made));
    db->invites = mem_realloc_array(db->invites, db->invites_len + 1, sizeof(struct mem_invite *));
    db->invites[db->invites_len++] = made;
    made->invite = *invite;
    made->invite.id = db->invites_len;
    made->invite.uses = 0;
    memcpy(made->code_hash, code_hash, STORE_TOKEN_BYTES);
    *id = made->invite.id;
    return mem_leave(db, ERR_NONE);
}

enum err mem_invite_delete(struct store *store, uint64_t id)
{
    struct mem_db *db = mem_enter(store);
    if (id == 0 || id > db->invites_len || db->invites[id - 1]->gone)
        return mem_leave(db, ERR_NOT_FOUND);
    db->invites[id - 1]->gone = true;
    return mem_leave(db, ERR_NONE);
}

enum err mem_invites_page(struct store *store, int64_t now_us, uint64_t after, size_t limit,
                          struct arena *arena, struct store_invites *out)
{
    struct mem_db *db = mem_enter(store);
    *out = (struct store_invites){.items = arena_alloc(arena, limit * sizeof(*out->items))};
    for (uint64_t at = after; at < db->invites_len && out->count < limit; at++) {
        if (admits(db->invites[at], now_us))
            out->items[out->count++] = db->invites[at]->invite;
    }
    return mem_leave(db, ERR_NONE);
}
