/* Making, joining, leaving channels. */

#include "../../support/store_suite.h"

#include "chat/channels.h"

static enum err create(struct world *world, uint64_t user, const char *name, const char *topic,
                       struct channel *out)
{
    const char *problem = NULL;
    const enum err err = channel_create(world->store, user, CHANNEL_PUBLIC, slice_str(name),
                                        slice_str(topic), &world->arena, out, &problem);
    if (err == ERR_INVALID)
        assert_true(problem != NULL && problem[0] != '\0');
    return err;
}

static enum err open_direct(struct world *world, uint64_t user, const uint64_t *others,
                            size_t count, struct channel *out, bool *created)
{
    const char *problem = NULL;
    const enum err err = channel_open_direct(world->store, user, others, count, &world->arena, out,
                                             created, &problem);
    if (err == ERR_INVALID)
        assert_true(problem != NULL && problem[0] != '\0');
    return err;
}

static void a_new_channel_has_its_creator_as_a_member(void **state)
{
    struct world *world = *state;
    struct channel channel;
    assert_ok(create(world, world->ada, "General", "all\nof it", &channel));
    assert_int_equal(channel.kind, CHANNEL_PUBLIC);
    assert_slice(channel.name, "general");
    assert_slice(channel.topic, "all\nof it");
    assert_int_equal(channel.members, 1);
    assert_true(channel.member);
}

static void a_name_is_taken_once(void **state)
{
    struct world *world = *state;
    struct channel channel;
    assert_ok(create(world, world->ada, "general", "", &channel));
    assert_err(create(world, world->bob, "GENERAL", "", &channel), ERR_EXISTS);
}

static void bad_names_and_topics_are_refused_and_leave_nothing_behind(void **state)
{
    static const char *const names[] = {"", "a b", "a#b", "a/b", "\xff", "a.b"};
    char long_name[CHANNEL_NAME_MAX + 2] = {0};
    char long_topic[CHANNEL_TOPIC_MAX + 2] = {0};
    struct world *world = *state;
    struct channel channel;
    memset(long_name, 'x', CHANNEL_NAME_MAX + 1);
    memset(long_topic, 'x', CHANNEL_TOPIC_MAX + 1);
    for (size_t i = 0; i < COUNT(names); i++)
        assert_err(create(world, world->ada, names[i], "", &channel), ERR_INVALID);
    assert_err(create(world, world->ada, long_name, "", &channel), ERR_INVALID);
    assert_err(create(world, world->ada, "general", long_topic, &channel), ERR_INVALID);
    assert_err(create(world, world->ada, "general", "a\x01", &channel), ERR_INVALID);

    struct store_channels all;
    assert_ok(store_channels_page(world->store, world->ada, 0, 100, &world->arena, &all));
    assert_int_equal(all.count, 0);
}

static void joining_twice_is_joining_once(void **state)
{
    struct world *world = *state;
    struct channel channel;
    bool joined = false;
    assert_ok(create(world, world->ada, "general", "", &channel));
    assert_ok(channel_join(world->store, world->bob, channel.id, &world->arena, &channel, &joined));
    assert_true(joined);
    assert_int_equal(channel.members, 2);
    assert_true(channel.member);
    assert_ok(channel_join(world->store, world->bob, channel.id, &world->arena, &channel, &joined));
    assert_false(joined);
    assert_int_equal(channel.members, 2);
}

static void a_channel_that_does_not_exist_cannot_be_joined_or_left(void **state)
{
    struct world *world = *state;
    struct channel channel;
    bool joined;
    assert_err(channel_join(world->store, world->bob, 99, &world->arena, &channel, &joined),
               ERR_NOT_FOUND);
    assert_err(channel_leave(world->store, world->bob, 99), ERR_NOT_MEMBER);
}

static void leaving_ends_the_membership(void **state)
{
    struct world *world = *state;
    struct channel channel;
    assert_ok(create(world, world->ada, "general", "", &channel));
    assert_err(channel_leave(world->store, world->bob, channel.id), ERR_NOT_MEMBER);
    assert_ok(channel_leave(world->store, world->ada, channel.id));
    assert_err(channel_leave(world->store, world->ada, channel.id), ERR_NOT_MEMBER);
    assert_ok(store_channel_get(world->store, channel.id, world->ada, &world->arena, &channel));
    assert_false(channel.member);
    assert_int_equal(channel.members, 0);
}

