/* What every driver of the store promises: appending events. */

#include "store_suite.h"

static void assert_place(const struct event *event, uint64_t prev, uint64_t n)
{
    assert_int_equal(event->prev, prev);
    assert_true(event->seq > prev);
    assert_int_equal(event->n, n);
}

static void events_follow_each_other_by_prev(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    struct event events[4];
    struct store_append items[4];
    for (size_t i = 0; i < 4; i++) {
        events[i] = new_message(channel, 1, i == 1 ? SLICE_EMPTY : SLICE("hello"));
        items[i] = (struct store_append){.event = &events[i]};
    }
    events[1].kind = EVENT_JOIN;
    assert_ok(store_append(f->store, items, 3));
    assert_ok(store_append(f->other, items + 3, 1));

    assert_place(&events[0], 0, 1);
    assert_place(&events[1], events[0].seq, 1);
    assert_place(&events[2], events[1].seq, 2);
    assert_place(&events[3], events[2].seq, 3);
    const struct channel seen = get_channel(f, channel, 0);
    assert_int_equal(seen.last_seq, events[3].seq);
    assert_int_equal(seen.last_n, 3);
}

static void each_channel_has_its_own_order(void **state)
{
    struct fixture *f = *state;
    const uint64_t channels[] = {new_channel(f, "a"), new_channel(f, "b"), new_channel(f, "c")};
    struct event events[9];
    struct store_append items[9];
    for (size_t i = 0; i < 9; i++) {
        events[i] = new_message(channels[i % 3], 1, SLICE("hello"));
        items[i] = (struct store_append){.event = &events[i]};
    }
    assert_ok(store_append(f->store, items, 9));
    for (size_t i = 0; i < 9; i++)
        assert_place(&events[i], i < 3 ? 0 : events[i - 3].seq, i / 3 + 1);
}

static void everything_of_an_event_reads_back(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t first = say(f, channel, "first");
    struct event event = new_message(channel, 1234567890123u, SLICE("a\x01 \xf0\x9f\x98\x80\n'\""));
    event.thread = first;
    event.ts_us = -1;
    memset(event.cmid, 0xff, UUID_BYTES);
    event.cmid[3] = 0;
    assert_ok(append_event(f->store, &event).result);

    const struct store_page page = get_history(f->other, &f->arena, channel);
    assert_int_equal(page.count, 2);
    const struct event *back = &page.items[1];
    assert_int_equal(back->kind, EVENT_MESSAGE);
    assert_int_equal(back->channel, channel);
    assert_int_equal(back->seq, event.seq);
    assert_int_equal(back->prev, first);
    assert_int_equal(back->n, 2);
    assert_int_equal(back->sender, 1234567890123u);
    assert_int_equal(back->thread, first);
    assert_true(back->ts_us == -1);
    assert_memory_equal(back->cmid, event.cmid, UUID_BYTES);
    assert_slice(back->text, event.text);
}

/* ---- duplicates ---- */

static void assert_duplicate(const struct store_append *item, const struct event *first)
{
    assert_ok(item->result);
    assert_true(item->duplicate);
    assert_int_equal(item->event->seq, first->seq);
    assert_int_equal(item->event->prev, first->prev);
    assert_int_equal(item->event->n, first->n);
    assert_int_equal(item->event->ts_us, first->ts_us);
    assert_int_equal(item->event->kind, first->kind);
}

static void a_cmid_sent_again_later_has_the_same_place(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    say(f, channel, "before");
    struct event first = new_message(channel, 1, SLICE("hello"));
    assert_false(append_event(f->store, &first).duplicate);
    say(f, channel, "after");

    struct store *const handles[] = {f->store, f->other};
    for (size_t i = 0; i < 2; i++) {
        struct event again = first;
        again.seq = again.prev = again.n = 0;
        again.ts_us += 5;
        again.text = SLICE("other words");
        const struct store_append item = append_event(handles[i], &again);
        assert_duplicate(&item, &first);
    }
    const struct store_page page = get_history(f->store, &f->arena, channel);
    assert_int_equal(page.count, 3);
    assert_slice(page.items[1].text, SLICE("hello"));
    assert_int_equal(get_channel(f, channel, 0).last_n, 3);
}

