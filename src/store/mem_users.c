/* Users, their sessions, and aliases in memory. */

#include "base/mem.h"
#include "store/store_mem.h"

struct mem_user *mem_find_user(const struct mem_db *db, uint64_t id)
{
    return id >= 1 && id <= db->users_len ? db->users[id - 1] : NULL;
}

struct user mem_copy_user(const struct mem_user *user, struct arena *arena)
{
    struct user copy = user->user;
    copy.name = arena_copy(arena, copy.name);
    copy.display_name = arena_copy(arena, copy.display_name);
    copy.status_text = arena_copy(arena, copy.status_text);
    copy.status_emoji = arena_copy(arena, copy.status_emoji);
    return copy;
}

uint64_t mem_add_user(struct mem_db *db, struct slice name, struct slice display_name,
                      struct slice password_hash, enum user_role role)
{
    struct mem_user *user = arena_zalloc(&db->arena, sizeof(*user));
    user->user.name = arena_copy(&db->arena, name);
    user->user.display_name = arena_copy(&db->arena, display_name);
    user->user.role = role;
    user->user.active = true;
    user->user.status_text = SLICE_EMPTY;
    user->user.status_emoji = SLICE_EMPTY;
    user->password_hash = arena_copy(&db->arena, password_hash);
    db->users = mem_realloc_array(db->users, db->users_len + 1, sizeof(struct mem_user *));
    db->users[db->users_len++] = user;
    user->user.id = db->users_len;
    mem_names_put(&db->users_by_name, user->user.name, user);
    return user->user.id;
}

enum err mem_user_create(struct store *store, struct slice name, struct slice display_name,
                         struct slice password_hash, int64_t now_us, uint64_t *id)
{
    (void)now_us; /* nobody asks for it yet */
    struct mem_db *db = mem_enter(store);
    if (mem_names_get(&db->users_by_name, name) != NULL)
        return mem_leave(db, ERR_EXISTS);
    *id = mem_add_user(db, name, display_name, password_hash, USER_MEMBER);
    return mem_leave(db, ERR_NONE);
}

enum err mem_user_get(struct store *store, uint64_t id, struct arena *arena, struct user *out)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_user *user = mem_find_user(db, id);
    if (user == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    *out = mem_copy_user(user, arena);
    return mem_leave(db, ERR_NONE);
}

enum err mem_user_by_name(struct store *store, struct slice name, struct arena *arena,
                          struct user *out, struct slice *password_hash)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_user *user = mem_names_get(&db->users_by_name, name);
    if (user == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    *out = mem_copy_user(user, arena);
    *password_hash = arena_copy(arena, user->password_hash);
    return mem_leave(db, ERR_NONE);
}

enum err mem_users_get(struct store *store, const uint64_t *ids, size_t count, struct arena *arena,
                       struct store_users *out)
{
    struct mem_db *db = mem_enter(store);
    *out = (struct store_users){.items = arena_alloc(arena, count * sizeof(*out->items))};
    for (size_t i = 0; i < count; i++) {
        const struct mem_user *user = mem_find_user(db, ids[i]);
        if (user != NULL)
            out->items[out->count++] = mem_copy_user(user, arena);
    }
    return mem_leave(db, ERR_NONE);
}

enum err mem_users_page(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                        struct store_users *out)
{
    struct mem_db *db = mem_enter(store);
    *out = (struct store_users){.items = arena_alloc(arena, limit * sizeof(*out->items))};
    for (uint64_t at = after; at < db->users_len && out->count < limit; at++)
        out->items[out->count++] = mem_copy_user(db->users[at], arena);
    return mem_leave(db, ERR_NONE);
}

/* ---- sessions ---- */

static struct slice token_slice(const uint8_t token_hash[STORE_TOKEN_BYTES])
{
    return slice_from(token_hash, STORE_TOKEN_BYTES);
}

