/* What every driver of the store promises: opening, users, sessions, aliases, groups. */

#include "store_suite.h"

/* ---- opening ---- */

static void a_url_of_no_driver_is_refused(void **state)
{
    (void)state;
    struct store *store = NULL;
    assert_err(store_open("", &store), ERR_INVALID);
    assert_err(store_open("sqlite", &store), ERR_INVALID);
    assert_err(store_open("sqlite:", &store), ERR_INVALID);
    assert_err(store_open("sqlite::memory:", &store), ERR_INVALID);
    assert_err(store_open("mem:", &store), ERR_INVALID);
    assert_err(store_open("other:x", &store), ERR_INVALID);
    assert_null(store);
    store_close(NULL);
}

static void a_store_that_works_passes_its_check(void **state)
{
    struct fixture *f = *state;
    assert_ok(store_check(f->store));
    assert_ok(store_check(f->other));
}

static void stores_of_other_names_share_nothing(void **state)
{
    struct fixture *f = *state;
    new_user(f, "ada");

    char url[192];
    snprintf(url, sizeof(url), "%s2", f->url);
    if (suite_driver == SUITE_PG)
        suite_pg_migrate("2");
    struct store *second = NULL;
    assert_ok(store_open(url, &second));
    struct user user;
    struct slice hash;
    assert_err(store_user_by_name(second, SLICE("ada"), &f->arena, &user, &hash), ERR_NOT_FOUND);
    store_close(second);
    if (suite_driver == SUITE_SQLITE)
        unlink(url + sizeof("sqlite:") - 1);
}

/* ---- users ---- */

static void a_user_is_found_by_id_and_by_name(void **state)
{
    struct fixture *f = *state;
    uint64_t id = 0;
    assert_ok(store_user_create(f->store, SLICE("ada"), SLICE("Ada \xe2\x98\x83"), SLICE("$hash"),
                                NOW_US, &id));
    assert_true(id > 0);

    struct user user;
    struct slice hash;
    assert_ok(store_user_get(f->store, id, &f->arena, &user));
    assert_int_equal(user.id, id);
    assert_slice(user.name, SLICE("ada"));
    assert_slice(user.display_name, SLICE("Ada \xe2\x98\x83"));

    assert_ok(store_user_by_name(f->other, SLICE("ada"), &f->arena, &user, &hash));
    assert_int_equal(user.id, id);
    assert_slice(user.name, SLICE("ada"));
    assert_slice(hash, SLICE("$hash"));
}

static void a_user_may_have_no_password(void **state)
{
    struct fixture *f = *state;
    new_user(f, "bot");
    struct user user;
    struct slice hash;
    assert_ok(store_user_by_name(f->store, SLICE("bot"), &f->arena, &user, &hash));
    assert_int_equal(hash.len, 0);
}

static void a_user_name_is_taken_once(void **state)
{
    struct fixture *f = *state;
    const uint64_t first = new_user(f, "ada");
    uint64_t id = 99;
    assert_err(store_user_create(f->other, SLICE("ada"), SLICE("B"), SLICE("b"), NOW_US, &id),
               ERR_EXISTS);
    assert_int_equal(id, 99);

    struct user user;
    assert_ok(store_user_get(f->store, first, &f->arena, &user));
    assert_slice(user.display_name, SLICE("Somebody"));
    assert_true(new_user(f, "ad") != first);
}

static void an_unknown_user_is_not_found(void **state)
{
    struct fixture *f = *state;
    new_user(f, "ada");
    struct user user;
    struct slice hash;
    assert_err(store_user_get(f->store, 0, &f->arena, &user), ERR_NOT_FOUND);
    assert_err(store_user_get(f->store, 999, &f->arena, &user), ERR_NOT_FOUND);
    assert_err(store_user_get(f->store, UINT64_MAX, &f->arena, &user), ERR_NOT_FOUND);
    assert_err(store_user_by_name(f->store, SLICE("Ada"), &f->arena, &user, &hash), ERR_NOT_FOUND);
    assert_err(store_user_by_name(f->store, SLICE_EMPTY, &f->arena, &user, &hash), ERR_NOT_FOUND);
}

