/* What every driver of the store promises: channels, public and direct. */

#include "store_suite.h"

/* ---- public channels ---- */

static void a_new_channel_has_neither_members_nor_events(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    uint64_t id = 0;
    assert_ok(
        store_channel_create(f->store, SLICE("general"), SLICE("all\nof it"), ada, NOW_US, &id));
    assert_true(id > 0);

    struct channel channel;
    assert_ok(store_channel_get(f->other, id, ada, &f->arena, &channel));
    assert_int_equal(channel.id, id);
    assert_int_equal(channel.kind, CHANNEL_PUBLIC);
    assert_slice(channel.name, SLICE("general"));
    assert_slice(channel.topic, SLICE("all\nof it"));
    assert_int_equal(channel.members, 0);
    assert_int_equal(channel.last_seq, 0);
    assert_int_equal(channel.last_n, 0);
    assert_int_equal(channel.users_len, 0);
    assert_false(channel.member);
}

static void a_channel_name_is_taken_once(void **state)
{
    struct fixture *f = *state;
    new_channel(f, "general");
    uint64_t id = 99;
    assert_err(store_channel_create(f->other, SLICE("general"), SLICE_EMPTY, 0, NOW_US, &id),
               ERR_EXISTS);
    assert_int_equal(id, 99);
    new_channel(f, "genera");
}

static void a_channel_is_found_by_its_name(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "全体");
    uint64_t id = 0;
    assert_ok(store_channel_by_name(f->other, SLICE("全体"), &id));
    assert_int_equal(id, channel);
    assert_err(store_channel_by_name(f->store, SLICE("other"), &id), ERR_NOT_FOUND);
    assert_err(store_channel_by_name(f->store, SLICE_EMPTY, &id), ERR_NOT_FOUND);
}

/* ---- private channels, changes ---- */

static uint64_t new_private(struct fixture *f, const char *name, uint64_t creator)
{
    uint64_t id = 0;
    assert_ok(store_private_create(f->store, slice_str(name), SLICE_EMPTY, creator, NOW_US, &id));
    return id;
}

static void a_private_channel_is_in_no_list_and_takes_no_name(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t public = new_channel(f, "plans");
    const uint64_t first = new_private(f, "plans", ada);
    const uint64_t second = new_private(f, "plans", 0);
    assert_ok(store_member_add(f->store, first, ada, NOW_US));

    const struct channel channel = get_channel(f, first, ada);
    assert_int_equal(channel.kind, CHANNEL_PRIVATE);
    assert_slice(channel.name, SLICE("plans"));
    assert_int_equal(channel.creator, ada);
    assert_false(channel.archived);
    assert_true(channel.member);
    assert_int_equal(get_channel(f, second, ada).creator, 0);

    struct store_channels page;
    uint64_t id = 0;
    assert_ok(store_channels_page(f->other, ada, 0, 10, &f->arena, &page));
    assert_int_equal(page.count, 1);
    assert_int_equal(page.items[0].id, public);
    assert_ok(store_channel_by_name(f->other, SLICE("plans"), &id));
    assert_int_equal(id, public);
    const uint64_t pair[] = {ada, new_user(f, "bob")};
    bool created;
    uint64_t direct = 0;
    assert_ok(store_direct_open(f->store, pair, 2, NOW_US, &direct, &created));
    assert_ok(store_channels_all(f->other, 0, 10, &f->arena, &page));
    assert_int_equal(page.count, 3);
    assert_int_equal(page.items[1].id, first);
    assert_int_equal(page.items[1].kind, CHANNEL_PRIVATE);
    assert_false(page.items[1].member);
    assert_ok(store_channels_all(f->other, first, 1, &f->arena, &page));
    assert_int_equal(page.count, 1);
    assert_int_equal(page.items[0].id, second);
    assert_ok(store_member_remove(f->store, direct, ada));
    assert_ok(store_channels_of(f->other, ada, &f->arena, &page));
    assert_int_equal(page.count, 1);
    assert_int_equal(page.items[0].id, first);
    assert_int_equal(page.items[0].kind, CHANNEL_PRIVATE);
}

