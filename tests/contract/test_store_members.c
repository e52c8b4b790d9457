/* What every driver of the store promises: members of channels and their read markers. */

#include "store_suite.h"

/* ---- members ---- */

static bool is_member(struct fixture *f, uint64_t channel, uint64_t user)
{
    bool member = false;
    assert_ok(store_member_check(f->other, channel, user, &member));
    return member;
}

static void members_come_and_go(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t bob = new_user(f, "bob");
    const uint64_t channel = new_channel(f, "general");
    assert_false(is_member(f, channel, ada));
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    assert_err(store_member_add(f->other, channel, ada, NOW_US), ERR_EXISTS);
    assert_ok(store_member_add(f->store, channel, bob, NOW_US));
    assert_true(is_member(f, channel, ada));
    assert_int_equal(get_channel(f, channel, 0).members, 2);
    assert_true(get_channel(f, channel, ada).member);

    assert_ok(store_member_remove(f->store, channel, ada));
    assert_err(store_member_remove(f->store, channel, ada), ERR_NOT_FOUND);
    assert_false(is_member(f, channel, ada));
    assert_true(is_member(f, channel, bob));
    assert_int_equal(get_channel(f, channel, 0).members, 1);
    assert_false(get_channel(f, channel, ada).member);
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    assert_true(is_member(f, channel, ada));
}

static void only_users_become_members_of_channels(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t channel = new_channel(f, "general");
    assert_err(store_member_add(f->store, channel, 999, NOW_US), ERR_NOT_FOUND);
    assert_err(store_member_add(f->store, 999, ada, NOW_US), ERR_NOT_FOUND);
    assert_err(store_member_add(f->store, UINT64_MAX, UINT64_MAX, NOW_US), ERR_NOT_FOUND);
    assert_err(store_member_remove(f->store, 999, ada), ERR_NOT_FOUND);
    assert_int_equal(get_channel(f, channel, 0).members, 0);
    assert_false(is_member(f, 999, ada));
}

static void members_come_in_pages_by_id(void **state)
{
    struct fixture *f = *state;
    const uint64_t ids[] = {new_user(f, "c"), new_user(f, "a"), new_user(f, "b")};
    const uint64_t channel = new_channel(f, "general");
    const uint64_t other = new_channel(f, "other");
    for (size_t i = 3; i > 0; i--)
        assert_ok(store_member_add(f->store, channel, ids[i - 1], NOW_US));
    assert_ok(store_member_add(f->store, other, ids[0], NOW_US));

    struct store_users users;
    assert_ok(store_members_page(f->store, channel, 0, 2, &f->arena, &users));
    assert_int_equal(users.count, 2);
    assert_int_equal(users.items[0].id, ids[0]);
    assert_slice(users.items[0].name, SLICE("c"));
    assert_slice(users.items[1].display_name, SLICE("Somebody"));
    assert_ok(store_members_page(f->store, channel, ids[1], 2, &f->arena, &users));
    assert_int_equal(users.count, 1);
    assert_int_equal(users.items[0].id, ids[2]);
    assert_ok(store_members_page(f->store, 999, 0, 2, &f->arena, &users));
    assert_int_equal(users.count, 0);
    assert_ok(store_members_page(f->store, channel, UINT64_MAX, 2, &f->arena, &users));
    assert_int_equal(users.count, 0);
    assert_err(store_members_page(f->store, channel, 0, 0, &f->arena, &users), ERR_INVALID);
}

static void the_channels_of_a_user_are_all_of_theirs(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t bob = new_user(f, "bob");
    const uint64_t users[] = {ada, bob};
    uint64_t mine[40];
    for (size_t i = 0; i < 40; i++) {
        mine[i] = new_channel(f, (const char[]){'c', (char)('0' + i), '\0'});
        new_channel(f, (const char[]){'d', (char)('0' + i), '\0'});
    }
    for (size_t i = 39; i > 0; i--)
        assert_ok(store_member_add(f->store, mine[i], ada, NOW_US));
    bool created = false;
    assert_ok(store_direct_open(f->store, users, 2, NOW_US, &mine[0], &created));

    struct store_channels channels;
    assert_ok(store_channels_of(f->other, ada, &f->arena, &channels));
    assert_int_equal(channels.count, 40);
    for (size_t i = 0; i < 39; i++) {
        assert_int_equal(channels.items[i].id, mine[i + 1]);
        assert_true(channels.items[i].member);
    }
    assert_int_equal(channels.items[39].id, mine[0]);
    assert_int_equal(channels.items[39].users_len, 2);
    assert_ok(store_channels_of(f->store, 999, &f->arena, &channels));
    assert_int_equal(channels.count, 0);
}

