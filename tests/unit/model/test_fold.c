/* What changes make of messages, in whatever order they come. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "model/fold.h"

static struct arena arena;

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct event message(uint64_t seq)
{
    return (struct event){
        .kind = EVENT_MESSAGE, .channel = 1, .seq = seq, .sender = 7, .text = SLICE("first")};
}

static struct event change(enum event_kind kind, uint64_t seq, uint64_t target, uint64_t sender,
                           struct slice text)
{
    return (struct event){.kind = kind,
                          .channel = 1,
                          .seq = seq,
                          .sender = sender,
                          .thread = target,
                          .ts_us = (int64_t)seq * 10,
                          .text = text};
}

/* The message at 3 with these changes made to it. */
static struct event fold_one(const struct event *changes, size_t count)
{
    struct event *item = arena_alloc(&arena, sizeof(*item));
    struct fold fold;
    *item = message(3);
    fold_begin(&fold, &arena, item, 1);
    for (size_t i = 0; i < count; i++)
        fold_add(&fold, &changes[i]);
    fold_end(&fold);
    return *item;
}

/* "+1:7,9 tada:8 " */
static struct slice tell(const struct event *event)
{
    struct buf text = {0};
    for (size_t i = 0; event->fold != NULL && i < event->fold->reactions_len; i++) {
        const struct event_reaction *reaction = &event->fold->reactions[i];
        buf_append(&text, reaction->emoji);
        for (size_t user = 0; user < reaction->users_len; user++) {
            buf_byte(&text, user == 0 ? ':' : ',');
            buf_u64(&text, reaction->users[user]);
        }
        buf_byte(&text, ' ');
    }
    const struct slice copy = arena_copy(&arena, buf_slice(&text));
    buf_fini(&text);
    return copy;
}

static void assert_slice(struct slice got, struct slice wanted)
{
    if (!slice_eq(got, wanted))
        fail_msg("%.*s is not %.*s", (int)got.len, got.ptr, (int)wanted.len, wanted.ptr);
}

static void a_message_without_changes_is_as_it_was(void **state)
{
    (void)state;
    const struct event event = fold_one(NULL, 0);
    assert_slice(event.text, SLICE("first"));
    assert_null(event.fold);
}

/* Check every order of `changes`, each given twice. */
static void in_any_order(struct event *changes, size_t from, size_t count,
                         void (*check)(const struct event *event))
{
    if (from + 1 >= count) {
        struct event twice[16];
        assert_true(2 * count <= 16);
        memcpy(twice, changes, count * sizeof(*changes));
        memcpy(twice + count, changes, count * sizeof(*changes));
        const struct event event = fold_one(twice, 2 * count);
        check(&event);
        return;
    }
    for (size_t i = from; i < count; i++) {
        struct event swapped = changes[from];
        changes[from] = changes[i];
        changes[i] = swapped;
        in_any_order(changes, from + 1, count, check);
        swapped = changes[from];
        changes[from] = changes[i];
        changes[i] = swapped;
    }
}

static void is_edited(const struct event *event)
{
    assert_slice(event->text, SLICE("third"));
    assert_int_equal(event->fold->edited_seq, 9);
    assert_int_equal(event->fold->edited_us, 90);
    assert_false(event->fold->deleted);
    assert_slice(tell(event), SLICE("tada:8 +1:7 "));
}

static void the_highest_seq_counts_in_any_order_and_however_often(void **state)
{
    struct event changes[] = {
        change(EVENT_EDIT, 5, 3, 7, SLICE("second")), change(EVENT_EDIT, 9, 3, 7, SLICE("third")),
        change(EVENT_REACT, 6, 3, 7, SLICE("+1")),    change(EVENT_UNREACT, 7, 3, 7, SLICE("+1")),
        change(EVENT_REACT, 10, 3, 7, SLICE("+1")),   change(EVENT_REACT, 8, 3, 8, SLICE("tada")),
    };
    (void)state;
    in_any_order(changes, 0, 6, is_edited);
}

static void is_deleted(const struct event *event)
{
    assert_int_equal(event->text.len, 0);
    assert_true(event->fold->deleted);
    assert_int_equal(event->fold->edited_seq, 0);
    assert_int_equal(event->fold->reactions_len, 0);
}

static void a_deletion_counts_always_and_leaves_nothing(void **state)
{
    struct event changes[] = {
        change(EVENT_EDIT, 5, 3, 7, SLICE("second")),
        change(EVENT_DELETE, 6, 3, 7, SLICE_EMPTY),
        change(EVENT_REACT, 8, 3, 9, SLICE("+1")),
        change(EVENT_EDIT, 7, 3, 7, SLICE("too late")),
    };
    (void)state;
    in_any_order(changes, 0, 4, is_deleted);
}

static void changes_of_other_messages_are_ignored(void **state)
{
    const struct event changes[] = {
        change(EVENT_EDIT, 5, 2, 7, SLICE("second")),
        change(EVENT_DELETE, 6, 4, 7, SLICE_EMPTY),
        change(EVENT_JOIN, 7, 0, 7, SLICE_EMPTY),
    };
    (void)state;
    assert_null(fold_one(changes, 3).fold);
}