static void a_channel_takes_another_name_and_topic(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t general = new_channel(f, "general");
    const uint64_t hidden = new_private(f, "hidden", ada);
    const struct slice name = SLICE("everything");
    const struct slice topic = SLICE("all of it");
    const struct store_channel_change rename = {.name = &name};
    const struct store_channel_change retopic = {.topic = &topic};
    new_channel(f, "other");
    assert_ok(store_channel_update(f->store, general, &rename));
    assert_ok(store_channel_update(f->other, general, &retopic));
    struct channel channel = get_channel(f, general, ada);
    assert_slice(channel.name, name);
    assert_slice(channel.topic, topic);

    /* The old name is free, the new one is not, but for private channels. */
    uint64_t id = 0;
    assert_err(store_channel_by_name(f->store, SLICE("general"), &id), ERR_NOT_FOUND);
    assert_err(store_channel_create(f->store, name, SLICE_EMPTY, 0, NOW_US, &id), ERR_EXISTS);
    const uint64_t again = new_channel(f, "general");
    assert_err(store_channel_update(f->store, again, &rename), ERR_EXISTS);
    assert_slice(get_channel(f, again, ada).name, SLICE("general"));
    assert_ok(store_channel_update(f->store, general, &rename));
    assert_ok(store_channel_update(f->store, hidden, &rename));
    assert_slice(get_channel(f, hidden, ada).name, name);

    const uint64_t pair[] = {ada, new_user(f, "bob")};
    bool created;
    assert_ok(store_direct_open(f->store, pair, 2, NOW_US, &id, &created));
    assert_err(store_channel_update(f->store, id, &rename), ERR_NOT_FOUND);
    assert_err(store_channel_update(f->store, 999, &rename), ERR_NOT_FOUND);
}

static void nobody_may_send_to_an_archived_channel_nor_from_outside(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t eve = new_user(f, "eve");
    const uint64_t channel = new_channel(f, "general");
    const bool yes = true;
    const bool no = false;
    const struct store_channel_change archive = {.archived = &yes};
    const struct store_channel_change unarchive = {.archived = &no};
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    assert_ok(store_send_check(f->other, channel, ada));
    assert_err(store_send_check(f->other, channel, eve), ERR_NOT_MEMBER);
    assert_err(store_send_check(f->other, 999, ada), ERR_NOT_MEMBER);
    assert_ok(store_channel_update(f->store, channel, &archive));
    assert_true(get_channel(f, channel, ada).archived);
    assert_err(store_send_check(f->other, channel, ada), ERR_FORBIDDEN);
    assert_err(store_send_check(f->other, channel, eve), ERR_NOT_MEMBER);
    assert_ok(store_channel_update(f->store, channel, &unarchive));
    assert_false(get_channel(f, channel, ada).archived);
    assert_ok(store_send_check(f->other, channel, ada));
}

static void a_channel_needs_a_creator_that_exists_or_none(void **state)
{
    struct fixture *f = *state;
    uint64_t id = 0;
    assert_err(store_channel_create(f->store, SLICE("a"), SLICE_EMPTY, 999, NOW_US, &id),
               ERR_NOT_FOUND);
    assert_err(store_channel_by_name(f->store, SLICE("a"), &id), ERR_NOT_FOUND);
    new_channel(f, "a");
}

static void an_unknown_channel_is_not_found(void **state)
{
    struct fixture *f = *state;
    struct channel channel;
    assert_err(store_channel_get(f->store, 0, 0, &f->arena, &channel), ERR_NOT_FOUND);
    assert_err(store_channel_get(f->store, 999, 1, &f->arena, &channel), ERR_NOT_FOUND);
    assert_err(store_channel_get(f->store, UINT64_MAX, 1, &f->arena, &channel), ERR_NOT_FOUND);
}

static void public_channels_come_in_pages_as_the_viewer_sees_them(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t bob = new_user(f, "bob");
    const uint64_t users[] = {ada, bob};
    const uint64_t first = new_channel(f, "c");
    uint64_t direct;
    bool created;
    assert_ok(store_direct_open(f->store, users, 2, NOW_US, &direct, &created));
    const uint64_t second = new_channel(f, "a");
    const uint64_t third = new_channel(f, "b");
    assert_ok(store_member_add(f->store, second, ada, NOW_US));

    struct store_channels page;
    assert_ok(store_channels_page(f->store, ada, 0, 2, &f->arena, &page));
    assert_int_equal(page.count, 2);
    assert_int_equal(page.items[0].id, first);
    assert_false(page.items[0].member);
    assert_int_equal(page.items[1].id, second);
    assert_true(page.items[1].member);
    assert_int_equal(page.items[1].members, 1);

    assert_ok(store_channels_page(f->store, bob, second, 2, &f->arena, &page));
    assert_int_equal(page.count, 1);
    assert_int_equal(page.items[0].id, third);
    assert_ok(store_channels_page(f->store, bob, first, 1, &f->arena, &page));
    assert_false(page.items[0].member);
    assert_ok(store_channels_page(f->store, ada, UINT64_MAX, 2, &f->arena, &page));
    assert_int_equal(page.count, 0);
    assert_err(store_channels_page(f->store, ada, 0, 0, &f->arena, &page), ERR_INVALID);
    assert_err(store_channels_page(f->store, ada, 0, STORE_PAGE_MAX + 1, &f->arena, &page),
               ERR_INVALID);
}

