/* Signing up, logging in and out. */

#include "chat/accounts.h"

#include <sodium.h>
#include <string.h>

#include "base/clock.h"
#include "store/store.h"

/* The hash of no password, so that an unknown name costs the same time as a wrong password. */
static bool verify(const struct account_policy *policy, struct slice hash, struct slice password)
{
    char encoded[crypto_pwhash_STRBYTES] = {0};
    if (hash.len > 0 && hash.len < sizeof(encoded)) {
        memcpy(encoded, hash.ptr, hash.len);
        return crypto_pwhash_str_verify(encoded, password.ptr, password.len) == 0;
    }
    const int ignored = crypto_pwhash_str(encoded, password.ptr, password.len,
                                          policy->argon2_passes, policy->argon2_bytes);
    (void)ignored;
    return false;
}

static enum err open_session(struct store *store, const struct account_policy *policy,
                             struct account_session *session)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    token_create(session->token);
    if (!token_hash(slice_from(session->token, TOKEN_TEXT_LEN), hash))
        return ERR_INTERNAL;
    const int64_t now_us = clock_wall_us();
    return store_session_create(store, hash, session->user.id, now_us, now_us + policy->session_us);
}

static enum err check_sign_up(struct slice name, struct slice password, struct slice display_name,
                              char *normal, const char **problem)
{
    if (name.len > USER_NAME_MAX || !user_name_normalize(name, normal)) {
        *problem = "A name is 1 to 32 of a-z, 0-9, '.', '_' and '-', and begins with a letter or "
                   "a digit.";
        return ERR_INVALID;
    }
    if (password.len < PASSWORD_MIN || password.len > PASSWORD_MAX) {
        *problem = "A password has 8 to 256 bytes.";
        return ERR_INVALID;
    }
    if (!user_display_name_valid(display_name)) {
        *problem = "A display name has up to 80 characters, none of them control characters.";
        return ERR_INVALID;
    }
    return ERR_NONE;
}

enum err account_sign_up(struct store *store, const struct account_policy *policy,
                         struct slice name, struct slice password, struct slice display_name,
                         struct arena *arena, struct account_session *out, const char **problem)
{
    char normal[USER_NAME_MAX];
    if (display_name.len == 0)
        display_name = name;
    enum err err = check_sign_up(name, password, display_name, normal, problem);
    if (err != ERR_NONE)
        return err;

    char encoded[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(encoded, password.ptr, password.len, policy->argon2_passes,
                          policy->argon2_bytes) != 0)
        return ERR_UNAVAILABLE; /* no memory for it now */
    out->user.name = arena_copy(arena, slice_from(normal, name.len));
    out->user.display_name = arena_copy(arena, display_name);
    err = store_user_create(store, out->user.name, display_name, slice_str(encoded),
                            clock_wall_us(), &out->user.id);
    if (err != ERR_NONE)
        return err;
    return open_session(store, policy, out);
}

enum err account_log_in(struct store *store, const struct account_policy *policy, struct slice name,
                        struct slice password, struct arena *arena, struct account_session *out)
{
    char normal[USER_NAME_MAX];
    struct slice hash = SLICE_EMPTY;
    enum err err = ERR_NOT_FOUND;
    if (name.len <= USER_NAME_MAX && user_name_normalize(name, normal))
        err = store_user_by_name(store, slice_from(normal, name.len), arena, &out->user, &hash);
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    if (password.len > PASSWORD_MAX || !verify(policy, hash, password))
        return ERR_WRONG_PASSWORD;
    return open_session(store, policy, out);
}

enum err account_of_token(struct store *store, const uint8_t hash[TOKEN_HASH_BYTES], uint64_t *user)
{
    const enum err err = store_session_get(store, hash, clock_wall_us(), user);
    return err == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : err;
}

enum err account_log_out(struct store *store, const uint8_t hash[TOKEN_HASH_BYTES])
{
    const enum err err = store_session_delete(store, hash);
    return err == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : err;
}
