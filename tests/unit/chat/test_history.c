/* Pages of history and resume, for members only. */

#include "../../support/store_suite.h"

#include "chat/history.h"

static uint64_t new_channel(struct world *world, const char *name, uint64_t member)
{
    uint64_t id = 0;
    assert_ok(store_channel_create(world->store, slice_str(name), SLICE_EMPTY, 0, NOW_US, &id));
    assert_ok(store_member_add(world->store, id, member, NOW_US));
    return id;
}

static void post(struct world *world, uint64_t channel, unsigned count, size_t text_len)
{
    static uint8_t number[4];
    char *text = arena_alloc(&world->arena, text_len);
    memset(text, 'x', text_len);
    for (unsigned i = 0; i < count; i++) {
        struct event event = {.kind = EVENT_MESSAGE,
                              .channel = channel,
                              .sender = world->ada,
                              .ts_us = NOW_US,
                              .text = slice_from(text, text_len)};
        for (size_t at = 0; at < sizeof(number) && ++number[at] == 0;)
            at++;
        memcpy(event.cmid, number, sizeof(number));
        struct store_append append = {.event = &event};
        assert_ok(store_append(world->store, &append, 1));
        assert_ok(append.result);
        assert_false(append.duplicate);
    }
}

static struct history_missed resume_one(struct world *world, uint64_t user, uint64_t channel,
                                        uint64_t have)
{
    struct history_missed item = {.channel = channel, .have = have};
    assert_ok(history_resume(world->store, user, &item, 1, &world->arena));
    return item;
}

static void a_member_gets_a_page_and_nobody_else_does(void **state)
{
    struct world *world = *state;
    const uint64_t channel = new_channel(world, "general", world->ada);
    const struct store_range newest = {STORE_NEWEST, 0, 10, HISTORY_BYTES_MAX};
    struct store_page page;
    post(world, channel, 3, 5);
    assert_ok(history_page(world->store, world->ada, channel, newest, &world->arena, &page));
    assert_int_equal(page.count, 3);
    assert_err(history_page(world->store, world->eve, channel, newest, &world->arena, &page),
               ERR_NOT_MEMBER);
    assert_err(history_page(world->store, world->ada, 99, newest, &world->arena, &page),
               ERR_NOT_MEMBER);
    assert_ok(store_member_remove(world->store, channel, world->ada));
    assert_err(history_page(world->store, world->ada, channel, newest, &world->arena, &page),
               ERR_NOT_MEMBER);
}

static void resume_gives_everything_since_and_says_that_it_is_complete(void **state)
{
    struct world *world = *state;
    const uint64_t channel = new_channel(world, "general", world->ada);
    post(world, channel, 20, 5);
    for (uint64_t have = 0; have <= 21; have++) {
        const struct history_missed item = resume_one(world, world->ada, channel, have);
        assert_int_equal(item.result, ERR_NONE);
        assert_true(item.complete);
        assert_int_equal(item.page.count, have > 20 ? 0 : 20 - have);
        assert_int_equal(item.page.last_seq, 20);
        for (size_t i = 0; i < item.page.count; i++)
            assert_int_equal(item.page.items[i].seq, have + 1 + i);
    }
}

static void an_empty_channel_is_complete(void **state)
{
    struct world *world = *state;
    const uint64_t channel = new_channel(world, "general", world->ada);
    const struct history_missed item = resume_one(world, world->ada, channel, 0);
    assert_true(item.complete);
    assert_int_equal(item.page.count, 0);
}

static void channels_of_others_and_unknown_ones_are_refused_each_by_itself(void **state)
{
    struct world *world = *state;
    const uint64_t mine = new_channel(world, "mine", world->ada);
    const uint64_t theirs = new_channel(world, "theirs", world->bob);
    struct history_missed items[] = {{.channel = theirs}, {.channel = mine}, {.channel = 99}};
    post(world, mine, 1, 5);
    post(world, theirs, 1, 5);
    assert_ok(history_resume(world->store, world->ada, items, COUNT(items), &world->arena));
    assert_int_equal(items[0].result, ERR_NOT_MEMBER);
    assert_int_equal(items[0].page.count, 0);
    assert_int_equal(items[1].result, ERR_NONE);
    assert_int_equal(items[1].page.count, 1);
    assert_int_equal(items[2].result, ERR_NOT_MEMBER);
}

static void a_long_absence_comes_in_pages_that_end(void **state)
{
    struct world *world = *state;
    const uint64_t channel = new_channel(world, "general", world->ada);
    post(world, channel, 60, 16000);
    uint64_t have = 0;
    unsigned pages = 0;
    struct history_missed item;
    do {
        item = resume_one(world, world->ada, channel, have);
        assert_true(item.page.count > 0);
        assert_true(item.page.count <= 17); /* about 256 KiB */
        assert_int_equal(item.page.items[0].seq, have + 1);
        have = item.page.items[item.page.count - 1].seq;
        pages++;
    } while (!item.complete);
    assert_int_equal(have, 60);
    assert_true(pages >= 4);
}

static void one_answer_is_bounded_over_all_its_channels_and_every_round_gets_further(void **state)
{
    enum { CHANNELS = 6 };
    struct world *world = *state;
    struct history_missed items[CHANNELS];
    uint64_t have[CHANNELS] = {0};
    uint64_t ids[CHANNELS];
    for (size_t i = 0; i < CHANNELS; i++) {
        const char name[] = {'c', (char)('0' + i), '\0'};
        ids[i] = new_channel(world, name, world->ada);
        post(world, ids[i], 10, 16000);
    }
    unsigned rounds = 0;
    for (size_t open = CHANNELS; open > 0; rounds++) {
        size_t bytes = 0;
        size_t got = 0;
        for (size_t i = 0; i < CHANNELS; i++)
            items[i] = (struct history_missed){.channel = ids[i], .have = have[i]};
        assert_ok(history_resume(world->store, world->ada, items, CHANNELS, &world->arena));
        open = 0;
        for (size_t i = 0; i < CHANNELS; i++) {
            for (size_t at = 0; at < items[i].page.count; at++) {
                assert_int_equal(items[i].page.items[at].seq, ++have[i]);
                bytes += items[i].page.items[at].text.len;
                got++;
            }
            assert_int_equal(items[i].complete, have[i] == 10 && items[i].page.last_seq == 10);
            open += items[i].complete ? 0 : 1;
        }
        assert_true(got > 0);
        assert_true(bytes <= HISTORY_BYTES_MAX + EVENT_TEXT_MAX);
    }
    for (size_t i = 0; i < CHANNELS; i++)
        assert_int_equal(have[i], 10);
    assert_in_range(rounds, 4, 8);
}

static void a_message_larger_than_what_is_left_still_comes_alone(void **state)
{
    struct world *world = *state;
    const uint64_t channel = new_channel(world, "general", world->ada);
    const struct store_range narrow = {STORE_AFTER, 0, 10, 1};
    struct store_page page;
    post(world, channel, 2, 16000);
    assert_ok(history_page(world->store, world->ada, channel, narrow, &world->arena, &page));
    assert_int_equal(page.count, 1);
    assert_true(page.more_after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        world_test(a_member_gets_a_page_and_nobody_else_does),
        world_test(resume_gives_everything_since_and_says_that_it_is_complete),
        world_test(an_empty_channel_is_complete),
        world_test(channels_of_others_and_unknown_ones_are_refused_each_by_itself),
        world_test(a_long_absence_comes_in_pages_that_end),
        world_test(one_answer_is_bounded_over_all_its_channels_and_every_round_gets_further),
        world_test(a_message_larger_than_what_is_left_still_comes_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
