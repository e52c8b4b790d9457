/* What every driver of the store promises: signing up, changing accounts, ending sessions, invites.
 */

#include "store_suite.h"

#include <pthread.h>

static struct store_sign_up wanted(const char *name)
{
    return (struct store_sign_up){.name = slice_str(name),
                                  .display_name = SLICE("Somebody"),
                                  .password_hash = SLICE("$hash"),
                                  .admission = STORE_ADMIT_ANYBODY,
                                  .now_us = NOW_US};
}

static uint64_t sign_up(struct fixture *f, const char *name)
{
    const struct store_sign_up who = wanted(name);
    uint64_t id = 0;
    assert_ok(store_user_sign_up(f->store, &who, &id));
    return id;
}

static struct user get_user(struct fixture *f, uint64_t id)
{
    struct user user;
    assert_ok(store_user_get(f->store, id, &f->arena, &user));
    return user;
}

/* ---- signing up ---- */

static void the_first_who_signs_up_is_the_owner(void **state)
{
    struct fixture *f = *state;
    const uint64_t imported = new_user(f, "imported");
    const uint64_t ada = sign_up(f, "ada");
    const uint64_t bob = sign_up(f, "bob");
    assert_int_equal(get_user(f, imported).role, USER_MEMBER);
    assert_int_equal(get_user(f, ada).role, USER_OWNER);
    assert_int_equal(get_user(f, bob).role, USER_MEMBER);
    assert_true(get_user(f, bob).active);
    assert_int_equal(get_user(f, bob).status_text.len, 0);
    assert_int_equal(get_user(f, bob).status_emoji.len, 0);

    struct user user;
    struct slice hash;
    assert_ok(store_user_by_name(f->other, SLICE("ada"), &f->arena, &user, &hash));
    assert_int_equal(user.role, USER_OWNER);
    assert_slice(hash, SLICE("$hash"));
}

static void a_name_that_is_taken_claims_nothing(void **state)
{
    struct fixture *f = *state;
    new_user(f, "ada");
    struct store_sign_up who = wanted("ada");
    uint64_t id = 7;
    assert_err(store_user_sign_up(f->store, &who, &id), ERR_EXISTS);
    assert_int_equal(id, 7);
    assert_int_equal(get_user(f, sign_up(f, "bob")).role, USER_OWNER);
}

static void only_the_first_is_admitted_where_only_the_first_is(void **state)
{
    struct fixture *f = *state;
    struct store_sign_up who = wanted("ada");
    who.admission = STORE_ADMIT_FIRST;
    uint64_t id = 0;
    assert_ok(store_user_sign_up(f->store, &who, &id));
    assert_int_equal(get_user(f, id).role, USER_OWNER);
    who.name = SLICE("bob");
    assert_err(store_user_sign_up(f->other, &who, &id), ERR_FORBIDDEN);
    struct user user;
    struct slice hash;
    assert_err(store_user_by_name(f->store, SLICE("bob"), &f->arena, &user, &hash), ERR_NOT_FOUND);
}

/* One of several who sign up at the same time, each with a handle of its own. */
struct racer {
    pthread_t thread;
    const char *url;
    char name[8];
    enum err err;
    uint64_t id;
};

static void *race(void *arg)
{
    struct racer *racer = arg;
    struct store *store = NULL;
    struct store_sign_up who = wanted(racer->name);
    racer->err = store_open(racer->url, &store);
    if (racer->err == ERR_NONE)
        racer->err = store_user_sign_up(store, &who, &racer->id);
    store_close(store);
    return NULL;
}

static void of_several_at_the_same_time_one_is_the_owner(void **state)
{
    struct fixture *f = *state;
    struct racer racers[8] = {0};
    unsigned owners = 0;
    for (size_t i = 0; i < 8; i++) {
        racers[i].url = f->url;
        snprintf(racers[i].name, sizeof(racers[i].name), "r%zu", i);
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < 8; i++)
        pthread_join(racers[i].thread, NULL);
    for (size_t i = 0; i < 8; i++) {
        assert_ok(racers[i].err);
        owners += get_user(f, racers[i].id).role == USER_OWNER;
    }
    assert_int_equal(owners, 1);
}