/* ---- direct channels ---- */

static void the_same_people_have_one_direct_channel(void **state)
{
    struct fixture *f = *state;
    const uint64_t users[] = {new_user(f, "a"), new_user(f, "b"), new_user(f, "c")};
    uint64_t first = 0;
    uint64_t again = 0;
    bool created = false;
    assert_ok(store_direct_open(f->store, users, 2, NOW_US, &first, &created));
    assert_true(created);
    assert_ok(store_direct_open(f->other, users, 2, NOW_US, &again, &created));
    assert_false(created);
    assert_int_equal(first, again);

    assert_ok(store_direct_open(f->store, users, 3, NOW_US, &again, &created));
    assert_true(created);
    assert_true(first != again);
}

static void a_direct_channel_has_all_of_its_people_as_members(void **state)
{
    struct fixture *f = *state;
    uint64_t users[DIRECT_USERS_MAX];
    for (size_t i = 0; i < DIRECT_USERS_MAX; i++)
        users[i] = new_user(f, (const char[]){(char)('a' + i), '\0'});
    uint64_t id = 0;
    bool created = false;
    assert_ok(store_direct_open(f->store, users, DIRECT_USERS_MAX, NOW_US, &id, &created));

    const struct channel channel = get_channel(f, id, users[3]);
    assert_int_equal(channel.kind, CHANNEL_DIRECT);
    assert_int_equal(channel.name.len, 0);
    assert_int_equal(channel.members, DIRECT_USERS_MAX);
    assert_int_equal(channel.users_len, DIRECT_USERS_MAX);
    assert_memory_equal(channel.users, users, sizeof(users));
    assert_true(channel.member);
    for (size_t i = 0; i < DIRECT_USERS_MAX; i++) {
        bool is_member = false;
        assert_ok(store_member_check(f->other, id, users[i], &is_member));
        assert_true(is_member);
    }
}

static void one_person_may_have_a_direct_channel_alone(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    uint64_t id = 0;
    bool created = false;
    assert_ok(store_direct_open(f->store, &ada, 1, NOW_US, &id, &created));
    const struct channel channel = get_channel(f, id, ada);
    assert_int_equal(channel.users_len, 1);
    assert_int_equal(channel.users[0], ada);
}

static void a_direct_channel_with_nobody_is_not_made(void **state)
{
    struct fixture *f = *state;
    const uint64_t users[] = {new_user(f, "ada"), 999};
    uint64_t id = 99;
    bool created = false;
    assert_err(store_direct_open(f->store, users, 2, NOW_US, &id, &created), ERR_NOT_FOUND);
    assert_int_equal(id, 99);
    struct store_channels channels;
    assert_ok(store_channels_of(f->store, users[0], &f->arena, &channels));
    assert_int_equal(channels.count, 0);
}

static void a_set_that_is_none_is_refused(void **state)
{
    struct fixture *f = *state;
    const uint64_t sets[][2] = {{2, 1}, {1, 1}};
    const uint64_t many[DIRECT_USERS_MAX + 1] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    uint64_t id = 0;
    bool created = false;
    assert_err(store_direct_open(f->store, sets[0], 2, NOW_US, &id, &created), ERR_INVALID);
    assert_err(store_direct_open(f->store, sets[1], 2, NOW_US, &id, &created), ERR_INVALID);
    assert_err(store_direct_open(f->store, many, 0, NOW_US, &id, &created), ERR_INVALID);
    assert_err(store_direct_open(f->store, many, DIRECT_USERS_MAX + 1, NOW_US, &id, &created),
               ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(a_private_channel_is_in_no_list_and_takes_no_name),
        suite_test(a_channel_takes_another_name_and_topic),
        suite_test(nobody_may_send_to_an_archived_channel_nor_from_outside),
        suite_test(a_new_channel_has_neither_members_nor_events),
        suite_test(a_channel_name_is_taken_once),
        suite_test(a_channel_is_found_by_its_name),
        suite_test(a_channel_needs_a_creator_that_exists_or_none),
        suite_test(an_unknown_channel_is_not_found),
        suite_test(public_channels_come_in_pages_as_the_viewer_sees_them),
        suite_test(the_same_people_have_one_direct_channel),
        suite_test(a_direct_channel_has_all_of_its_people_as_members),
        suite_test(one_person_may_have_a_direct_channel_alone),
        suite_test(a_direct_channel_with_nobody_is_not_made),
        suite_test(a_set_that_is_none_is_refused),
    };
    return suite_run(tests);
}
