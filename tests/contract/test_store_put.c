/* What every driver of the store promises to a fleet: finding, leasing and putting events. */

#include "store_suite.h"

/* A message that has its place. */
static struct event placed(uint64_t channel, uint64_t seq, uint64_t prev, uint64_t n)
{
    struct event event = new_message(channel, 1, SLICE("hello"));
    event.seq = seq;
    event.prev = prev;
    event.n = n;
    return event;
}

static void put_event(struct fixture *f, const struct event *event)
{
    assert_ok(store_put(f->store, &event, 1));
}

static void assert_same(const struct event *a, const struct event *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->channel, b->channel);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->prev, b->prev);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->sender, b->sender);
    assert_int_equal(a->thread, b->thread);
    assert_true(a->ts_us == b->ts_us);
    assert_memory_equal(a->cmid, b->cmid, UUID_BYTES);
    assert_slice(a->text, b->text);
}

/* ---- finding ---- */

static void an_event_is_found_by_its_cmid(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t root = say(f, channel, "before");
    struct event event = new_message(channel, 7, SLICE("a\x01 \xf0\x9f\x98\x80"));
    event.thread = root;
    append_event(f->store, &event);
    say(f, channel, "after");

    struct event found;
    assert_ok(store_event_find(f->other, channel, 7, event.cmid, &f->arena, &found));
    assert_same(&found, &event);
}

static void a_cmid_is_looked_up_for_its_channel_and_sender(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t other = new_channel(f, "other");
    struct event event = new_message(channel, 7, SLICE("hello"));
    append_event(f->store, &event);
    struct event found;
    assert_err(store_event_find(f->store, other, 7, event.cmid, &f->arena, &found), ERR_NOT_FOUND);
    assert_err(store_event_find(f->store, channel, 8, event.cmid, &f->arena, &found),
               ERR_NOT_FOUND);
    assert_err(store_event_find(f->store, 999, 7, event.cmid, &f->arena, &found), ERR_NOT_FOUND);
    assert_err(store_event_find(f->store, UINT64_MAX, 7, event.cmid, &f->arena, &found),
               ERR_NOT_FOUND);
    event.cmid[15] ^= 1;
    assert_err(store_event_find(f->store, channel, 7, event.cmid, &f->arena, &found),
               ERR_NOT_FOUND);
}

/* ---- putting ---- */