/* ---- changing ---- */

static void what_is_not_named_stays_as_it_is(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = sign_up(f, "ada");
    const struct slice status = SLICE("at lunch");
    const struct store_user_change first = {.status_text = &status};
    assert_ok(store_user_update(f->store, ada, &first));
    const struct slice emoji = SLICE("\xf0\x9f\x8d\x9c");
    const struct slice name = SLICE("Ada L");
    const struct store_user_change second = {.status_emoji = &emoji, .display_name = &name};
    assert_ok(store_user_update(f->other, ada, &second));

    struct user user = get_user(f, ada);
    assert_slice(user.name, SLICE("ada"));
    assert_slice(user.display_name, name);
    assert_slice(user.status_text, status);
    assert_slice(user.status_emoji, emoji);
    assert_int_equal(user.role, USER_OWNER);
    assert_true(user.active);

    const struct slice hash = SLICE("$other");
    const struct slice empty = SLICE_EMPTY;
    const struct store_user_change third = {.password_hash = &hash, .status_text = &empty};
    struct slice stored;
    assert_ok(store_user_update(f->store, ada, &third));
    assert_ok(store_user_by_name(f->store, SLICE("ada"), &f->arena, &user, &stored));
    assert_slice(stored, hash);
    assert_int_equal(user.status_text.len, 0);
    assert_slice(user.status_emoji, emoji);
    assert_err(store_user_update(f->store, 999, &third), ERR_NOT_FOUND);
}

static enum err set_role(struct fixture *f, uint64_t user, enum user_role role)
{
    const struct store_user_change change = {.role = &role};
    return store_user_update(f->store, user, &change);
}

static enum err set_active(struct fixture *f, uint64_t user, bool active)
{
    const struct store_user_change change = {.active = &active};
    return store_user_update(f->store, user, &change);
}

static void an_active_owner_remains(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = sign_up(f, "ada");
    const uint64_t bob = sign_up(f, "bob");
    assert_err(set_role(f, ada, USER_ADMIN), ERR_FORBIDDEN);
    assert_err(set_active(f, ada, false), ERR_FORBIDDEN);
    assert_ok(set_role(f, ada, USER_OWNER));
    assert_ok(set_active(f, bob, false));
    assert_ok(set_role(f, bob, USER_OWNER));
    /* One who cannot log in is no help. */
    assert_err(set_role(f, ada, USER_MEMBER), ERR_FORBIDDEN);
    assert_ok(set_active(f, bob, true));
    assert_ok(set_role(f, ada, USER_MEMBER));
    assert_err(set_active(f, bob, false), ERR_FORBIDDEN);
    assert_int_equal(get_user(f, ada).role, USER_MEMBER);
    assert_err(set_role(f, 999, USER_ADMIN), ERR_NOT_FOUND);
}

/* ---- sessions ---- */

static bool has_session(struct fixture *f, const uint8_t *token)
{
    struct store_session session;
    const enum err err = store_session_get(f->other, token, 100, &session);
    assert_true(err == ERR_NONE || err == ERR_NOT_FOUND);
    return err == ERR_NONE;
}

