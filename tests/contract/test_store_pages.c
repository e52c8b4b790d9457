/* What every driver of the store promises: pages of history. */

#include "store_suite.h"

#define EVENTS 13u

static void a_page_of_no_channel_is_not_found(void **state)
{
    struct fixture *f = *state;
    const struct store_range range = {STORE_NEWEST, 0, 10, BYTES_MANY};
    struct store_page page;
    assert_err(store_page(f->store, 999, range, &f->arena, &page), ERR_NOT_FOUND);
    assert_err(store_page(f->store, 0, range, &f->arena, &page), ERR_NOT_FOUND);
    assert_err(store_page(f->store, UINT64_MAX, range, &f->arena, &page), ERR_NOT_FOUND);
}

static void a_page_has_1_to_1000_events(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    struct store_range range = {STORE_NEWEST, 0, 0, BYTES_MANY};
    struct store_page page;
    assert_err(store_page(f->store, channel, range, &f->arena, &page), ERR_INVALID);
    range.limit = STORE_PAGE_MAX + 1;
    assert_err(store_page(f->store, channel, range, &f->arena, &page), ERR_INVALID);
}

static void an_empty_channel_has_empty_pages(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    for (int from = STORE_NEWEST; from <= STORE_AROUND; from++) {
        const struct store_range range = {(enum store_from)from, 5, 10, BYTES_MANY};
        const struct store_page page = get_page(f->store, &f->arena, channel, range);
        assert_int_equal(page.count, 0);
        assert_false(page.more_before);
        assert_false(page.more_after);
        assert_int_equal(page.last_seq, 0);
    }
}

/* ---- a channel of EVENTS events, and which of them a page must have ---- */

/* The event number i (from 0) has a text of i % 4 * 10 bytes, none where it is a join. */
static uint64_t fill_channel(struct fixture *f, uint64_t seqs[EVENTS])
{
    static const char text[] = "0123456789012345678901234567890123456789";
    const uint64_t channel = new_channel(f, "general");
    const uint64_t other = new_channel(f, "other");
    for (size_t i = 0; i < EVENTS; i++) {
        struct event event = new_message(channel, 1, slice_from(text, i % 4 * 10));
        event.kind = i % 4 == 0 ? EVENT_JOIN : EVENT_MESSAGE;
        assert_ok(append_event(f->store, &event).result);
        seqs[i] = event.seq;
        say(f, other, "not in any page");
    }
    return channel;
}

/* The first and the one past the last of the events that a page must have. */
struct expected {
    size_t first;
    size_t end;
};

static size_t text_len(size_t i)
{
    return i % 4 * 10;
}

static size_t span_bytes(size_t first, size_t end)
{
    size_t bytes = 0;
    for (size_t i = first; i < end; i++)
        bytes += text_len(i);
    return bytes;
}

/* The number of events below `seq`. */
static size_t count_below(const uint64_t seqs[EVENTS], uint64_t seq)
{
    size_t count = 0;
    while (count < EVENTS && seqs[count] < seq)
        count++;
    return count;
}

/* The largest page that ends at `end`. */
static struct expected expect_down(size_t end, struct store_range range)
{
    size_t first = end;
    while (first > 0 && end - first < range.limit &&
           (first == end || span_bytes(first - 1, end) <= range.bytes_max))
        first--;
    return (struct expected){first, end};
}

static struct expected expect_up(size_t first, struct store_range range)
{
    size_t end = first;
    while (end < EVENTS && end - first < range.limit &&
           (end == first || span_bytes(first, end + 1) <= range.bytes_max))
        end++;
    return (struct expected){first, end};
}

/* Without a limit of bytes: halves, the upper one larger, clipped to what there is. */
static struct expected expect_around(size_t at, struct store_range range)
{
    const size_t up_all = EVENTS - at;
    size_t up = range.limit - range.limit / 2;
    size_t down = range.limit / 2;
    if (up > up_all) {
        down = range.limit - up_all;
        up = up_all;
    }
    if (down > at) {
        up = range.limit - at < up_all ? range.limit - at : up_all;
        down = at;
    }
    return (struct expected){at - down, at + up};
}

static struct expected expect(const uint64_t seqs[EVENTS], struct store_range range)
{
    switch (range.from) {
    case STORE_NEWEST:
        return expect_down(EVENTS, range);
    case STORE_BEFORE:
        return expect_down(count_below(seqs, range.seq), range);
    case STORE_AFTER:
        return expect_up(count_below(seqs, range.seq + 1), range);
    case STORE_AROUND:
        break;
    }
    return expect_around(count_below(seqs, range.seq), range);
}

/* In order, without holes, with exact flags. */
static void assert_page(const struct store_page *page, const uint64_t seqs[EVENTS],
                        struct expected expected)
{
    assert_int_equal(page->count, expected.end - expected.first);
    for (size_t i = 0; i < page->count; i++) {
        const size_t number = expected.first + i;
        assert_int_equal(page->items[i].seq, seqs[number]);
        assert_int_equal(page->items[i].prev, number == 0 ? 0 : seqs[number - 1]);
        assert_int_equal(page->items[i].text.len, text_len(number));
    }
    assert_int_equal(page->more_before, expected.first > 0);
    assert_int_equal(page->more_after, expected.end < EVENTS);
    assert_int_equal(page->last_seq, seqs[EVENTS - 1]);
}

static void check_page(struct fixture *f, uint64_t channel, const uint64_t seqs[EVENTS],
                       struct store_range range)
{
    struct arena arena = {0};
    const struct store_page page = get_page(f->store, &arena, channel, range);
    assert_page(&page, seqs, expect(seqs, range));
    arena_fini(&arena);
}

