/* Signing up, logging in and out, the own account. */

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

static enum err hash_password(const struct account_policy *policy, struct slice password,
                              char encoded[crypto_pwhash_STRBYTES])
{
    const int rc = crypto_pwhash_str(encoded, password.ptr, password.len, policy->argon2_passes,
                                     policy->argon2_bytes);
    return rc == 0 ? ERR_NONE : ERR_UNAVAILABLE; /* no memory for it now */
}

static enum err check_password(struct slice password, const char **problem)
{
    if (password.len >= PASSWORD_MIN && password.len <= PASSWORD_MAX)
        return ERR_NONE;
    *problem = "A password has 8 to 256 bytes.";
    return ERR_INVALID;
}

static enum err check_display_name(struct slice display_name, const char **problem)
{
    if (user_display_name_valid(display_name))
        return ERR_NONE;
    *problem = "A display name has 1 to 80 characters, none of them control characters, and not "
               "only spaces.";
    return ERR_INVALID;
}

/* ---- signing up ---- */

static enum err open_session(struct store *store, const struct account_policy *policy,
                             struct slice password_hash, struct account_session *session)
{
    uint8_t hash[TOKEN_HASH_BYTES];
    token_create(session->token);
    if (!token_hash(slice_from(session->token, TOKEN_TEXT_LEN), hash))
        return ERR_INTERNAL;
    const int64_t now_us = clock_wall_us();
    return store_session_create(store, hash, session->user.id, password_hash, now_us,
                                now_us + policy->session_us);
}

/* How the store is to decide; `hash` has room for that of the invite's code. */
static void admit(const struct account_policy *policy, struct slice invite,
                  uint8_t hash[TOKEN_HASH_BYTES], struct store_sign_up *out)
{
    out->admission = STORE_ADMIT_FIRST;
    if (policy->registration == REGISTRATION_OPEN) {
        out->admission = STORE_ADMIT_ANYBODY;
    } else if (policy->registration == REGISTRATION_INVITE && token_hash(invite, hash)) {
        out->admission = STORE_ADMIT_INVITED;
        out->invite_hash = hash;
    }
}

static enum err explain(enum err err, const struct account_policy *policy, const char **problem)
{
    if (err != ERR_FORBIDDEN && err != ERR_NOT_FOUND)
        return err;
    *problem = policy->registration == REGISTRATION_CLOSED
                   ? "Nobody can sign up here. Ask an owner of this server."
                   : "Signing up takes a valid invite. Ask an owner or an admin for one.";
    return ERR_FORBIDDEN;
}

enum err account_sign_up(struct store *store, const struct account_policy *policy,
                         const struct account_sign_up *sign_up, struct arena *arena,
                         struct account_session *out, const char **problem)
{
    char normal[USER_NAME_MAX];
    const struct slice name = sign_up->name;
    const struct slice shown_as = sign_up->display_name.len == 0 ? name : sign_up->display_name;
    if (name.len > USER_NAME_MAX || !user_name_normalize(name, normal)) {
        *problem = "A name is 1 to 32 of a-z, 0-9, '.', '_' and '-', and begins with a letter or "
                   "a digit.";
        return ERR_INVALID;
    }
    enum err err = check_password(sign_up->password, problem);
    if (err == ERR_NONE)
        err = check_display_name(shown_as, problem);
    char encoded[crypto_pwhash_STRBYTES];
    if (err == ERR_NONE)
        err = hash_password(policy, sign_up->password, encoded);
    if (err != ERR_NONE)
        return err;

    uint8_t invite_hash[TOKEN_HASH_BYTES];
    struct store_sign_up wanted = {.name = slice_from(normal, name.len),
                                   .display_name = shown_as,
                                   .password_hash = slice_str(encoded),
                                   .now_us = clock_wall_us()};
    uint64_t id = 0;
    admit(policy, sign_up->invite, invite_hash, &wanted);
    err = store_user_sign_up(store, &wanted, &id);
    if (err != ERR_NONE)
        return explain(err, policy, problem);
    err = store_user_get(store, id, arena, &out->user);
    return err != ERR_NONE ? err : open_session(store, policy, wanted.password_hash, out);
}

