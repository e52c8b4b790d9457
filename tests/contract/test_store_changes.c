/* What every driver of the store promises: edits, deletions, reactions, threads. */

#include "model/fold.h"
#include "store_suite.h"

static struct event new_change(enum event_kind kind, uint64_t channel, uint64_t sender,
                               uint64_t target, const char *text)
{
    struct event event = new_message(channel, sender, slice_str(text));
    event.kind = kind;
    event.thread = target;
    return event;
}

/* Append a change by user 1, who wrote all messages; what came of it. */
static enum err try_change(struct fixture *f, enum event_kind kind, uint64_t channel,
                           uint64_t target, const char *text)
{
    struct event event = new_change(kind, channel, 1, target, text);
    return append_event(f->store, &event).result;
}

static struct event get_event(struct fixture *f, uint64_t channel, uint64_t seq)
{
    const struct store_range range = {STORE_AFTER, seq - 1, 1, BYTES_MANY};
    const struct store_page page = get_page(f->other, &f->arena, channel, range);
    assert_int_equal(page.count, 1);
    assert_int_equal(page.items[0].seq, seq);
    return page.items[0];
}

static void assert_text(const struct event *event, const char *text)
{
    if (!slice_eq(event->text, slice_str(text)))
        fail_msg("%.*s is not %s", (int)event->text.len, event->text.ptr, text);
}

/* ---- which changes are taken ---- */

static void a_change_needs_a_message_that_is_not_deleted(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t other = new_channel(f, "other");
    const uint64_t seq = say(f, channel, "hello");
    const uint64_t join = note_kind(f, channel, EVENT_JOIN);
    const uint64_t elsewhere = say(f, other, "one") + 1000;
    static const enum event_kind kinds[] = {EVENT_EDIT, EVENT_REACT, EVENT_UNREACT, EVENT_DELETE};
    for (size_t i = 0; i < 4; i++) {
        const char *text = kinds[i] == EVENT_DELETE ? "" : "x";
        assert_err(try_change(f, kinds[i], channel, join, text), ERR_NOT_FOUND);
        assert_err(try_change(f, kinds[i], channel, elsewhere, text), ERR_NOT_FOUND);
        assert_err(try_change(f, kinds[i], 999, seq, text), ERR_NOT_FOUND);
        assert_ok(try_change(f, kinds[i], channel, seq, text));
    }
    for (size_t i = 0; i < 4; i++)
        assert_err(try_change(f, kinds[i], channel, seq, kinds[i] == EVENT_DELETE ? "" : "x"),
                   ERR_NOT_FOUND);
    const struct store_page page = get_history(f->store, &f->arena, channel);
    assert_int_equal(page.count, 6);
    assert_int_equal(page.items[5].n, 1);
}

static void only_the_author_edits_and_deletes_and_everybody_reacts(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t seq = say(f, channel, "hello");
    struct event edit = new_change(EVENT_EDIT, channel, 2, seq, "mine");
    struct event delete = new_change(EVENT_DELETE, channel, 2, seq, "");
    struct event react = new_change(EVENT_REACT, channel, 2, seq, "+1");
    assert_err(append_event(f->store, &edit).result, ERR_FORBIDDEN);
    assert_err(append_event(f->store, &delete).result, ERR_FORBIDDEN);
    assert_ok(append_event(f->store, &react).result);
    const struct event event = get_event(f, channel, seq);
    assert_text(&event, "hello");
    assert_int_equal(event.fold->reactions_len, 1);
    assert_int_equal(event.fold->reactions[0].users[0], 2);
}

static void a_change_that_is_sent_again_gets_its_first_place(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t seq = say(f, channel, "hello");
    struct event edit = new_change(EVENT_EDIT, channel, 1, seq, "better");
    struct event delete = new_change(EVENT_DELETE, channel, 1, seq, "");
    assert_ok(append_event(f->store, &edit).result);
    assert_ok(append_event(f->store, &delete).result);
    const uint64_t edit_seq = edit.seq;
    const uint64_t delete_seq = delete.seq;
    const struct store_append edited = append_event(f->other, &edit);
    const struct store_append deleted = append_event(f->other, &delete);
    assert_ok(edited.result);
    assert_ok(deleted.result);
    assert_true(edited.duplicate && deleted.duplicate);
    assert_int_equal(edit.seq, edit_seq);
    assert_int_equal(delete.seq, delete_seq);
}