static void what_is_put_reads_back(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    struct event events[3] = {placed(channel, 5, 0, 1), placed(channel, 900, 5, 1),
                              placed(channel, 1025, 900, 2)};
    events[1].kind = EVENT_JOIN;
    events[1].text = SLICE_EMPTY;
    events[2].thread = 5;
    events[2].ts_us = -1;
    const struct event *const all[] = {&events[0], &events[1], &events[2]};
    assert_ok(store_put(f->store, all, 3));

    const struct store_page page = get_history(f->other, &f->arena, channel);
    assert_int_equal(page.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_same(&page.items[i], &events[i]);
    assert_false(page.more_before);
    assert_false(page.more_after);
    const struct channel seen = get_channel(f, channel, 0);
    assert_int_equal(seen.last_seq, 1025);
    assert_int_equal(seen.last_n, 2);
}

static void events_may_be_put_in_any_order(void **state)
{
    struct fixture *f = *state;
    const uint64_t channels[] = {new_channel(f, "a"), new_channel(f, "b")};
    struct event events[40];
    const struct event *all[40];
    for (uint64_t i = 0; i < 40; i++) {
        const uint64_t n = i / 2 + 1;
        events[i] = placed(channels[i % 2], n * 3, n * 3 - 3, n);
        all[(i * 7 + 3) % 40] = &events[i];
    }
    assert_ok(store_put(f->store, all, 15));
    assert_ok(store_put(f->other, all + 15, 25));
    for (size_t i = 0; i < 2; i++) {
        const struct store_page page = get_history(f->store, &f->arena, channels[i]);
        assert_int_equal(page.count, 20);
        for (size_t k = 0; k < 20; k++)
            assert_same(&page.items[k], &events[2 * k + i]);
        assert_int_equal(page.last_seq, 60);
        assert_int_equal(get_channel(f, channels[i], 0).last_n, 20);
    }
}

static void the_head_never_moves_back(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const struct event newer = placed(channel, 9, 4, 2);
    const struct event older = placed(channel, 4, 0, 1);
    put_event(f, &newer);
    put_event(f, &older);
    const struct channel seen = get_channel(f, channel, 0);
    assert_int_equal(seen.last_seq, 9);
    assert_int_equal(seen.last_n, 2);
}

static void putting_again_changes_nothing(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const struct event first = placed(channel, 4, 0, 1);
    const struct event second = placed(channel, 6, 4, 2);
    const struct event *const both[] = {&first, &second, &first};
    put_event(f, &first);
    assert_ok(store_put(f->other, both, 3));
    assert_ok(store_put(f->store, both, 3));
    const struct store_page page = get_history(f->store, &f->arena, channel);
    assert_int_equal(page.count, 2);
    assert_same(&page.items[0], &first);
    assert_same(&page.items[1], &second);
}

static void what_is_stored_first_stays(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const struct event first = placed(channel, 4, 0, 1);
    put_event(f, &first);
    struct event same_seq = placed(channel, 4, 0, 1);
    same_seq.text = SLICE("other words");
    struct event same_cmid = first;
    same_cmid.seq = 8;
    same_cmid.prev = 4;
    same_cmid.n = 2;
    const struct event next = placed(channel, 6, 4, 2);
    const struct event *const all[] = {&same_cmid, &same_seq, &next};
    assert_ok(store_put(f->store, all, 3));

    const struct store_page page = get_history(f->store, &f->arena, channel);
    assert_int_equal(page.count, 2);
    assert_same(&page.items[0], &first);
    assert_same(&page.items[1], &next);
    assert_int_equal(page.last_seq, 6);
    assert_int_equal(get_channel(f, channel, 0).last_n, 2);
}

static void what_is_put_and_what_is_appended_go_together(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const struct event first = placed(channel, 70, 0, 1);
    put_event(f, &first);
    struct event appended = new_message(channel, 1, SLICE("appended"));
    append_event(f->store, &appended);
    assert_true(appended.seq > 70);
    assert_int_equal(appended.prev, 70);
    assert_int_equal(appended.n, 2);
    struct event again = first;
    again.seq = again.prev = again.n = 0;
    const struct store_append item = append_event(f->store, &again);
    assert_true(item.duplicate);
    assert_int_equal(again.seq, 70);
    put_event(f, &appended);
    assert_int_equal(get_history(f->other, &f->arena, channel).count, 2);
}

static void a_full_batch_over_many_channels_reads_back(void **state)
{
    struct fixture *f = *state;
    uint64_t channels[100];
    for (size_t i = 0; i < 100; i++) {
        const char name[] = {'c', (char)('0' + i / 10), (char)('0' + i % 10), '\0'};
        channels[i] = new_channel(f, name);
    }
    struct event *events = mem_zalloc(STORE_BATCH_MAX * sizeof(*events));
    const struct event **all = mem_zalloc(STORE_BATCH_MAX * sizeof(*all));
    for (size_t i = 0; i < STORE_BATCH_MAX; i++) {
        const uint64_t n = i / 100 + 1;
        events[i] = placed(channels[i % 100], n, n - 1, n);
        all[i] = &events[i];
    }
    assert_ok(store_put(f->store, all, STORE_BATCH_MAX));
    for (size_t i = 0; i < 100; i++) {
        const struct store_page page = get_history(f->other, &f->arena, channels[i]);
        assert_int_equal(page.count, 10);
        for (size_t k = 0; k < 10; k++)
            assert_same(&page.items[k], &events[k * 100 + i]);
    }
    mem_free(all);
    mem_free(events);
}

static void a_put_has_1_to_1000_events(void **state)
{
    struct fixture *f = *state;
    const struct event event = placed(new_channel(f, "general"), 1, 0, 1);
    const struct event *const one = &event;
    assert_err(store_put(f->store, &one, 0), ERR_INVALID);
    assert_err(store_put(f->store, &one, STORE_BATCH_MAX + 1), ERR_INVALID);
    assert_int_equal(get_channel(f, event.channel, 0).last_seq, 0);
}

/* ---- leasing ---- */

static struct store_lease lease(struct store *store, uint64_t channel, uint64_t count)
{
    struct store_lease lease;
    assert_ok(store_lease(store, channel, count, &lease));
    assert_int_equal(lease.limit - lease.start, count);
    return lease;
}

static void no_seq_is_leased_twice(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t other = new_channel(f, "other");
    uint64_t end = 0;
    for (uint64_t i = 0; i < 10; i++) {
        const struct store_lease got = lease(i % 2 == 0 ? f->store : f->other, channel, i + 1);
        assert_true(got.start >= end);
        assert_int_equal(got.last_seq, 0);
        assert_int_equal(got.last_n, 0);
        end = got.limit;
    }
    assert_int_equal(lease(f->store, other, STORE_LEASE_MAX).start, 0);
}

static void a_lease_is_behind_what_is_stored(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    say(f, channel, "one");
    const uint64_t last = say(f, channel, "two");
    const struct store_lease first = lease(f->store, channel, 10);
    assert_true(first.start >= last);
    assert_int_equal(first.last_seq, last);
    assert_int_equal(first.last_n, 2);

    const struct event event = placed(channel, first.start + 500, last, 3);
    put_event(f, &event);
    const struct store_lease second = lease(f->other, channel, 10);
    assert_true(second.start >= event.seq);
    assert_int_equal(second.last_seq, event.seq);
    assert_int_equal(second.last_n, 3);
}

static void what_is_appended_is_behind_what_was_leased(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t first = say(f, channel, "one");
    const struct store_lease got = lease(f->store, channel, 1000);
    struct event event = new_message(channel, 1, SLICE("two"));
    append_event(f->other, &event);
    assert_true(event.seq > got.limit);
    assert_int_equal(event.prev, first);
    assert_int_equal(event.n, 2);
    assert_true(lease(f->store, channel, 1).start >= event.seq);
}

static void only_channels_have_leases(void **state)
{
    struct fixture *f = *state;
    struct store_lease got;
    assert_err(store_lease(f->store, 999, 10, &got), ERR_NOT_FOUND);
    assert_err(store_lease(f->store, 0, 10, &got), ERR_NOT_FOUND);
    assert_err(store_lease(f->store, UINT64_MAX, 10, &got), ERR_NOT_FOUND);
    const uint64_t channel = new_channel(f, "general");
    assert_err(store_lease(f->store, channel, 0, &got), ERR_INVALID);
    assert_err(store_lease(f->store, channel, STORE_LEASE_MAX + 1, &got), ERR_INVALID);
}

static void a_store_of_one_process_leases_nothing(void **state)
{
    struct fixture *f = *state;
    struct store_lease got;
    assert_err(store_lease(f->store, new_channel(f, "general"), 10, &got), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(an_event_is_found_by_its_cmid),
        suite_test(a_cmid_is_looked_up_for_its_channel_and_sender),
        suite_test(what_is_put_reads_back),
        suite_test(events_may_be_put_in_any_order),
        suite_test(the_head_never_moves_back),
        suite_test(putting_again_changes_nothing),
        suite_test(what_is_stored_first_stays),
        suite_test(what_is_put_and_what_is_appended_go_together),
        suite_test(a_full_batch_over_many_channels_reads_back),
        suite_test(a_put_has_1_to_1000_events),
    };
    const struct CMUnitTest lease_tests[] = {
        suite_test(no_seq_is_leased_twice),
        suite_test(a_lease_is_behind_what_is_stored),
        suite_test(what_is_appended_is_behind_what_was_leased),
        suite_test(only_channels_have_leases),
    };
    const struct CMUnitTest sqlite_tests[] = {
        suite_test(a_store_of_one_process_leases_nothing),
    };
    return suite_run(tests) + suite_run_only(SUITE_MEM | SUITE_PG, lease_tests) +
           suite_run_only(SUITE_SQLITE, sqlite_tests);
}
