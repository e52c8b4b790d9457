/* What every driver of presence promises, with two handles as two loops would have them. */

#include "../support/loop_suite.h"

#include "base/mem.h"
#include "bus/bus.h"
#include "presence/presence.h"

#define HEARD_MAX 100u

struct fixture {
    struct loop *loop;
    struct bus *bus;
    struct presence *one;
    struct presence *two;
    struct bus_sub *sub;
    struct presence_seen heard[HEARD_MAX];
    unsigned count;
    enum presence_state said[2][3]; /* by handle and person */

    /* The last answer. */
    enum err err;
    struct presence_seen seen[3];
    bool answered;
};

#define USER 7u

/* Set, from what the handle said of the person before. */
static void say(struct fixture *f, struct presence *presence, uint64_t user,
                enum presence_state state)
{
    enum presence_state *said = &f->said[presence == f->two][user - USER];
    presence_set(presence, user, *said, state);
    *said = state;
}

static void say_gone(struct fixture *f, struct presence *presence, uint64_t user)
{
    if (presence != NULL && f->said[presence == f->two][user - USER] != PRESENCE_GONE)
        say(f, presence, user, PRESENCE_GONE);
}

static void hear(struct bus_topic topic, struct bytes *payload, void *arg)
{
    struct fixture *f = arg;
    assert_true(f->count < HEARD_MAX);
    assert_true(presence_decode(topic.id, bytes_slice(payload), &f->heard[f->count++]));
    loop_stop(f->loop);
}

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof(*f));
    f->loop = loop_create();
    assert_int_equal(bus_open(f->loop, "proc:presence", &f->bus), ERR_NONE);
    assert_int_equal(presence_open(f->loop, f->bus, "proc:", &f->one), ERR_NONE);
    assert_int_equal(presence_open(f->loop, f->bus, "proc:", &f->two), ERR_NONE);
    assert_int_equal(
        bus_subscribe(f->bus, (struct bus_topic){BUS_PRESENCE, USER}, hear, f, &f->sub), ERR_NONE);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (uint64_t user = USER; user < USER + 3; user++) {
        say_gone(f, f->one, user);
        say_gone(f, f->two, user);
    }
    presence_close(f->one);
    presence_close(f->two);
    loop_run_posted(f->loop);
    bus_unsubscribe(f->bus, f->sub);
    bus_close(f->bus);
    loop_destroy(f->loop);
    mem_free(f);
    return 0;
}

static void got(enum err err, const struct presence_seen *seen, size_t count, void *arg)
{
    struct fixture *f = arg;
    assert_false(f->answered);
    f->err = err;
    for (size_t i = 0; i < count; i++)
        f->seen[i] = seen[i];
    f->answered = true;
    loop_stop(f->loop);
}

static enum presence_state ask(struct fixture *f, uint64_t user)
{
    f->answered = false;
    assert_int_equal(presence_get(f->two, &user, 1, got, f), ERR_NONE);
    assert_false(f->answered); /* not from inside */
    while (!f->answered)
        run_until_stopped(f->loop);
    assert_int_equal(f->err, ERR_NONE);
    assert_int_equal(f->seen[0].user, user);
    return f->seen[0].state;
}

static void expect_heard(struct fixture *f, unsigned count, enum presence_state state)
{
    while (f->count < count)
        run_until_stopped(f->loop);
    assert_int_equal(f->count, count);
    assert_int_equal(f->heard[count - 1].user, USER);
    assert_int_equal(f->heard[count - 1].state, state);
}

static void the_best_of_what_all_handles_say_is_what_is_heard_and_answered(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, USER), PRESENCE_GONE);
    say(f, f->one, USER, PRESENCE_AWAY);
    expect_heard(f, 1, PRESENCE_AWAY);
    assert_int_equal(ask(f, USER), PRESENCE_AWAY);
    say(f, f->two, USER, PRESENCE_ONLINE);
    expect_heard(f, 2, PRESENCE_ONLINE);
    say(f, f->one, USER, PRESENCE_ONLINE);
    run_turns(f->loop, 5);
    say(f, f->two, USER, PRESENCE_AWAY); /* the other one is still awake */
    run_turns(f->loop, 5);
    assert_int_equal(f->count, 2);
    assert_int_equal(ask(f, USER), PRESENCE_ONLINE);
    say(f, f->one, USER, PRESENCE_AWAY);
    expect_heard(f, 3, PRESENCE_AWAY);
    assert_int_equal(ask(f, USER + 1), PRESENCE_GONE);
}