static void of_several_users_those_that_exist_are_given(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t bob = new_user(f, "bob");
    new_user(f, "eve");
    const uint64_t ids[] = {bob, 999, UINT64_MAX, ada};
    struct store_users users;
    assert_ok(store_users_get(f->store, ids, 4, &f->arena, &users));
    assert_int_equal(users.count, 2);
    assert_int_equal(users.items[0].id + users.items[1].id, ada + bob);
    assert_ok(store_users_get(f->store, ids, 0, &f->arena, &users));
    assert_int_equal(users.count, 0);
    assert_err(store_users_get(f->store, ids, STORE_PAGE_MAX + 1, &f->arena, &users), ERR_INVALID);
}

static void users_come_in_pages_by_id(void **state)
{
    struct fixture *f = *state;
    const uint64_t ids[] = {new_user(f, "c"), new_user(f, "a"), new_user(f, "b")};
    struct store_users users;
    assert_ok(store_users_page(f->store, 0, 2, &f->arena, &users));
    assert_int_equal(users.count, 2);
    assert_int_equal(users.items[0].id, ids[0]);
    assert_slice(users.items[1].name, SLICE("a"));
    assert_ok(store_users_page(f->store, ids[1], 2, &f->arena, &users));
    assert_int_equal(users.count, 1);
    assert_int_equal(users.items[0].id, ids[2]);
    assert_ok(store_users_page(f->store, UINT64_MAX, 2, &f->arena, &users));
    assert_int_equal(users.count, 0);
    assert_err(store_users_page(f->store, 0, 0, &f->arena, &users), ERR_INVALID);
    assert_err(store_users_page(f->store, 0, STORE_PAGE_MAX + 1, &f->arena, &users), ERR_INVALID);
}

/* ---- sessions ---- */

static void a_session_lasts_until_it_expires(void **state)
{
    struct fixture *f = *state;
    const uint8_t token[STORE_TOKEN_BYTES] = {1, 0, 3};
    const uint64_t ada = new_user(f, "ada");
    struct store_session session;
    assert_err(store_session_get(f->store, token, 100, &session), ERR_NOT_FOUND);
    assert_ok(store_session_create(f->store, token, ada, SLICE_EMPTY, 100, 200));
    assert_ok(store_session_get(f->other, token, 199, &session));
    assert_int_equal(session.user, ada);
    assert_int_equal(session.expires_us, 200);
    assert_err(store_session_get(f->other, token, 200, &session), ERR_NOT_FOUND);
}

static void expired_sessions_make_way_for_others(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    for (uint8_t i = 1; i <= 40; i++) {
        const uint8_t token[STORE_TOKEN_BYTES] = {i};
        assert_ok(store_session_create(f->store, token, ada, SLICE_EMPTY, i * 10, i * 10 + 15));
        struct store_session session;
        assert_ok(store_session_get(f->store, token, i * 10, &session));
    }
}

static void a_deleted_session_is_gone(void **state)
{
    struct fixture *f = *state;
    const uint8_t token[STORE_TOKEN_BYTES] = {1};
    const uint8_t stays[STORE_TOKEN_BYTES] = {2};
    const uint64_t ada = new_user(f, "ada");
    struct store_session session;
    assert_ok(store_session_create(f->store, token, ada, SLICE_EMPTY, 100, 200));
    assert_ok(store_session_create(f->store, stays, ada, SLICE_EMPTY, 100, 200));
    assert_ok(store_session_delete(f->store, token));
    assert_err(store_session_get(f->store, token, 100, &session), ERR_NOT_FOUND);
    assert_err(store_session_delete(f->store, token), ERR_NOT_FOUND);
    assert_ok(store_session_get(f->store, stays, 100, &session));
}

static void a_session_belongs_to_a_user_and_has_its_own_token(void **state)
{
    struct fixture *f = *state;
    const uint8_t token[STORE_TOKEN_BYTES] = {1};
    const uint64_t ada = new_user(f, "ada");
    assert_err(store_session_create(f->store, token, 999, SLICE_EMPTY, 100, 200), ERR_NOT_FOUND);
    assert_ok(store_session_create(f->store, token, ada, SLICE_EMPTY, 100, 200));
    assert_err(store_session_create(f->store, token, ada, SLICE_EMPTY, 100, 200), ERR_EXISTS);
}

/* ---- aliases ---- */