static void a_cmid_twice_in_one_batch_is_stored_once(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    struct event events[4];
    struct store_append items[4];
    for (size_t i = 0; i < 4; i++) {
        events[i] = new_message(channel, 1, SLICE("hello"));
        items[i] = (struct store_append){.event = &events[i]};
    }
    memcpy(events[2].cmid, events[0].cmid, UUID_BYTES);
    assert_ok(store_append(f->store, items, 4));
    assert_false(items[0].duplicate);
    assert_false(items[1].duplicate);
    assert_duplicate(&items[2], &events[0]);
    assert_false(items[3].duplicate);
    assert_place(&events[3], events[1].seq, 3);
    assert_int_equal(get_history(f->store, &f->arena, channel).count, 3);
}

static void a_cmid_belongs_to_its_sender_and_channel(void **state)
{
    struct fixture *f = *state;
    const uint64_t channels[] = {new_channel(f, "a"), new_channel(f, "b")};
    struct event event = new_message(channels[0], 1, SLICE("hello"));
    assert_false(append_event(f->store, &event).duplicate);
    event.sender = 2;
    assert_false(append_event(f->store, &event).duplicate);
    event.channel = channels[1];
    assert_false(append_event(f->store, &event).duplicate);
    assert_place(&event, 0, 1);
}

static void a_duplicate_tells_the_kind_and_thread_stored_first(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t root = say(f, channel, "root");
    struct event first = new_message(channel, 1, SLICE("reply"));
    first.thread = root;
    assert_ok(append_event(f->store, &first).result);
    struct event again = first;
    again.kind = EVENT_JOIN;
    again.thread = 0;
    const struct store_append item = append_event(f->store, &again);
    assert_duplicate(&item, &first);
    assert_int_equal(again.thread, root);
}

/* ---- items that fail ---- */

static void an_event_for_no_channel_fails_alone(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t channels[] = {channel, 999, channel, 0, UINT64_MAX, 999, channel};
    struct event events[7];
    struct store_append items[7];
    for (size_t i = 0; i < 7; i++) {
        events[i] = new_message(channels[i], 1, SLICE("hello"));
        items[i] = (struct store_append){.event = &events[i]};
    }
    assert_ok(store_append(f->store, items, 7));
    for (size_t i = 0; i < 7; i++) {
        assert_err(items[i].result, channels[i] == channel ? ERR_NONE : ERR_NOT_FOUND);
        assert_false(items[i].duplicate);
    }
    assert_place(&events[6], events[2].seq, 3);
    assert_int_equal(get_history(f->other, &f->arena, channel).count, 3);
}

static enum err reply(struct fixture *f, uint64_t channel, uint64_t thread, struct event *out)
{
    *out = new_message(channel, 1, SLICE("reply"));
    out->thread = thread;
    return append_event(f->store, out).result;
}

static void a_thread_hangs_on_a_message_of_its_channel(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t other = new_channel(f, "other");
    const uint64_t joined = note_kind(f, channel, EVENT_JOIN);
    say(f, other, "one");
    say(f, other, "two");
    const uint64_t elsewhere = say(f, other, "three");
    struct event event;
    assert_err(reply(f, channel, joined, &event), ERR_NOT_FOUND);
    assert_err(reply(f, channel, elsewhere, &event), ERR_NOT_FOUND);
    assert_err(reply(f, channel, 999, &event), ERR_NOT_FOUND);
    assert_err(reply(f, channel, UINT64_MAX, &event), ERR_NOT_FOUND);
    assert_int_equal(get_history(f->store, &f->arena, channel).count, 1);

    const uint64_t root = say(f, channel, "root");
    assert_ok(reply(f, channel, root, &event));
    assert_int_equal(event.thread, root);
    assert_place(&event, root, 2);
}

static void a_reply_to_a_reply_is_in_the_first_thread(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t root = say(f, channel, "root");
    struct event first;
    struct event second;
    struct event third;
    assert_ok(reply(f, channel, root, &first));
    assert_ok(reply(f, channel, first.seq, &second));
    assert_ok(reply(f, channel, second.seq, &third));
    assert_int_equal(second.thread, root);
    assert_int_equal(third.thread, root);
    const struct store_page page = get_history(f->other, &f->arena, channel);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(page.items[i].thread, root);
}

