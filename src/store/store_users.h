#ifndef STORE_STORE_USERS_H
#define STORE_STORE_USERS_H

/*
 * The part of the store that is about accounts: users, their sessions, and invites. Included by
 * store.h, whose promises hold here as well.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "model/user.h"

#define STORE_TOKEN_BYTES 32u

struct store;

/* ---- users ---- */

/*
 * A new user, a member; `password_hash` is a text and may be empty: then nobody can log in.
 * ERR_EXISTS: the name is taken. For imports: people come in by store_user_sign_up().
 */
NODISCARD enum err store_user_create(struct store *store, struct slice name,
                                     struct slice display_name, struct slice password_hash,
                                     int64_t now_us, uint64_t *id);

enum store_admission {
    STORE_ADMIT_ANYBODY = 1,
    STORE_ADMIT_FIRST = 2,   /* only if nobody has signed up before */
    STORE_ADMIT_INVITED = 3, /* with an invite, of which one use is taken */
};

struct store_sign_up {
    struct slice name;
    struct slice display_name;
    struct slice password_hash;
    enum store_admission admission;
    const uint8_t *invite_hash; /* STORE_TOKEN_BYTES; NULL unless it takes an invite */
    int64_t now_us;
};

/*
 * A new user: the owner if there has been none yet, else a member, whoever else signs up in the
 * same moment. ERR_EXISTS: the name is taken; ERR_FORBIDDEN: there is an owner already;
 * ERR_NOT_FOUND: no such invite, or it has expired or is used up.
 */
NODISCARD enum err store_user_sign_up(struct store *store, const struct store_sign_up *sign_up,
                                      uint64_t *id);

/* What to change of a user. */
struct store_user_change {
    const struct slice *display_name; /* NULL: as it is; so the others */
    const struct slice *status_text;
    const struct slice *status_emoji;
    const struct slice *password_hash;
    const enum user_role *role;
    const bool *active;
};

/* ERR_NOT_FOUND: no such user; ERR_FORBIDDEN: no active owner would be left. */
NODISCARD enum err store_user_update(struct store *store, uint64_t id,
                                     const struct store_user_change *change);

/* ERR_NOT_FOUND. */
NODISCARD enum err store_user_get(struct store *store, uint64_t id, struct arena *arena,
                                  struct user *out);

/* The user called `name` and what is needed to check a password. ERR_NOT_FOUND. */
NODISCARD enum err store_user_by_name(struct store *store, struct slice name, struct arena *arena,
                                      struct user *out, struct slice *password_hash);

struct store_users {
    struct user *items;
    size_t count;
};

/* Those of `ids` (at most STORE_PAGE_MAX) that exist, in no special order. */
NODISCARD enum err store_users_get(struct store *store, const uint64_t *ids, size_t count,
                                   struct arena *arena, struct store_users *out);

/* Up to `limit` users with id > `after`, ascending. */
NODISCARD enum err store_users_page(struct store *store, uint64_t after, size_t limit,
                                    struct arena *arena, struct store_users *out);

/* ---- sessions ---- */

/*
 * A session known by the hash of its token, for an active user whose password hash is still
 * `password_hash`. ERR_EXISTS; ERR_NOT_FOUND: there is no such user, or not any more.
 */
NODISCARD enum err store_session_create(struct store *store,
                                        const uint8_t token_hash[STORE_TOKEN_BYTES], uint64_t user,
                                        struct slice password_hash, int64_t now_us,
                                        int64_t expires_us);

struct store_session {
    uint64_t user;
    int64_t created_us;
    int64_t expires_us;
};

/* The session, unless it has expired at `now_us` or its user is not active. ERR_NOT_FOUND. */
NODISCARD enum err store_session_get(struct store *store,
                                     const uint8_t token_hash[STORE_TOKEN_BYTES], int64_t now_us,
                                     struct store_session *out);

/* ERR_NOT_FOUND when it was gone already. */
NODISCARD enum err store_session_delete(struct store *store,
                                        const uint8_t token_hash[STORE_TOKEN_BYTES]);

struct store_sessions {
    struct store_session *items;
    size_t count;
};

/* Up to STORE_PAGE_MAX sessions of `user` that have not expired at `now_us`, in no special order.
 */
NODISCARD enum err store_sessions_of(struct store *store, uint64_t user, int64_t now_us,
                                     struct arena *arena, struct store_sessions *out);

/* All sessions of `user` but the one with the hash `kept` (NULL: none is kept). */
NODISCARD enum err store_sessions_delete(struct store *store, uint64_t user, const uint8_t *kept);

/* ---- invites ---- */

struct store_invite {
    uint64_t id;
    uint64_t creator;
    int64_t created_us;
    int64_t expires_us;
    uint64_t max_uses;
    uint64_t uses;
};

/* An invite known by the hash of its code; `invite` says all but its id and uses. ERR_EXISTS. */
NODISCARD enum err store_invite_create(struct store *store,
                                       const uint8_t code_hash[STORE_TOKEN_BYTES],
                                       const struct store_invite *invite, uint64_t *id);

/* ERR_NOT_FOUND. */
NODISCARD enum err store_invite_delete(struct store *store, uint64_t id);

struct store_invites {
    struct store_invite *items;
    size_t count;
};

/* Up to `limit` invites with id > `after` that still admit somebody at `now_us`, ascending. */
NODISCARD enum err store_invites_page(struct store *store, int64_t now_us, uint64_t after,
                                      size_t limit, struct arena *arena, struct store_invites *out);

#endif