static void an_alias_stands_for_one_thing(void **state)
{
    struct fixture *f = *state;
    uint64_t id = 0;
    assert_err(store_alias_get(f->store, SLICE("slack:T1:U2"), &id), ERR_NOT_FOUND);
    assert_ok(store_alias_put(f->store, SLICE("slack:T1:U2"), 7));
    assert_err(store_alias_put(f->other, SLICE("slack:T1:U2"), 8), ERR_EXISTS);
    assert_ok(store_alias_get(f->other, SLICE("slack:T1:U2"), &id));
    assert_int_equal(id, 7);
    assert_err(store_alias_get(f->store, SLICE("slack:t1:u2"), &id), ERR_NOT_FOUND);
}

static void an_alias_has_1_to_200_bytes(void **state)
{
    struct fixture *f = *state;
    char name[STORE_ALIAS_MAX + 1];
    memset(name, 'a', sizeof(name));
    uint64_t id = 0;
    assert_ok(store_alias_put(f->store, slice_from(name, STORE_ALIAS_MAX), 1));
    assert_ok(store_alias_get(f->store, slice_from(name, STORE_ALIAS_MAX), &id));
    assert_err(store_alias_put(f->store, slice_from(name, sizeof(name)), 1), ERR_INVALID);
    assert_err(store_alias_get(f->store, slice_from(name, sizeof(name)), &id), ERR_INVALID);
    assert_err(store_alias_put(f->store, SLICE_EMPTY, 1), ERR_INVALID);
    assert_err(store_alias_get(f->store, SLICE_EMPTY, &id), ERR_INVALID);
}

/* ---- groups ---- */

static void a_group_is_there_for_others_after_its_end(void **state)
{
    struct fixture *f = *state;
    assert_ok(store_group_begin(f->store));
    const uint64_t channel = new_channel(f, "general");
    for (unsigned i = 0; i < 10; i++)
        say(f, channel, "hello");
    assert_ok(store_alias_put(f->store, SLICE("a"), channel));
    assert_int_equal(get_history(f->store, &f->arena, channel).count, 10); /* it sees itself */
    assert_ok(store_group_end(f->store));

    uint64_t id = 0;
    assert_ok(store_alias_get(f->other, SLICE("a"), &id));
    assert_int_equal(get_history(f->other, &f->arena, id).count, 10);
}

static void a_call_that_fails_leaves_the_rest_of_its_group(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    assert_ok(store_group_begin(f->store));
    const uint64_t channel = new_channel(f, "general");
    uint64_t id = 0;
    assert_err(store_channel_create(f->store, SLICE("general"), SLICE_EMPTY, 0, NOW_US, &id),
               ERR_EXISTS);
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    assert_err(store_member_add(f->store, channel, ada, NOW_US), ERR_EXISTS);
    const uint64_t users[] = {ada, 999};
    bool created;
    assert_err(store_direct_open(f->store, users, 2, NOW_US, &id, &created), ERR_NOT_FOUND);
    say(f, channel, "hello");
    assert_ok(store_group_end(f->store));

    struct store_channels channels;
    assert_ok(store_channels_of(f->other, ada, &f->arena, &channels));
    assert_int_equal(channels.count, 1);
    assert_int_equal(channels.items[0].id, channel);
    assert_int_equal(channels.items[0].members, 1);
    assert_int_equal(channels.items[0].last_n, 1);
}

static void groups_follow_each_other(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 3; i++) {
        assert_ok(store_group_begin(f->store));
        assert_ok(store_group_end(f->store));
        assert_ok(store_group_begin(f->other));
        assert_ok(store_group_end(f->other));
    }
    assert_ok(store_check(f->store));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(a_url_of_no_driver_is_refused),
        suite_test(a_store_that_works_passes_its_check),
        suite_test(stores_of_other_names_share_nothing),
        suite_test(a_user_is_found_by_id_and_by_name),
        suite_test(a_user_may_have_no_password),
        suite_test(a_user_name_is_taken_once),
        suite_test(an_unknown_user_is_not_found),
        suite_test(of_several_users_those_that_exist_are_given),
        suite_test(users_come_in_pages_by_id),
        suite_test(a_session_lasts_until_it_expires),
        suite_test(expired_sessions_make_way_for_others),
        suite_test(a_deleted_session_is_gone),
        suite_test(a_session_belongs_to_a_user_and_has_its_own_token),
        suite_test(an_alias_stands_for_one_thing),
        suite_test(an_alias_has_1_to_200_bytes),
        suite_test(a_group_is_there_for_others_after_its_end),
        suite_test(a_call_that_fails_leaves_the_rest_of_its_group),
        suite_test(groups_follow_each_other),
    };
    return suite_run(tests);
}