/* ---- batches ---- */

static void a_batch_has_1_to_1000_events(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    struct event event = new_message(channel, 1, SLICE("hello"));
    struct store_append item = {.event = &event};
    assert_err(store_append(f->store, &item, 0), ERR_INVALID);
    assert_err(store_append(f->store, &item, STORE_BATCH_MAX + 1), ERR_INVALID);
    assert_int_equal(get_channel(f, channel, 0).last_seq, 0);
}

static void fill_text(char *text, size_t len, size_t number)
{
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + (i * 7 + number) % 26);
}

static void a_full_batch_of_the_longest_texts_reads_back(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    char *texts = mem_alloc((size_t)STORE_BATCH_MAX * EVENT_TEXT_MAX);
    struct event *events = mem_zalloc(STORE_BATCH_MAX * sizeof(*events));
    struct store_append *items = mem_zalloc(STORE_BATCH_MAX * sizeof(*items));
    for (size_t i = 0; i < STORE_BATCH_MAX; i++) {
        char *text = texts + i * EVENT_TEXT_MAX;
        fill_text(text, EVENT_TEXT_MAX, i);
        events[i] = new_message(channel, i % 7 + 1, slice_from(text, EVENT_TEXT_MAX));
        items[i].event = &events[i];
    }
    assert_ok(store_append(f->store, items, STORE_BATCH_MAX));

    const struct store_page page = get_history(f->other, &f->arena, channel);
    assert_int_equal(page.count, STORE_BATCH_MAX);
    for (size_t i = 0; i < STORE_BATCH_MAX; i++) {
        assert_ok(items[i].result);
        assert_int_equal(page.items[i].seq, events[i].seq);
        assert_int_equal(page.items[i].prev, i == 0 ? 0 : events[i - 1].seq);
        assert_int_equal(page.items[i].n, i + 1);
        assert_slice(page.items[i].text, events[i].text);
    }
    mem_free(items);
    mem_free(events);
    mem_free(texts);
}

/* ---- who else sees it ---- */

static void handles_see_what_others_have_committed(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    for (size_t i = 1; i <= 5; i++) {
        struct event event = new_message(channel, 1, SLICE("hello"));
        assert_ok(append_event(i % 2 == 0 ? f->store : f->other, &event).result);
        assert_int_equal(get_history(f->store, &f->arena, channel).count, i);
        assert_int_equal(get_history(f->other, &f->arena, channel).count, i);
    }
}

static void everything_outlives_its_handle(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    const uint64_t channel = new_channel(f, "general");
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    struct event first = new_message(channel, ada, SLICE("hello"));
    append_event(f->store, &first);

    /* Databases outlive the last handle, memory all but it. */
    if (suite_driver != SUITE_MEM) {
        store_close(f->other);
        f->other = NULL;
    }
    store_close(f->store);
    f->store = NULL;
    assert_ok(store_open(f->url, &f->store));

    assert_int_equal(get_history(f->store, &f->arena, channel).count, 1);
    const struct channel seen = get_channel(f, channel, ada);
    assert_int_equal(channel_unread(&seen), 1);
    struct event again = first;
    const struct store_append item = append_event(f->store, &again);
    assert_duplicate(&item, &first);
    struct event next = new_message(channel, ada, SLICE("next"));
    append_event(f->store, &next);
    assert_place(&next, first.seq, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(events_follow_each_other_by_prev),
        suite_test(each_channel_has_its_own_order),
        suite_test(everything_of_an_event_reads_back),
        suite_test(a_cmid_sent_again_later_has_the_same_place),
        suite_test(a_cmid_twice_in_one_batch_is_stored_once),
        suite_test(a_cmid_belongs_to_its_sender_and_channel),
        suite_test(a_duplicate_tells_the_kind_and_thread_stored_first),
        suite_test(an_event_for_no_channel_fails_alone),
        suite_test(a_thread_hangs_on_a_message_of_its_channel),
        suite_test(a_reply_to_a_reply_is_in_the_first_thread),
        suite_test(a_batch_has_1_to_1000_events),
        suite_test(a_full_batch_of_the_longest_texts_reads_back),
        suite_test(handles_see_what_others_have_committed),
        suite_test(everything_outlives_its_handle),
    };
    return suite_run(tests);
}