static void a_batch_may_change_what_it_says_itself_and_fails_one_by_one(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t seq = say(f, channel, "hello");
    struct event events[] = {
        new_change(EVENT_DELETE, channel, 1, seq, ""),
        new_change(EVENT_EDIT, channel, 1, seq, "too late"),
        new_message(channel, 1, SLICE("another")),
        new_change(EVENT_EDIT, channel, 2, seq, "not mine"),
    };
    struct store_append items[4] = {
        {.event = &events[0]}, {.event = &events[1]}, {.event = &events[2]}, {.event = &events[3]}};
    assert_ok(store_append(f->store, items, 4));
    assert_ok(items[0].result);
    assert_err(items[1].result, ERR_NOT_FOUND);
    assert_ok(items[2].result);
    assert_err(items[3].result, ERR_NOT_FOUND);
    assert_int_equal(events[2].prev, events[0].seq);
}

/* ---- what becomes of messages ---- */

static void a_page_has_the_newest_text_and_all_events(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t seq = say(f, channel, "first");
    assert_ok(try_change(f, EVENT_EDIT, channel, seq, "second"));
    assert_ok(try_change(f, EVENT_EDIT, channel, seq, "third"));
    assert_ok(try_change(f, EVENT_REACT, channel, seq, "tada"));
    const struct store_page page = get_history(f->other, &f->arena, channel);
    assert_int_equal(page.count, 4);
    assert_text(&page.items[0], "third");
    assert_int_equal(page.items[0].fold->edited_seq, page.items[2].seq);
    assert_int_equal(page.items[0].fold->edited_us, NOW_US);
    assert_text(&page.items[1], "second");
    assert_int_equal(page.items[1].thread, seq);
    assert_text(&page.items[3], "tada");
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(page.items[i].prev, i == 0 ? 0 : page.items[i - 1].seq);
}

static void a_deleted_text_is_in_no_page(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t seq = say(f, channel, "secret");
    assert_ok(try_change(f, EVENT_EDIT, channel, seq, "secret too"));
    assert_ok(try_change(f, EVENT_DELETE, channel, seq, ""));
    const uint64_t last = say(f, channel, "hello");
    for (int from = STORE_NEWEST; from <= STORE_AROUND; from++) {
        for (uint64_t at = 0; at <= last + 1; at++) {
            for (size_t limit = 1; limit <= 4; limit++) {
                const struct store_range range = {(enum store_from)from, at, limit, BYTES_MANY};
                const struct store_page page = get_page(f->store, &f->arena, channel, range);
                for (size_t i = 0; i < page.count; i++)
                    assert_text(&page.items[i], page.items[i].seq == last ? "hello" : "");
            }
        }
    }
    assert_true(get_event(f, channel, seq).fold->deleted);
    assert_true(get_event(f, channel, seq + 1).fold->deleted);
}

static void changes_count_wherever_the_page_ends(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t seq = say(f, channel, "first");
    for (unsigned i = 0; i < 20; i++)
        say(f, channel, "between");
    assert_ok(try_change(f, EVENT_EDIT, channel, seq, "second"));
    assert_ok(try_change(f, EVENT_REACT, channel, seq, "+1"));
    const struct store_range oldest = {STORE_AFTER, 0, 3, BYTES_MANY};
    const struct store_page page = get_page(f->store, &f->arena, channel, oldest);
    assert_int_equal(page.count, 3);
    assert_text(&page.items[0], "second");
    assert_int_equal(page.items[0].fold->reactions[0].count, 1);
    assert_null(page.items[1].fold);
}

static void a_page_that_edits_have_made_too_long_ends_earlier(void **state)
{
    static char text[1001];
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    uint64_t seqs[10];
    memset(text, 'x', 1000);
    for (unsigned i = 0; i < 10; i++)
        seqs[i] = say(f, channel, "short");
    for (unsigned i = 0; i < 10; i++)
        assert_ok(try_change(f, EVENT_EDIT, channel, seqs[i], text));
    struct store_range range = {STORE_AFTER, 0, 10, 3500};
    struct store_page page = get_page(f->store, &f->arena, channel, range);
    assert_int_equal(page.count, 3);
    assert_int_equal(page.items[0].seq, seqs[0]);
    assert_true(page.more_after);
    range = (struct store_range){STORE_BEFORE, seqs[9], 10, 3500};
    page = get_page(f->store, &f->arena, channel, range);
    assert_int_equal(page.count, 3);
    assert_int_equal(page.items[2].seq, seqs[8]);
    assert_true(page.more_before);
    range = (struct store_range){STORE_AROUND, seqs[5], 9, 3500};
    page = get_page(f->store, &f->arena, channel, range);
    assert_int_equal(page.count, 3);
    assert_true(page.items[0].seq <= seqs[5] && page.items[2].seq >= seqs[5]);
}