static void sessions_end_together_but_for_the_one_that_is_kept(void **state)
{
    struct fixture *f = *state;
    static const uint8_t tokens[4][STORE_TOKEN_BYTES] = {{1}, {2}, {3}, {0}};
    const uint64_t ada = sign_up(f, "ada");
    const uint64_t bob = sign_up(f, "bob");
    for (size_t i = 0; i < 3; i++)
        assert_ok(store_session_create(f->store, tokens[i], ada, SLICE("$hash"), 100, 200));
    assert_ok(store_session_create(f->store, tokens[3], bob, SLICE("$hash"), 100, 200));
    assert_ok(store_sessions_delete(f->store, ada, tokens[1]));
    assert_false(has_session(f, tokens[0]));
    assert_true(has_session(f, tokens[1]));
    assert_false(has_session(f, tokens[2]));
    assert_ok(store_sessions_delete(f->store, ada, NULL));
    assert_ok(store_sessions_delete(f->store, ada, NULL));
    assert_false(has_session(f, tokens[1]));
    assert_true(has_session(f, tokens[3]));
}

static void sessions_of_a_user_are_listed_while_they_last(void **state)
{
    struct fixture *f = *state;
    static const uint8_t tokens[3][STORE_TOKEN_BYTES] = {{1}, {2}, {3}};
    const uint64_t ada = sign_up(f, "ada");
    const uint64_t bob = sign_up(f, "bob");
    assert_ok(store_session_create(f->store, tokens[0], ada, SLICE("$hash"), 100, 300));
    assert_ok(store_session_create(f->store, tokens[1], ada, SLICE("$hash"), 110, 200));
    assert_ok(store_session_create(f->store, tokens[2], bob, SLICE("$hash"), 120, 300));
    struct store_sessions sessions;
    assert_ok(store_sessions_of(f->other, ada, 150, &f->arena, &sessions));
    assert_int_equal(sessions.count, 2);
    assert_int_equal(sessions.items[0].user, ada);
    assert_int_equal(sessions.items[0].created_us + sessions.items[1].created_us, 100 + 110);
    assert_int_equal(sessions.items[0].expires_us + sessions.items[1].expires_us, 300 + 200);
    assert_ok(store_sessions_of(f->other, ada, 200, &f->arena, &sessions));
    assert_int_equal(sessions.count, 1);
    assert_int_equal(sessions.items[0].created_us, 100);
    assert_int_equal(sessions.items[0].expires_us, 300);
    assert_ok(store_sessions_of(f->other, 999, 150, &f->arena, &sessions));
    assert_int_equal(sessions.count, 0);
}

static void who_is_not_active_has_no_session(void **state)
{
    struct fixture *f = *state;
    static const uint8_t token[STORE_TOKEN_BYTES] = {1};
    static const uint8_t second[STORE_TOKEN_BYTES] = {2};
    sign_up(f, "ada");
    const uint64_t bob = sign_up(f, "bob");
    assert_ok(store_session_create(f->store, token, bob, SLICE("$hash"), 100, 200));
    assert_ok(set_active(f, bob, false));
    assert_false(has_session(f, token));
    assert_err(store_session_create(f->store, second, bob, SLICE("$hash"), 100, 200),
               ERR_NOT_FOUND);
}

static void a_session_takes_the_password_that_holds_now(void **state)
{
    struct fixture *f = *state;
    static const uint8_t token[STORE_TOKEN_BYTES] = {1};
    const uint64_t ada = sign_up(f, "ada");
    assert_err(store_session_create(f->store, token, ada, SLICE("$before"), 100, 200),
               ERR_NOT_FOUND);
    assert_false(has_session(f, token));
    assert_ok(store_session_create(f->store, token, ada, SLICE("$hash"), 100, 200));
}

/* ---- invites ---- */

static const uint8_t code[STORE_TOKEN_BYTES] = {9, 9};

static uint64_t invite(struct fixture *f, uint64_t creator, uint64_t max_uses)
{
    const struct store_invite wish = {.creator = creator,
                                      .created_us = NOW_US,
                                      .expires_us = NOW_US + 1000,
                                      .max_uses = max_uses};
    uint64_t id = 0;
    assert_ok(store_invite_create(f->store, code, &wish, &id));
    return id;
}