static void what_comes_later_has_a_later_time(void **state)
{
    struct fixture *f = *state;
    say(f, f->one, USER, PRESENCE_ONLINE);
    expect_heard(f, 1, PRESENCE_ONLINE);
    (void)ask(f, USER);
    const uint64_t answered_at = f->seen[0].at;
    assert_true(answered_at >= f->heard[0].at);
    say(f, f->one, USER, PRESENCE_AWAY);
    expect_heard(f, 2, PRESENCE_AWAY);
    assert_true(f->heard[1].at > answered_at);
}

static void who_goes_lingers_and_who_comes_back_meanwhile_was_never_gone(void **state)
{
    struct fixture *f = *state;
    say(f, f->one, USER, PRESENCE_ONLINE);
    expect_heard(f, 1, PRESENCE_ONLINE);
    say(f, f->one, USER, PRESENCE_GONE);
    run_turns(f->loop, 5);
    assert_int_equal(ask(f, USER), PRESENCE_ONLINE);
    say(f, f->one, USER, PRESENCE_ONLINE);
    run_turns(f->loop, 5);
    assert_int_equal(f->count, 1);
    say(f, f->one, USER, PRESENCE_GONE);
    expect_heard(f, 2, PRESENCE_GONE);
    assert_int_equal(ask(f, USER), PRESENCE_GONE);
}

static void a_handle_that_is_closed_takes_its_people_along(void **state)
{
    struct fixture *f = *state;
    say(f, f->one, USER, PRESENCE_ONLINE);
    say(f, f->two, USER, PRESENCE_AWAY);
    run_turns(f->loop, 5);
    say(f, f->one, USER, PRESENCE_GONE);
    presence_close(f->one); /* does not wait until they have lingered */
    f->one = NULL;
    run_turns(f->loop, 5);
    assert_int_equal(f->heard[f->count - 1].state, PRESENCE_AWAY);
    assert_int_equal(ask(f, USER), PRESENCE_AWAY);
}

static void people_who_came_and_went_within_a_turn_are_nothing_new(void **state)
{
    struct fixture *f = *state;
    say(f, f->one, USER, PRESENCE_ONLINE);
    say(f, f->one, USER, PRESENCE_AWAY);
    expect_heard(f, 1, PRESENCE_AWAY);
    say(f, f->one, USER, PRESENCE_ONLINE);
    say(f, f->one, USER, PRESENCE_AWAY);
    run_turns(f->loop, 5);
    assert_int_equal(f->count, 1);
}

static void several_are_answered_in_the_order_of_the_question(void **state)
{
    struct fixture *f = *state;
    const uint64_t users[] = {9, 8, USER};
    say(f, f->one, USER, PRESENCE_AWAY);
    say(f, f->one, 9, PRESENCE_ONLINE);
    run_turns(f->loop, 5);
    f->answered = false;
    assert_int_equal(presence_get(f->two, users, 3, got, f), ERR_NONE);
    while (!f->answered)
        run_until_stopped(f->loop);
    assert_int_equal(f->seen[0].state, PRESENCE_ONLINE);
    assert_int_equal(f->seen[1].state, PRESENCE_GONE);
    assert_int_equal(f->seen[2].state, PRESENCE_AWAY);
}

static void other_bytes_are_nothing_of_presence(void **state)
{
    struct presence_seen seen;
    (void)state;
    assert_true(presence_decode(5, SLICE("2:17"), &seen));
    assert_int_equal(seen.user, 5);
    assert_int_equal(seen.state, PRESENCE_ONLINE);
    assert_int_equal(seen.at, 17);
    assert_false(presence_decode(5, SLICE(""), &seen));
    assert_false(presence_decode(5, SLICE("2"), &seen));
    assert_false(presence_decode(5, SLICE("3:17"), &seen));
    assert_false(presence_decode(5, SLICE("22:17"), &seen));
    assert_false(presence_decode(5, SLICE("2:x"), &seen));
}

static void what_is_no_url_is_refused(void **state)
{
    struct fixture *f = *state;
    struct presence *none;
    assert_int_equal(presence_open(f->loop, f->bus, "nothing", &none), ERR_INVALID);
    assert_int_equal(presence_open(f->loop, f->bus, "redis:nowhere", &none), ERR_INVALID);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_best_of_what_all_handles_say_is_what_is_heard_and_answered),
        TEST(what_comes_later_has_a_later_time),
        TEST(who_goes_lingers_and_who_comes_back_meanwhile_was_never_gone),
        TEST(a_handle_that_is_closed_takes_its_people_along),
        TEST(people_who_came_and_went_within_a_turn_are_nothing_new),
        TEST(several_are_answered_in_the_order_of_the_question),
        TEST(other_bytes_are_nothing_of_presence),
        TEST(what_is_no_url_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
