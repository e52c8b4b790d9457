#ifndef CHAT_ACCOUNTS_H
#define CHAT_ACCOUNTS_H

/*
 * Accounts: signing up, logging in and out. Everything here blocks, and what touches passwords
 * takes a tenth of a second and tens of megabytes on purpose (argon2id): run it on its own few
 * threads.
 */

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "chat/token.h"
#include "model/user.h"

struct store;

struct account_policy {
    uint64_t argon2_passes;
    size_t argon2_bytes;
    int64_t session_us; /* how long a session lives */
};

/* A person with a new session. */
struct account_session {
    struct user user;
    char token[TOKEN_TEXT_LEN];
};

/*
 * Make an account and a session. ERR_INVALID with *problem, a sentence for the person;
 * ERR_EXISTS: the name is taken. An empty display name means the name.
 */
NODISCARD enum err account_sign_up(struct store *store, const struct account_policy *policy,
                                   struct slice name, struct slice password,
                                   struct slice display_name, struct arena *arena,
                                   struct account_session *out, const char **problem);

/* A new session. ERR_WRONG_PASSWORD, after the same time, also when nobody is called so. */
NODISCARD enum err account_log_in(struct store *store, const struct account_policy *policy,
                                  struct slice name, struct slice password, struct arena *arena,
                                  struct account_session *out);

/* Whose session the token with this hash is. ERR_UNAUTHENTICATED. */
NODISCARD enum err account_of_token(struct store *store, const uint8_t hash[TOKEN_HASH_BYTES],
                                    uint64_t *user);

/* End the session. ERR_UNAUTHENTICATED: there is none. */
NODISCARD enum err account_log_out(struct store *store, const uint8_t hash[TOKEN_HASH_BYTES]);

#endif