static enum err come_in(struct fixture *f, const char *name, int64_t now_us)
{
    struct store_sign_up who = wanted(name);
    uint64_t id = 0;
    who.admission = STORE_ADMIT_INVITED;
    who.invite_hash = code;
    who.now_us = now_us;
    const enum err err = store_user_sign_up(f->other, &who, &id);
    assert_true((err == ERR_NONE) == (id != 0));
    return err;
}

static void an_invite_admits_as_many_as_it_says(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = sign_up(f, "ada");
    assert_err(come_in(f, "bob", NOW_US), ERR_NOT_FOUND);
    const uint64_t id = invite(f, ada, 2);
    assert_ok(come_in(f, "bob", NOW_US));
    assert_err(come_in(f, "bob", NOW_US), ERR_EXISTS); /* takes no use */
    assert_ok(come_in(f, "eve", NOW_US + 999));
    assert_err(come_in(f, "joe", NOW_US), ERR_NOT_FOUND);

    struct store_invites page;
    assert_ok(store_invites_page(f->store, NOW_US, 0, 10, &f->arena, &page));
    assert_int_equal(page.count, 0);
    assert_ok(store_invite_delete(f->store, id));
    assert_err(store_invite_delete(f->store, id), ERR_NOT_FOUND);
}

static void an_invite_ends_with_its_time_or_when_it_is_taken_back(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = sign_up(f, "ada");
    const uint64_t id = invite(f, ada, 5);
    struct store_invite again = {.creator = ada, .expires_us = NOW_US, .max_uses = 1};
    uint64_t other = 0;
    assert_err(store_invite_create(f->store, code, &again, &other), ERR_EXISTS);
    assert_err(come_in(f, "bob", NOW_US + 1000), ERR_NOT_FOUND);

    struct store_invites page;
    assert_ok(store_invites_page(f->store, NOW_US + 1000, 0, 10, &f->arena, &page));
    assert_int_equal(page.count, 0);
    assert_ok(come_in(f, "bob", NOW_US));
    assert_ok(store_invites_page(f->store, NOW_US, 0, 10, &f->arena, &page));
    assert_int_equal(page.count, 1);
    assert_int_equal(page.items[0].id, id);
    assert_int_equal(page.items[0].creator, ada);
    assert_int_equal(page.items[0].created_us, NOW_US);
    assert_int_equal(page.items[0].expires_us, NOW_US + 1000);
    assert_int_equal(page.items[0].max_uses, 5);
    assert_int_equal(page.items[0].uses, 1);
    assert_ok(store_invites_page(f->store, NOW_US, id, 10, &f->arena, &page));
    assert_int_equal(page.count, 0);

    assert_ok(store_invite_delete(f->store, id));
    assert_err(come_in(f, "eve", NOW_US), ERR_NOT_FOUND);
    assert_err(store_invites_page(f->store, NOW_US, 0, 0, &f->arena, &page), ERR_INVALID);
}

static void an_invite_that_is_none_claims_nothing(void **state)
{
    struct fixture *f = *state;
    assert_err(come_in(f, "bob", NOW_US), ERR_NOT_FOUND);
    assert_int_equal(get_user(f, sign_up(f, "ada")).role, USER_OWNER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(the_first_who_signs_up_is_the_owner),
        suite_test(a_name_that_is_taken_claims_nothing),
        suite_test(only_the_first_is_admitted_where_only_the_first_is),
        suite_test(of_several_at_the_same_time_one_is_the_owner),
        suite_test(what_is_not_named_stays_as_it_is),
        suite_test(an_active_owner_remains),
        suite_test(sessions_end_together_but_for_the_one_that_is_kept),
        suite_test(sessions_of_a_user_are_listed_while_they_last),
        suite_test(who_is_not_active_has_no_session),
        suite_test(a_session_takes_the_password_that_holds_now),
        suite_test(an_invite_admits_as_many_as_it_says),
        suite_test(an_invite_ends_with_its_time_or_when_it_is_taken_back),
        suite_test(an_invite_that_is_none_claims_nothing),
    };
    return suite_run(tests);
}