static void the_same_people_have_one_direct_channel(void **state)
{
    struct world *world = *state;
    struct channel first;
    struct channel second;
    bool created = false;
    assert_ok(open_direct(world, world->ada, &world->bob, 1, &first, &created));
    assert_true(created);
    assert_int_equal(first.kind, CHANNEL_DIRECT);
    assert_int_equal(first.users_len, 2);
    assert_true(first.member);

    const uint64_t with_me[] = {world->ada, world->bob, world->ada};
    assert_ok(open_direct(world, world->bob, with_me, COUNT(with_me), &second, &created));
    assert_false(created);
    assert_int_equal(second.id, first.id);

    const uint64_t three[] = {world->eve, world->bob};
    assert_ok(open_direct(world, world->ada, three, COUNT(three), &second, &created));
    assert_true(created);
    assert_int_not_equal(second.id, first.id);
}

static void a_direct_channel_has_at_most_nine_people(void **state)
{
    struct world *world = *state;
    uint64_t others[9];
    struct channel channel;
    bool created;
    for (size_t i = 0; i < 9; i++) {
        const char name[] = {'u', (char)('0' + i), '\0'};
        others[i] = world_user(world, name);
    }
    assert_ok(open_direct(world, world->ada, others, 8, &channel, &created));
    assert_int_equal(channel.users_len, 9);
    for (size_t i = 1; i < channel.users_len; i++)
        assert_true(channel.users[i - 1] < channel.users[i]);
    assert_err(open_direct(world, world->ada, others, 9, &channel, &created), ERR_INVALID);
}

static void a_direct_channel_with_nobody_does_not_come_to_be(void **state)
{
    struct world *world = *state;
    const uint64_t nobody = 999;
    struct channel channel;
    bool created;
    assert_err(open_direct(world, world->ada, &nobody, 1, &channel, &created), ERR_NOT_FOUND);
}

static void a_direct_channel_is_not_there_for_others_and_cannot_be_left(void **state)
{
    struct world *world = *state;
    struct channel channel;
    struct store_users users;
    bool flag;
    assert_ok(open_direct(world, world->ada, &world->bob, 1, &channel, &flag));
    const uint64_t id = channel.id;
    assert_err(channel_join(world->store, world->eve, id, &world->arena, &channel, &flag),
               ERR_NOT_FOUND);
    assert_err(channel_members(world->store, world->eve, id, 0, 10, &world->arena, &users),
               ERR_NOT_FOUND);
    assert_err(channel_leave(world->store, world->eve, id), ERR_NOT_MEMBER);
    assert_err(channel_leave(world->store, world->bob, id), ERR_FORBIDDEN);
    assert_ok(channel_members(world->store, world->bob, id, 0, 10, &world->arena, &users));
    assert_int_equal(users.count, 2);
}

static void the_members_of_a_public_channel_are_known_to_everybody(void **state)
{
    struct world *world = *state;
    struct channel channel;
    struct store_users users;
    bool joined;
    assert_ok(create(world, world->ada, "general", "", &channel));
    assert_ok(channel_join(world->store, world->bob, channel.id, &world->arena, &channel, &joined));
    assert_ok(channel_members(world->store, world->eve, channel.id, 0, 10, &world->arena, &users));
    assert_int_equal(users.count, 2);
    assert_err(channel_members(world->store, world->eve, 99, 0, 10, &world->arena, &users),
               ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_new_channel_has_its_creator_as_a_member),
        world_test(a_name_is_taken_once),
        world_test(bad_names_and_topics_are_refused_and_leave_nothing_behind),
        world_test(joining_twice_is_joining_once),
        world_test(a_channel_that_does_not_exist_cannot_be_joined_or_left),
        world_test(leaving_ends_the_membership),
        world_test(the_same_people_have_one_direct_channel),
        world_test(a_direct_channel_has_at_most_nine_people),
        world_test(a_direct_channel_with_nobody_does_not_come_to_be),
        world_test(a_direct_channel_is_not_there_for_others_and_cannot_be_left),
        world_test(the_members_of_a_public_channel_are_known_to_everybody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