static void a_page_has_the_events_nearest_to_its_position(void **state)
{
    struct fixture *f = *state;
    uint64_t seqs[EVENTS];
    const uint64_t channel = fill_channel(f, seqs);
    for (int from = STORE_NEWEST; from <= STORE_AROUND; from++) {
        for (uint64_t seq = 0; seq <= seqs[EVENTS - 1] + 2; seq++) {
            for (size_t limit = 1; limit <= EVENTS + 2; limit++)
                check_page(f, channel, seqs,
                           (struct store_range){(enum store_from)from, seq, limit, BYTES_MANY});
        }
    }
}

static void a_page_stops_before_it_has_too_many_bytes(void **state)
{
    struct fixture *f = *state;
    static const size_t bytes[] = {0, 1, 9, 10, 29, 30, 31, 50, 60, 70, 100, 150, 170, 180, 200};
    uint64_t seqs[EVENTS];
    const uint64_t channel = fill_channel(f, seqs);
    for (int from = STORE_NEWEST; from < STORE_AROUND; from++) {
        for (uint64_t seq = 0; seq <= seqs[EVENTS - 1] + 2; seq++) {
            for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
                check_page(f, channel, seqs,
                           (struct store_range){(enum store_from)from, seq, EVENTS, bytes[i]});
                check_page(f, channel, seqs,
                           (struct store_range){(enum store_from)from, seq, 4, bytes[i]});
            }
        }
    }
}

static void a_page_around_a_place_keeps_it_within_its_bytes(void **state)
{
    struct fixture *f = *state;
    uint64_t seqs[EVENTS];
    const uint64_t channel = fill_channel(f, seqs);
    for (size_t at = 0; at < EVENTS; at++) {
        for (size_t bytes = 0; bytes <= 200; bytes += 10) {
            const struct store_range range = {STORE_AROUND, seqs[at], EVENTS, bytes};
            struct arena arena = {0};
            const struct store_page page = get_page(f->store, &arena, channel, range);
            assert_true(page.count >= 1);
            const size_t first = count_below(seqs, page.items[0].seq);
            const size_t end = first + page.count;
            assert_true(first <= at && at < end);
            assert_true(page.count == 1 || span_bytes(first, end) <= bytes);
            assert_page(&page, seqs, (struct expected){first, end});

            /* It stopped because one neighbour more would have been too much, or all is there. */
            const bool full = (first > 0 && span_bytes(first - 1, end) > bytes) ||
                              (end < EVENTS && span_bytes(first, end + 1) > bytes);
            assert_true(full || page.count == EVENTS);
            arena_fini(&arena);
        }
    }
}

static void positions_may_be_any_number(void **state)
{
    struct fixture *f = *state;
    uint64_t seqs[EVENTS];
    const uint64_t channel = fill_channel(f, seqs);
    const uint64_t far[] = {UINT64_MAX, (uint64_t)INT64_MAX, (uint64_t)INT64_MAX + 1};
    for (size_t i = 0; i < 3; i++) {
        struct store_range range = {STORE_BEFORE, far[i], EVENTS, BYTES_MANY};
        struct store_page page = get_page(f->store, &f->arena, channel, range);
        assert_page(&page, seqs, (struct expected){0, EVENTS});
        range.from = STORE_AFTER;
        page = get_page(f->store, &f->arena, channel, range);
        assert_page(&page, seqs, (struct expected){EVENTS, EVENTS});
        range.from = STORE_AROUND;
        page = get_page(f->store, &f->arena, channel, range);
        assert_page(&page, seqs, (struct expected){0, EVENTS});
        range.bytes_max = SIZE_MAX;
        page = get_page(f->store, &f->arena, channel, range);
        assert_page(&page, seqs, (struct expected){0, EVENTS});
    }
}

static void walking_by_pages_gives_every_event_once(void **state)
{
    struct fixture *f = *state;
    uint64_t seqs[EVENTS];
    const uint64_t channel = fill_channel(f, seqs);
    size_t at = 0;
    bool more = true;
    for (uint64_t after = 0; more;) {
        const struct store_range range = {STORE_AFTER, after, 4, 30};
        const struct store_page page = get_page(f->other, &f->arena, channel, range);
        assert_true(page.count > 0);
        for (size_t i = 0; i < page.count; i++)
            assert_int_equal(page.items[i].seq, seqs[at++]);
        after = seqs[at - 1];
        more = page.more_after;
    }
    assert_int_equal(at, EVENTS);

    more = true;
    for (uint64_t before = UINT64_MAX; more;) {
        const struct store_range range = {STORE_BEFORE, before, 4, 30};
        const struct store_page page = get_page(f->other, &f->arena, channel, range);
        assert_true(page.count > 0);
        for (size_t i = page.count; i > 0; i--)
            assert_int_equal(page.items[i - 1].seq, seqs[--at]);
        before = seqs[at];
        more = page.more_before;
    }
    assert_int_equal(at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(a_page_of_no_channel_is_not_found),
        suite_test(a_page_has_1_to_1000_events),
        suite_test(an_empty_channel_has_empty_pages),
        suite_test(a_page_has_the_events_nearest_to_its_position),
        suite_test(a_page_stops_before_it_has_too_many_bytes),
        suite_test(a_page_around_a_place_keeps_it_within_its_bytes),
        suite_test(positions_may_be_any_number),
        suite_test(walking_by_pages_gives_every_event_once),
    };
    return suite_run(tests);
}
