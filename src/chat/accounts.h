#ifndef CHAT_ACCOUNTS_H
#define CHAT_ACCOUNTS_H

/*
 * Accounts: signing up, logging in and out, and what a person changes of the own account.
 * Everything here blocks, and what touches passwords takes a tenth of a second and tens of
 * megabytes on purpose (argon2id): run it on its own few threads.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "chat/token.h"
#include "model/user.h"
#include "store/store.h"

/* Who may sign up. The first one always may, for somebody has to let in the others. */
enum registration {
    REGISTRATION_OPEN,
    REGISTRATION_INVITE, /* with an invite of an owner or admin */
    REGISTRATION_CLOSED,
};

struct account_policy {
    uint64_t argon2_passes;
    size_t argon2_bytes;
    int64_t session_us; /* how long a session lives */
    enum registration registration;
};

/* A person with a new session. */
struct account_session {
    struct user user;
    char token[TOKEN_TEXT_LEN];
};

struct account_sign_up {
    struct slice name;
    struct slice password;
    struct slice display_name; /* empty: the name */
    struct slice invite;       /* its code; may be empty */
};

/*
 * Make an account and a session; the first account is the owner's. ERR_INVALID and ERR_FORBIDDEN
 * with *problem, a sentence for the person; ERR_EXISTS: the name is taken.
 */
NODISCARD enum err account_sign_up(struct store *store, const struct account_policy *policy,
                                   const struct account_sign_up *sign_up, struct arena *arena,
                                   struct account_session *out, const char **problem);

/*
 * A new session. ERR_WRONG_PASSWORD, after the same time, also when nobody is called so or the
 * account is not active.
 */
NODISCARD enum err account_log_in(struct store *store, const struct account_policy *policy,
                                  struct slice name, struct slice password, struct arena *arena,
                                  struct account_session *out);

/* The session whose token has this hash. ERR_UNAUTHENTICATED. */
NODISCARD enum err account_of_token(struct store *store, const uint8_t hash[TOKEN_HASH_BYTES],
                                    struct store_session *out);

/* End the session. ERR_UNAUTHENTICATED: there is none. */
NODISCARD enum err account_log_out(struct store *store, const uint8_t hash[TOKEN_HASH_BYTES]);

/* End all sessions of `user`. */
NODISCARD enum err account_log_out_everywhere(struct store *store, uint64_t user);

/*
 * Give `user` another password and end all sessions but the one with the hash `kept`.
 * ERR_WRONG_PASSWORD: `old` is not the password; ERR_INVALID with *problem.
 */
NODISCARD enum err account_change_password(struct store *store, const struct account_policy *policy,
                                           uint64_t user, const uint8_t kept[TOKEN_HASH_BYTES],
                                           struct slice old, struct slice password,
                                           const char **problem);

/* What a person says of themselves; NULL: as it is. */
struct account_profile {
    const struct slice *display_name;
    const struct slice *status_text;
    const struct slice *status_emoji;
};

/* Change it; `out` is how it is then. ERR_INVALID with *problem. */
NODISCARD enum err account_update_profile(struct store *store, uint64_t user,
                                          const struct account_profile *profile,
                                          struct arena *arena, struct user *out,
                                          const char **problem);

#endif