static void who_takes_back_the_last_reaction_leaves_none(void **state)
{
    const struct event changes[] = {change(EVENT_REACT, 5, 3, 7, SLICE("+1")),
                                    change(EVENT_UNREACT, 6, 3, 7, SLICE("+1"))};
    (void)state;
    const struct event event = fold_one(changes, 2);
    assert_int_equal(event.fold->reactions_len, 0);
}

static void of_many_people_and_emojis_the_first_are_listed_and_all_counted(void **state)
{
    enum { PEOPLE = 70 };
    static char names[PEOPLE][2];
    struct event changes[2 * PEOPLE];
    (void)state;
    for (unsigned i = 0; i < PEOPLE; i++) {
        names[i][0] = (char)('0' + i / 10);
        names[i][1] = (char)('0' + i % 10);
        changes[i] = change(EVENT_REACT, 10 + i, 3, 100 + i, SLICE("+1"));
        changes[PEOPLE + i] = change(EVENT_REACT, 200 + i, 3, 1, slice_from(names[i], 2));
    }
    const struct event event = fold_one(changes, 2 * PEOPLE);
    const struct event_fold *fold = event.fold;
    assert_int_equal(fold->reactions_len, FOLD_EMOJIS_MAX);
    assert_slice(fold->reactions[0].emoji, SLICE("+1"));
    assert_int_equal(fold->reactions[0].count, PEOPLE);
    assert_int_equal(fold->reactions[0].users_len, FOLD_USERS_MAX);
    assert_int_equal(fold->reactions[0].users[0], 100);
    assert_slice(fold->reactions[1].emoji, SLICE("00"));
    assert_true(fold_weight(&event) > FOLD_USERS_MAX * sizeof(uint64_t));
}

static void replies_are_counted_and_the_newest_is_named(void **state)
{
    struct event items[] = {message(3), message(8)};
    struct fold fold;
    (void)state;
    items[1].thread = 3;
    items[1].ts_us = 80;
    fold_begin(&fold, &arena, items, 2);
    fold_add(&fold, &items[1]);
    fold_replies(&fold, 3, 4, 7, 70);
    fold_replies(&fold, 99, 1, 100, 1000);
    fold_end(&fold);
    assert_int_equal(items[0].fold->replies, 5);
    assert_int_equal(items[0].fold->last_reply_seq, 8);
    assert_int_equal(items[0].fold->last_reply_us, 80);
    assert_null(items[1].fold);
}

static void an_edit_has_no_text_when_its_message_is_deleted_wherever_that_is(void **state)
{
    struct event items[] = {
        message(10),
        change(EVENT_EDIT, 11, 10, 7, SLICE("secret")),
        change(EVENT_EDIT, 12, 2, 7, SLICE("secret")),
        change(EVENT_EDIT, 13, 1, 7, SLICE("public")),
        change(EVENT_EDIT, 14, 2, 7, SLICE("secret")),
        change(EVENT_DELETE, 15, 10, 7, SLICE_EMPTY),
    };
    const struct event elsewhere = change(EVENT_DELETE, 20, 2, 7, SLICE_EMPTY);
    struct fold fold;
    (void)state;
    fold_begin(&fold, &arena, items, 6);
    assert_int_equal(fold.outside, 2);
    assert_int_equal(fold_outside(&fold, 0), 1);
    assert_int_equal(fold_outside(&fold, 1), 2);
    fold_add(&fold, &elsewhere);
    fold_add(&fold, &items[5]);
    fold_end(&fold);
    static const bool deleted[] = {true, true, true, false, true};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(items[i].text.len == 0, deleted[i]);
        assert_int_equal(items[i].fold != NULL && items[i].fold->deleted, deleted[i]);
    }
    assert_null(items[5].fold);
}

static void an_empty_page_has_no_targets(void **state)
{
    struct fold fold;
    const struct event edit = change(EVENT_EDIT, 5, 3, 7, SLICE("x"));
    (void)state;
    fold_begin(&fold, &arena, NULL, 0);
    fold_add(&fold, &edit);
    fold_end(&fold);
    assert_int_equal(fold.outside, 0);
}

#define fold_test(test) cmocka_unit_test_teardown(test, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fold_test(a_message_without_changes_is_as_it_was),
        fold_test(the_highest_seq_counts_in_any_order_and_however_often),
        fold_test(a_deletion_counts_always_and_leaves_nothing),
        fold_test(changes_of_other_messages_are_ignored),
        fold_test(who_takes_back_the_last_reaction_leaves_none),
        fold_test(of_many_people_and_emojis_the_first_are_listed_and_all_counted),
        fold_test(replies_are_counted_and_the_newest_is_named),
        fold_test(an_edit_has_no_text_when_its_message_is_deleted_wherever_that_is),
        fold_test(an_empty_page_has_no_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
