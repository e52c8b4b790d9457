/* Signing up, logging in and out, with cheap password hashing. */

#include "../../support/store_suite.h"

#include <sodium.h>

#include "base/clock.h"
#include "base/hex.h"
#include "chat/accounts.h"

static const struct account_policy policy = {
    .argon2_passes = 1, .argon2_bytes = 8192, .session_us = 3600LL * 1000000};

static const struct slice password = {"correct horse", 13};

static enum err sign_up(struct world *world, const char *name, struct slice secret,
                        const char *display_name, struct account_session *out)
{
    const char *problem = NULL;
    const struct account_sign_up wanted = {.name = slice_str(name),
                                           .password = secret,
                                           .display_name = slice_str(display_name),
                                           .invite = SLICE_EMPTY};
    const enum err err =
        account_sign_up(world->store, &policy, &wanted, &world->arena, out, &problem);
    if (err == ERR_INVALID)
        assert_true(problem != NULL && problem[0] != '\0'); /* a sentence for the person */
    return err;
}

static enum err log_in(struct world *world, const char *name, struct slice secret,
                       struct account_session *out)
{
    return account_log_in(world->store, &policy, slice_str(name), secret, &world->arena, out);
}

static uint64_t user_of(struct world *world, const char token[TOKEN_TEXT_LEN])
{
    uint8_t hash[TOKEN_HASH_BYTES];
    struct store_session session = {0};
    assert_true(token_hash(slice_from(token, TOKEN_TEXT_LEN), hash));
    const enum err err = account_of_token(world->store, hash, &session);
    assert_true(err == ERR_NONE || err == ERR_UNAUTHENTICATED);
    return session.user;
}

static void signing_up_makes_an_account_and_a_session(void **state)
{
    struct world *world = *state;
    struct account_session session;
    assert_ok(sign_up(world, "Grace.H", password, "Grace Hopper", &session));
    assert_slice(session.user.name, "grace.h");
    assert_slice(session.user.display_name, "Grace Hopper");
    assert_int_equal(user_of(world, session.token), session.user.id);

    struct user stored;
    assert_ok(store_user_get(world->store, session.user.id, &world->arena, &stored));
    assert_slice(stored.name, "grace.h");
}

static void an_empty_display_name_means_the_name(void **state)
{
    struct world *world = *state;
    struct account_session session;
    assert_ok(sign_up(world, "Grace", password, "", &session));
    assert_true(session.user.display_name.len == 5);

    struct user stored;
    assert_ok(store_user_get(world->store, session.user.id, &world->arena, &stored));
    assert_true(slice_eq(stored.display_name, session.user.display_name));
}

static void a_name_is_taken_whatever_its_capitals(void **state)
{
    struct world *world = *state;
    struct account_session session;
    assert_ok(sign_up(world, "grace", password, "", &session));
    assert_err(sign_up(world, "GRACE", password, "", &session), ERR_EXISTS);
}

static void bad_names_passwords_and_display_names_are_refused_with_a_sentence(void **state)
{
    static const char *const names[] = {"", ".a", "a b", "a@b",
                                        "0123456789012345678901234567890123"};
    char long_password[PASSWORD_MAX + 1] = {0};
    char long_display_name[USER_DISPLAY_NAME_MAX + 2] = {0};
    struct world *world = *state;
    struct account_session session;
    memset(long_password, 'x', sizeof(long_password));
    memset(long_display_name, 'x', USER_DISPLAY_NAME_MAX + 1);
    for (size_t i = 0; i < COUNT(names); i++)
        assert_err(sign_up(world, names[i], password, "", &session), ERR_INVALID);
    assert_err(sign_up(world, "grace", SLICE("1234567"), "", &session), ERR_INVALID);
    assert_err(sign_up(world, "grace", slice_from(long_password, PASSWORD_MAX + 1), "", &session),
               ERR_INVALID);
    assert_err(sign_up(world, "grace", password, long_display_name, &session), ERR_INVALID);
    assert_err(sign_up(world, "grace", password, "a\nb", &session), ERR_INVALID);

    /* At the limits they are fine. */
    assert_ok(sign_up(world, "grace", slice_from(long_password, PASSWORD_MAX), "", &session));
    assert_ok(log_in(world, "grace", slice_from(long_password, PASSWORD_MAX), &session));
}

static void passwords_are_stored_as_argon2id_and_never_plain(void **state)
{
    struct world *world = *state;
    struct account_session session;
    struct user user;
    struct slice hash;
    assert_ok(sign_up(world, "grace", password, "", &session));
    assert_ok(store_user_by_name(world->store, SLICE("grace"), &world->arena, &user, &hash));
    assert_true(slice_starts(hash, SLICE("$argon2id$")));
    for (size_t i = 0; i + password.len <= hash.len; i++)
        assert_memory_not_equal(hash.ptr + i, password.ptr, password.len);
}