static void a_threads_first_message_counts_its_replies(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t root = say(f, channel, "root");
    struct event reply = {0};
    for (unsigned i = 0; i < 5; i++) {
        reply = new_message(channel, 1, SLICE("reply"));
        reply.thread = root;
        reply.ts_us = NOW_US + i;
        assert_ok(append_event(f->store, &reply).result);
        say(f, channel, "between");
    }
    const struct event event = get_event(f, channel, root);
    assert_int_equal(event.fold->replies, 5);
    assert_int_equal(event.fold->last_reply_seq, reply.seq);
    assert_int_equal(event.fold->last_reply_us, NOW_US + 4);
}

/* ---- threads and versions ---- */

static uint64_t reply_to(struct fixture *f, uint64_t channel, uint64_t root, const char *text)
{
    struct event reply = new_message(channel, 1, slice_str(text));
    reply.thread = root;
    assert_ok(append_event(f->store, &reply).result);
    return reply.seq;
}

static struct store_page get_thread(struct fixture *f, uint64_t channel, uint64_t root,
                                    enum store_from from, uint64_t seq, size_t limit)
{
    const struct store_range range = {from, seq, limit, BYTES_MANY};
    struct store_page page;
    assert_ok(store_thread(f->other, channel, root, range, &f->arena, &page));
    return page;
}

static void a_thread_is_read_by_pages_of_its_replies_alone(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t root = say(f, channel, "root");
    const uint64_t other = say(f, channel, "other");
    uint64_t seqs[6];
    for (size_t i = 0; i < 6; i++) {
        seqs[i] = reply_to(f, channel, root, "reply");
        reply_to(f, channel, other, "not in it");
        say(f, channel, "between");
    }
    assert_ok(try_change(f, EVENT_EDIT, channel, seqs[1], "edited"));
    assert_ok(try_change(f, EVENT_DELETE, channel, seqs[2], ""));
    assert_ok(try_change(f, EVENT_REACT, channel, root, "+1"));

    struct store_page page = get_thread(f, channel, root, STORE_AFTER, 0, 10);
    assert_int_equal(page.count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(page.items[i].seq, seqs[i]);
    assert_text(&page.items[1], "edited");
    assert_text(&page.items[2], "");
    assert_false(page.more_after);

    page = get_thread(f, channel, root, STORE_NEWEST, 0, 2);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.items[0].seq, seqs[4]);
    assert_true(page.more_before && !page.more_after);

    page = get_thread(f, channel, root, STORE_BEFORE, seqs[4], 4);
    assert_int_equal(page.count, 4);
    assert_int_equal(page.items[3].seq, seqs[3]);
    assert_true(!page.more_before && page.more_after);

    page = get_thread(f, channel, root, STORE_AROUND, seqs[3], 3);
    assert_int_equal(page.count, 3);
    assert_true(page.items[0].seq <= seqs[3] && page.items[2].seq >= seqs[3]);
    assert_true(page.more_before && page.more_after);

    assert_int_equal(get_thread(f, channel, seqs[0], STORE_NEWEST, 0, 5).count, 0);
    struct store_range range = {STORE_NEWEST, 0, 5, BYTES_MANY};
    assert_err(store_thread(f->store, 999, root, range, &f->arena, &page), ERR_NOT_FOUND);
    range.limit = 0;
    assert_err(store_thread(f->store, channel, root, range, &f->arena, &page), ERR_INVALID);
}