/* ---- read markers ---- */

static void who_joins_has_read_everything(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t channel = new_channel(f, "general");
    say(f, channel, "one");
    const uint64_t last = say(f, channel, "two");
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    const struct channel seen = get_channel(f, channel, ada);
    assert_int_equal(seen.read_seq, last);
    assert_int_equal(channel_unread(&seen), 0);
    assert_int_equal(get_channel(f, channel, 0).read_seq, 0);

    /* Leaving forgets the marker; coming again is as the first time. */
    say(f, channel, "three");
    assert_ok(store_member_remove(f->store, channel, ada));
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    const struct channel again = get_channel(f, channel, ada);
    assert_int_equal(channel_unread(&again), 0);
}

static void only_messages_count_as_unread(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t channel = new_channel(f, "general");
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    note_kind(f, channel, EVENT_CREATE);
    note_kind(f, channel, EVENT_JOIN);
    say(f, channel, "one");
    note_kind(f, channel, EVENT_LEAVE);
    say(f, channel, "two");
    note_kind(f, channel, EVENT_JOIN);
    const struct channel seen = get_channel(f, channel, ada);
    assert_int_equal(channel_unread(&seen), 2);
    assert_int_equal(seen.last_n, 2);
    assert_true(seen.last_seq >= 6);
}

static void a_read_marker_moves_up_and_never_back(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t channel = new_channel(f, "general");
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    const uint64_t one = say(f, channel, "one");
    const uint64_t joined = note_kind(f, channel, EVENT_JOIN);
    say(f, channel, "two");

    struct channel seen;
    assert_ok(store_mark_read(f->store, channel, ada, 0, &f->arena, &seen));
    assert_int_equal(seen.read_seq, 0);
    assert_int_equal(channel_unread(&seen), 2);
    assert_ok(store_mark_read(f->store, channel, ada, joined, &f->arena, &seen));
    assert_int_equal(seen.id, channel);
    assert_true(seen.member);
    assert_int_equal(seen.read_seq, joined);
    assert_int_equal(seen.read_n, 1);
    assert_int_equal(channel_unread(&seen), 1);
    assert_ok(store_mark_read(f->other, channel, ada, one, &f->arena, &seen));
    assert_int_equal(seen.read_seq, joined);
    assert_int_equal(channel_unread(&seen), 1);
}

static void a_read_marker_stops_at_the_newest_event(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t channel = new_channel(f, "general");
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    struct channel seen;
    assert_ok(store_mark_read(f->store, channel, ada, 50, &f->arena, &seen));
    assert_int_equal(seen.read_seq, 0);

    const uint64_t last = say(f, channel, "one");
    assert_ok(store_mark_read(f->store, channel, ada, UINT64_MAX, &f->arena, &seen));
    assert_int_equal(seen.read_seq, last);
    say(f, channel, "two");
    const struct channel after = get_channel(f, channel, ada);
    assert_int_equal(channel_unread(&after), 1);
}

static void who_is_no_member_has_no_read_marker(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t channel = new_channel(f, "general");
    say(f, channel, "one");
    struct channel seen;
    assert_err(store_mark_read(f->store, channel, ada, 1, &f->arena, &seen), ERR_NOT_MEMBER);
    assert_err(store_mark_read(f->store, 999, ada, 1, &f->arena, &seen), ERR_NOT_MEMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(members_come_and_go),
        suite_test(only_users_become_members_of_channels),
        suite_test(members_come_in_pages_by_id),
        suite_test(the_channels_of_a_user_are_all_of_theirs),
        suite_test(who_joins_has_read_everything),
        suite_test(only_messages_count_as_unread),
        suite_test(a_read_marker_moves_up_and_never_back),
        suite_test(a_read_marker_stops_at_the_newest_event),
        suite_test(who_is_no_member_has_no_read_marker),
    };
    return suite_run(tests);
}
