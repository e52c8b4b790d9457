/* What the sequencer has, laid over what is stored: merging, limits, holes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "store/recent.h"
#include "store/store.h"

/* An event that follows the one before it. */
static struct event event(uint64_t seq)
{
    return (struct event){.kind = EVENT_MESSAGE,
                          .channel = 1,
                          .seq = seq,
                          .prev = seq - 1,
                          .n = seq,
                          .ts_us = clock_wall_us(),
                          .text = SLICE("text")};
}

static struct store_page page_of(struct event *items, size_t count, bool before, bool after)
{
    return (struct store_page){items, count, before, after, count > 0 ? items[count - 1].seq : 0};
}

static void expect_seqs(const struct store_page *page, uint64_t first, size_t count)
{
    assert_int_equal(page->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(page->items[i].seq, first + i);
}

static void events_that_are_not_stored_yet_stand_at_the_end_of_the_newest_page(void **state)
{
    struct arena arena = {0};
    struct event stored[] = {event(1), event(2), event(3)};
    struct event waiting[] = {event(3), event(4), event(5)};
    const struct recent_page recent = {waiting, 3};
    const struct store_range range = {STORE_NEWEST, 0, 4, 1000};
    struct store_page page = page_of(stored, 3, false, false);
    (void)state;

    recent_merge(&recent, range, &arena, &page);
    expect_seqs(&page, 2, 4);
    assert_true(page.more_before);
    assert_false(page.more_after);
    assert_int_equal(page.last_seq, 5);
    arena_fini(&arena);
}

/* A store with a channel of so many events. */
static struct store *store_of(const char *url, unsigned events, uint64_t *channel)
{
    struct store *store = NULL;
    assert_int_equal(store_open(url, &store), ERR_NONE);
    assert_int_equal(store_channel_create(store, SLICE("c"), SLICE_EMPTY, 0, 1, channel), ERR_NONE);
    for (unsigned i = 1; i <= events; i++) {
        struct event message = event(i);
        message.channel = *channel;
        memcpy(message.cmid, &i, sizeof(i));
        struct store_append item = {.event = &message};
        assert_int_equal(store_append(store, &item, 1), ERR_NONE);
    }
    return store;
}

static void expect_same(const struct store_page *page, const struct store_page *wanted)
{
    assert_int_equal(page->count, wanted->count);
    for (size_t i = 0; i < page->count; i++)
        assert_int_equal(page->items[i].seq, wanted->items[i].seq);
    assert_int_equal(page->more_before, wanted->more_before);
    assert_int_equal(page->more_after, wanted->more_after);
    assert_int_equal(page->last_seq, wanted->last_seq);
}

static void a_page_is_the_same_as_if_all_of_it_were_stored(void **state)
{
    enum { ALL = 8, STORED = 4 };
    struct arena arena = {0};
    uint64_t channel;
    struct store *whole = store_of("mem:whole", ALL, &channel);
    struct store *part = store_of("mem:part", STORED, &channel);
    struct event waiting[ALL - STORED + 1];
    (void)state;
    for (unsigned i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++)
        waiting[i] = event(STORED + i); /* the first is stored already */
    const struct recent_page recent = {waiting, sizeof(waiting) / sizeof(waiting[0])};

    for (unsigned at = 0; at < 4 * (ALL + 2) * ALL * 3; at++) {
        const struct store_range range = {
            .from = (enum store_from)(at % 4),
            .seq = at / 4 % (ALL + 2),
            .limit = 1 + at / 4 / (ALL + 2) % ALL,
            .bytes_max = 1 + 10 * (at / 4 / (ALL + 2) / ALL), /* a text has four */
        };
        struct store_page page;
        struct store_page wanted;
        assert_int_equal(store_page(part, channel, range, &arena, &page), ERR_NONE);
        assert_int_equal(store_page(whole, channel, range, &arena, &wanted), ERR_NONE);
        recent_merge(&recent, range, &arena, &page);
        expect_same(&page, &wanted);
    }
    store_close(whole);
    store_close(part);
    arena_fini(&arena);
}

static void a_hole_in_what_is_stored_is_filled_from_what_waits(void **state)
{
    struct arena arena = {0};
    struct event stored[] = {event(2), event(4)};
    struct event waiting[] = {event(3)};
    const struct recent_page recent = {waiting, 1};
    const struct store_range range = {STORE_AFTER, 1, 10, 1000};
    struct store_page page = page_of(stored, 2, true, false);
    (void)state;

    recent_merge(&recent, range, &arena, &page);
    recent_cut_at_hole(range, &page);
    expect_seqs(&page, 2, 3);
    assert_false(page.more_after);
    arena_fini(&arena);
}

static void what_waits_beyond_a_page_that_goes_on_does_not_belong_into_it(void **state)
{
    struct arena arena = {0};
    struct event stored[] = {event(1), event(2)};
    struct event waiting[] = {event(9)};
    const struct recent_page recent = {waiting, 1};
    const struct store_range range = {STORE_AFTER, 0, 2, 1000};
    struct store_page page = page_of(stored, 2, false, true);
    (void)state;

    recent_merge(&recent, range, &arena, &page);
    expect_seqs(&page, 1, 2);
    assert_true(page.more_after);
    assert_int_equal(page.last_seq, 9);
    arena_fini(&arena);
}

static void a_page_ends_before_a_young_hole_and_says_that_more_follows(void **state)
{
    struct event stored[] = {event(1), event(2), event(4)};
    const struct store_range range = {STORE_NEWEST, 0, 10, 1000};
    struct store_page page = page_of(stored, 3, false, false);
    (void)state;

    recent_cut_at_hole(range, &page);
    expect_seqs(&page, 1, 2);
    assert_true(page.more_after);
}

static void a_hole_right_behind_the_position_gives_an_empty_page(void **state)
{
    struct event stored[] = {event(7)};
    const struct store_range range = {STORE_AFTER, 5, 10, 1000};
    struct store_page page = page_of(stored, 1, true, false);
    (void)state;

    recent_cut_at_hole(range, &page);
    assert_int_equal(page.count, 0);
    assert_true(page.more_after);
}

static void an_old_hole_hides_nothing_for_ever(void **state)
{
    struct event stored[] = {event(1), event(3)};
    const struct store_range range = {STORE_NEWEST, 0, 10, 1000};
    struct store_page page = page_of(stored, 2, false, false);
    (void)state;

    stored[1].ts_us -= 3600 * 1000000LL;
    recent_cut_at_hole(range, &page);
    assert_int_equal(page.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_that_are_not_stored_yet_stand_at_the_end_of_the_newest_page),
        cmocka_unit_test(a_page_is_the_same_as_if_all_of_it_were_stored),
        cmocka_unit_test(a_hole_in_what_is_stored_is_filled_from_what_waits),
        cmocka_unit_test(what_waits_beyond_a_page_that_goes_on_does_not_belong_into_it),
        cmocka_unit_test(a_page_ends_before_a_young_hole_and_says_that_more_follows),
        cmocka_unit_test(a_hole_right_behind_the_position_gives_an_empty_page),
        cmocka_unit_test(an_old_hole_hides_nothing_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