static void the_versions_of_a_message_are_there_until_it_is_deleted(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t seq = say(f, channel, "first");
    const uint64_t join = note_kind(f, channel, EVENT_JOIN);
    assert_ok(try_change(f, EVENT_EDIT, channel, seq, "second"));
    assert_ok(try_change(f, EVENT_REACT, channel, seq, "+1"));
    assert_ok(try_change(f, EVENT_EDIT, channel, seq, "third"));
    struct event first;
    struct store_page edits;
    assert_ok(store_edits(f->other, channel, seq, &f->arena, &first, &edits));
    assert_text(&first, "first");
    assert_int_equal(edits.count, 2);
    assert_text(&edits.items[0], "second");
    assert_text(&edits.items[1], "third");
    assert_err(store_edits(f->other, channel, join, &f->arena, &first, &edits), ERR_NOT_FOUND);
    assert_err(store_edits(f->other, channel, 999, &f->arena, &first, &edits), ERR_NOT_FOUND);
    assert_ok(try_change(f, EVENT_DELETE, channel, seq, ""));
    assert_err(store_edits(f->other, channel, seq, &f->arena, &first, &edits), ERR_NOT_FOUND);
}

static void reactions_toggle_and_people_stand_in_their_order(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    const uint64_t seq = say(f, channel, "hello");
    static const struct {
        enum event_kind kind;
        uint64_t user;
        const char *emoji;
    } steps[] = {
        {EVENT_REACT, 9, "+1"},   {EVENT_REACT, 7, "tada"}, {EVENT_REACT, 7, "+1"},
        {EVENT_UNREACT, 9, "+1"}, {EVENT_REACT, 8, "+1"},   {EVENT_REACT, 9, "+1"},
        {EVENT_REACT, 6, "ok"},   {EVENT_UNREACT, 6, "ok"}, {EVENT_UNREACT, 5, "ok"},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct event event = new_change(steps[i].kind, channel, steps[i].user, seq, steps[i].emoji);
        assert_ok(append_event(f->store, &event).result);
    }
    const struct event event = get_event(f, channel, seq);
    assert_int_equal(event.fold->reactions_len, 2);
    const struct event_reaction *reactions = event.fold->reactions;
    assert_true(slice_eq(reactions[0].emoji, SLICE("tada")));
    assert_int_equal(reactions[1].count, 3);
    assert_int_equal(reactions[1].users[0], 7);
    assert_int_equal(reactions[1].users[1], 8);
    assert_int_equal(reactions[1].users[2], 9);
}

/* ---- events that come with their places ---- */

static void put_at(struct fixture *f, struct event *event, uint64_t seq)
{
    event->seq = seq;
    event->prev = seq - 1;
    event->n = 1;
    const struct event *const one = event;
    assert_ok(store_put(f->store, &one, 1));
}

static void changes_may_be_stored_in_any_order_and_again(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    struct event events[] = {
        new_change(EVENT_EDIT, channel, 1, 1, "third"),
        new_change(EVENT_UNREACT, channel, 2, 1, "+1"),
        new_change(EVENT_REACT, channel, 2, 1, "+1"),
        new_message(channel, 1, SLICE("first")),
        new_change(EVENT_EDIT, channel, 1, 1, "second"),
    };
    static const uint64_t seqs[] = {5, 4, 3, 1, 2};
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < 5; i++)
            put_at(f, &events[i], seqs[i]);
    }
    const struct event event = get_event(f, channel, 1);
    assert_text(&event, "third");
    assert_int_equal(event.fold->edited_seq, 5);
    assert_int_equal(event.fold->reactions_len, 0);
    assert_int_equal(get_history(f->store, &f->arena, channel).count, 5);

    struct event delete = new_change(EVENT_DELETE, channel, 1, 1, "");
    put_at(f, &delete, 6);
    put_at(f, &events[0], 5); /* delivered again */
    assert_true(get_event(f, channel, 1).fold->deleted);
    const struct event edit = get_event(f, channel, 5);
    assert_text(&edit, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(a_change_needs_a_message_that_is_not_deleted),
        suite_test(only_the_author_edits_and_deletes_and_everybody_reacts),
        suite_test(a_change_that_is_sent_again_gets_its_first_place),
        suite_test(a_batch_may_change_what_it_says_itself_and_fails_one_by_one),
        suite_test(a_page_has_the_newest_text_and_all_events),
        suite_test(a_deleted_text_is_in_no_page),
        suite_test(changes_count_wherever_the_page_ends),
        suite_test(a_page_that_edits_have_made_too_long_ends_earlier),
        suite_test(a_threads_first_message_counts_its_replies),
        suite_test(a_thread_is_read_by_pages_of_its_replies_alone),
        suite_test(the_versions_of_a_message_are_there_until_it_is_deleted),
        suite_test(reactions_toggle_and_people_stand_in_their_order),
        suite_test(changes_may_be_stored_in_any_order_and_again),
    };
    return suite_run(tests);
}