enum err mem_session_create(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                            uint64_t user, struct slice password_hash, int64_t now_us,
                            int64_t expires_us)
{
    struct mem_db *db = mem_enter(store);
    if (mem_names_get(&db->sessions, token_slice(token_hash)) != NULL)
        return mem_leave(db, ERR_EXISTS);
    const struct mem_user *owner = mem_find_user(db, user);
    if (owner == NULL || !owner->user.active || !slice_eq(owner->password_hash, password_hash))
        return mem_leave(db, ERR_NOT_FOUND);
    struct mem_session *session = arena_alloc(&db->arena, sizeof(*session));
    *session = (struct mem_session){.user = user, .created_us = now_us, .expires_us = expires_us};
    memcpy(session->token_hash, token_hash, STORE_TOKEN_BYTES);
    list_push(&db->all_sessions, &session->link);
    mem_names_put(&db->sessions, token_slice(token_hash), session);
    return mem_leave(db, ERR_NONE);
}

enum err mem_session_get(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                         int64_t now_us, struct store_session *out)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_session *session = mem_names_get(&db->sessions, token_slice(token_hash));
    if (session == NULL || session->expires_us <= now_us ||
        !mem_find_user(db, session->user)->user.active)
        return mem_leave(db, ERR_NOT_FOUND);
    *out = (struct store_session){session->user, session->created_us, session->expires_us};
    return mem_leave(db, ERR_NONE);
}

enum err mem_session_delete(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES])
{
    struct mem_db *db = mem_enter(store);
    struct mem_session *gone = mem_names_remove(&db->sessions, token_slice(token_hash));
    if (gone != NULL)
        list_remove(&gone->link);
    return mem_leave(db, gone == NULL ? ERR_NOT_FOUND : ERR_NONE);
}

enum err mem_sessions_of(struct store *store, uint64_t user, int64_t now_us, struct arena *arena,
                         struct store_sessions *out)
{
    struct mem_db *db = mem_enter(store);
    *out =
        (struct store_sessions){.items = arena_alloc(arena, STORE_PAGE_MAX * sizeof(*out->items))};
    for (struct list *link = db->all_sessions.next;
         link != &db->all_sessions && out->count < STORE_PAGE_MAX; link = link->next) {
        const struct mem_session *session = LIST_ITEM(link, struct mem_session, link);
        if (session->user == user && session->expires_us > now_us)
            out->items[out->count++] =
                (struct store_session){user, session->created_us, session->expires_us};
    }
    return mem_leave(db, ERR_NONE);
}

enum err mem_sessions_delete(struct store *store, uint64_t user, const uint8_t *kept)
{
    struct mem_db *db = mem_enter(store);
    struct list *next;
    for (struct list *link = db->all_sessions.next; link != &db->all_sessions; link = next) {
        struct mem_session *session = LIST_ITEM(link, struct mem_session, link);
        next = link->next;
        if (session->user != user ||
            (kept != NULL && memcmp(session->token_hash, kept, STORE_TOKEN_BYTES) == 0))
            continue;
        (void)mem_names_remove(&db->sessions, token_slice(session->token_hash));
        list_remove(&session->link);
    }
    return mem_leave(db, ERR_NONE);
}

/* ---- aliases ---- */

enum err mem_alias_get(struct store *store, struct slice alias, uint64_t *id)
{
    struct mem_db *db = mem_enter(store);
    const uint64_t *found = mem_names_get(&db->aliases, alias);
    if (found == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    *id = *found;
    return mem_leave(db, ERR_NONE);
}

enum err mem_alias_put(struct store *store, struct slice alias, uint64_t id)
{
    struct mem_db *db = mem_enter(store);
    if (mem_names_get(&db->aliases, alias) != NULL)
        return mem_leave(db, ERR_EXISTS);
    uint64_t *value = arena_alloc(&db->arena, sizeof(*value));
    *value = id;
    mem_names_put(&db->aliases, alias, value);
    return mem_leave(db, ERR_NONE);
}