/* ---- sessions ---- */

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
    err = open_session(store, policy, hash, out);
    return err == ERR_NOT_FOUND ? ERR_WRONG_PASSWORD : err; /* deactivated, or changed meanwhile */
}

enum err account_of_token(struct store *store, const uint8_t hash[TOKEN_HASH_BYTES],
                          struct store_session *out)
{
    const enum err err = store_session_get(store, hash, clock_wall_us(), out);
    return err == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : err;
}

enum err account_log_out(struct store *store, const uint8_t hash[TOKEN_HASH_BYTES])
{
    const enum err err = store_session_delete(store, hash);
    return err == ERR_NOT_FOUND ? ERR_UNAUTHENTICATED : err;
}

enum err account_log_out_everywhere(struct store *store, uint64_t user)
{
    return store_sessions_delete(store, user, NULL);
}

/* ---- the own account ---- */

static enum err read_password_hash(struct store *store, uint64_t user, struct arena *arena,
                                   struct slice *out)
{
    struct user found;
    enum err err = store_user_get(store, user, arena, &found);
    if (err == ERR_NONE)
        err = store_user_by_name(store, found.name, arena, &found, out);
    return err;
}

static enum err replace_password(struct store *store, uint64_t user, struct slice hash,
                                 const uint8_t kept[TOKEN_HASH_BYTES])
{
    const struct store_user_change change = {.password_hash = &hash};
    enum err err = store_group_begin(store);
    if (err != ERR_NONE)
        return err;
    err = store_user_update(store, user, &change);
    if (err == ERR_NONE)
        err = store_sessions_delete(store, user, kept);
    const enum err ended = store_group_end(store);
    return err != ERR_NONE ? err : ended;
}

enum err account_change_password(struct store *store, const struct account_policy *policy,
                                 uint64_t user, const uint8_t kept[TOKEN_HASH_BYTES],
                                 struct slice old, struct slice password, const char **problem)
{
    enum err err = check_password(password, problem);
    if (err != ERR_NONE)
        return err;
    struct arena arena = {0};
    struct slice hash = SLICE_EMPTY;
    char encoded[crypto_pwhash_STRBYTES];
    err = read_password_hash(store, user, &arena, &hash);
    if (err == ERR_NONE && (old.len > PASSWORD_MAX || !verify(policy, hash, old)))
        err = ERR_WRONG_PASSWORD;
    if (err == ERR_NONE)
        err = hash_password(policy, password, encoded);
    if (err == ERR_NONE)
        err = replace_password(store, user, slice_str(encoded), kept);
    arena_fini(&arena);
    return err;
}

enum err account_update_profile(struct store *store, uint64_t user,
                                const struct account_profile *profile, struct arena *arena,
                                struct user *out, const char **problem)
{
    enum err err = ERR_NONE;
    if (profile->display_name != NULL)
        err = check_display_name(*profile->display_name, problem);
    if (err != ERR_NONE)
        return err;
    if (profile->status_text != NULL && !user_status_text_valid(*profile->status_text)) {
        *problem = "A status has up to 100 characters, none of them control characters.";
        return ERR_INVALID;
    }
    if (profile->status_emoji != NULL && !user_status_emoji_valid(*profile->status_emoji)) {
        *problem = "A status emoji has up to 64 bytes, none of them control characters.";
        return ERR_INVALID;
    }
    const struct store_user_change change = {.display_name = profile->display_name,
                                             .status_text = profile->status_text,
                                             .status_emoji = profile->status_emoji};
    err = store_user_update(store, user, &change);
    return err != ERR_NONE ? err : store_user_get(store, user, arena, out);
}