static void logging_in_takes_the_right_password_only(void **state)
{
    struct world *world = *state;
    struct account_session made;
    struct account_session session;
    assert_ok(sign_up(world, "grace", password, "Grace", &made));
    assert_ok(log_in(world, "Grace", password, &session));
    assert_int_equal(session.user.id, made.user.id);
    assert_slice(session.user.display_name, "Grace");
    assert_memory_not_equal(session.token, made.token, TOKEN_TEXT_LEN);
    assert_int_equal(user_of(world, session.token), made.user.id);
    assert_int_equal(user_of(world, made.token), made.user.id);

    static const char *const wrong[] = {"", "correct hors", "correct horse ", "Correct horse"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_err(log_in(world, "grace", slice_str(wrong[i]), &session), ERR_WRONG_PASSWORD);
    assert_err(log_in(world, "grace", slice_from("correct horse\0x", 15), &session),
               ERR_WRONG_PASSWORD);
}

static void an_unknown_name_is_a_wrong_password(void **state)
{
    struct world *world = *state;
    struct account_session session;
    assert_err(log_in(world, "nobody", password, &session), ERR_WRONG_PASSWORD);
    assert_err(log_in(world, "no name at all!", password, &session), ERR_WRONG_PASSWORD);
    assert_err(log_in(world, "", password, &session), ERR_WRONG_PASSWORD);
}

static void who_was_imported_without_a_password_cannot_log_in(void **state)
{
    struct world *world = *state; /* ada has none */
    struct account_session session;
    assert_err(log_in(world, "ada", SLICE(""), &session), ERR_WRONG_PASSWORD);
    assert_err(log_in(world, "ada", password, &session), ERR_WRONG_PASSWORD);
}

static void logging_out_ends_that_session_only(void **state)
{
    struct world *world = *state;
    struct account_session one;
    struct account_session two;
    uint8_t hash[TOKEN_HASH_BYTES];
    assert_ok(sign_up(world, "grace", password, "", &one));
    assert_ok(log_in(world, "grace", password, &two));
    assert_true(token_hash(slice_from(one.token, TOKEN_TEXT_LEN), hash));
    assert_ok(account_log_out(world->store, hash));
    assert_err(account_log_out(world->store, hash), ERR_UNAUTHENTICATED);
    assert_int_equal(user_of(world, one.token), 0);
    assert_int_equal(user_of(world, two.token), two.user.id);
}

static void an_expired_session_is_none(void **state)
{
    struct world *world = *state;
    struct account_policy short_policy = policy;
    struct account_session session;
    assert_ok(sign_up(world, "grace", password, "", &session));
    short_policy.session_us = -1;
    assert_ok(account_log_in(world->store, &short_policy, SLICE("grace"), password, &world->arena,
                             &session));
    assert_int_equal(user_of(world, session.token), 0);
}

static void tokens_are_random_hexadecimal_and_known_by_their_hash_only(void **state)
{
    char tokens[100][TOKEN_TEXT_LEN];
    uint8_t hash[TOKEN_HASH_BYTES];
    (void)state;
    for (size_t i = 0; i < COUNT(tokens); i++) {
        token_create(tokens[i]);
        for (size_t at = 0; at < TOKEN_TEXT_LEN; at++)
            assert_true(hex_value(tokens[i][at]) >= 0);
        for (size_t other = 0; other < i; other++)
            assert_memory_not_equal(tokens[i], tokens[other], TOKEN_TEXT_LEN);
    }
    assert_true(token_hash(slice_from(tokens[0], TOKEN_TEXT_LEN), hash));
    assert_memory_not_equal(hash, tokens[0], TOKEN_HASH_BYTES);
    assert_false(token_hash(slice_from(tokens[0], TOKEN_TEXT_LEN - 1), hash));
    assert_false(token_hash(SLICE(""), hash));
    tokens[0][10] = 'g';
    assert_false(token_hash(slice_from(tokens[0], TOKEN_TEXT_LEN), hash));
}

static int init(void **state)
{
    (void)state;
    return sodium_init() < 0 ? 1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(signing_up_makes_an_account_and_a_session),
        world_test(an_empty_display_name_means_the_name),
        world_test(a_name_is_taken_whatever_its_capitals),
        world_test(bad_names_passwords_and_display_names_are_refused_with_a_sentence),
        world_test(passwords_are_stored_as_argon2id_and_never_plain),
        world_test(logging_in_takes_the_right_password_only),
        world_test(an_unknown_name_is_a_wrong_password),
        world_test(who_was_imported_without_a_password_cannot_log_in),
        world_test(logging_out_ends_that_session_only),
        world_test(an_expired_session_is_none),
        cmocka_unit_test(tokens_are_random_hexadecimal_and_known_by_their_hash_only),
    };
    return cmocka_run_group_tests(tests, init, NULL);
}
