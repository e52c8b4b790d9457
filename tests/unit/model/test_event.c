/* The binary form of events, and what makes a text valid. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "model/channel.h"
#include "model/event.h"

static struct event sample(void)
{
    struct event event = {
        .kind = EVENT_MESSAGE,
        .channel = 0x0102030405060708u,
        .seq = 42,
        .prev = 41,
        .n = 40,
        .sender = 7,
        .thread = 3,
        .ts_us = -5,
        .text = SLICE("héllo"),
    };
    for (uint8_t i = 0; i < UUID_BYTES; i++)
        event.cmid[i] = (uint8_t)(0xf0u + i);
    return event;
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
    assert_true(slice_eq(a->text, b->text));
}

static void what_was_encoded_is_decoded(void **state)
{
    (void)state;
    struct event event = sample();
    for (int kind = EVENT_MESSAGE; kind <= EVENT_UNREACT; kind++) {
        const bool has_text = kind == EVENT_MESSAGE || kind == EVENT_EDIT || kind > EVENT_DELETE;
        event.kind = (enum event_kind)kind;
        event.text = has_text ? SLICE("héllo") : SLICE_EMPTY;
        struct bytes *bytes = event_encode(&event);
        struct event back;
        assert_true(event_decode(bytes_slice(bytes), &back));
        assert_same(&event, &back);
        bytes_unref(bytes);
    }
}

/* An event without a text whose kind is written over. */
static bool decodes_as(uint8_t kind)
{
    struct event event = sample();
    event.kind = EVENT_JOIN;
    event.text = SLICE_EMPTY;
    struct bytes *bytes = event_encode(&event);
    bytes->data[1] = (char)kind;
    struct event back;
    const bool good = event_decode(bytes_slice(bytes), &back);
    bytes_unref(bytes);
    return good;
}

/* An event of `kind` with a text, encoded and decoded again. */
static bool comes_back(enum event_kind kind, struct slice text)
{
    struct event event = sample();
    event.kind = kind;
    event.text = text;
    struct bytes *bytes = event_encode(&event);
    struct event back;
    const bool good = event_decode(bytes_slice(bytes), &back);
    if (good)
        assert_same(&event, &back);
    bytes_unref(bytes);
    return good;
}

static void names_topics_and_archives_have_their_texts(void **state)
{
    char long_text[CHANNEL_TOPIC_MAX + 1];
    (void)state;
    memset(long_text, 'x', sizeof(long_text));
    assert_true(comes_back(EVENT_RENAME, SLICE("general")));
    assert_true(comes_back(EVENT_RENAME, slice_from(long_text, CHANNEL_NAME_MAX)));
    assert_false(comes_back(EVENT_RENAME, slice_from(long_text, CHANNEL_NAME_MAX + 1)));
    assert_false(comes_back(EVENT_RENAME, SLICE_EMPTY));
    assert_true(comes_back(EVENT_TOPIC, SLICE_EMPTY));
    assert_true(comes_back(EVENT_TOPIC, slice_from(long_text, CHANNEL_TOPIC_MAX)));
    assert_false(comes_back(EVENT_TOPIC, slice_from(long_text, CHANNEL_TOPIC_MAX + 1)));
    assert_true(comes_back(EVENT_ARCHIVE, SLICE_EMPTY));
    assert_true(comes_back(EVENT_UNARCHIVE, SLICE_EMPTY));
    assert_false(comes_back(EVENT_ARCHIVE, SLICE("x")));
    assert_false(decodes_as(19));
    assert_false(decodes_as(24));
}

static void the_head_is_laid_out_as_documented(void **state)
{
    (void)state;
    const struct event event = sample();
    static const uint8_t begin[16] = {1, 1, 0, 0, 6, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1};
    struct bytes *bytes = event_encode(&event);
    assert_int_equal(bytes->len, EVENT_HEAD_BYTES + 6);
    assert_memory_equal(bytes->data, begin, sizeof(begin));
    assert_memory_equal(bytes->data + 16, "\x2a\0\0\0\0\0\0\0\x29", 9);
    assert_memory_equal(bytes->data + 56, "\xfb\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_memory_equal(bytes->data + 64, event.cmid, UUID_BYTES);
    assert_memory_equal(bytes->data + 80, "h\xc3\xa9llo", 6);
    bytes_unref(bytes);
}

static void the_longest_text_fits(void **state)
{
    (void)state;
    char *text = mem_alloc(EVENT_TEXT_MAX);
    memset(text, 'x', EVENT_TEXT_MAX);
    struct event event = sample();
    event.text = slice_from(text, EVENT_TEXT_MAX);
    struct bytes *bytes = event_encode(&event);
    struct event back;
    assert_true(event_decode(bytes_slice(bytes), &back));
    assert_same(&event, &back);
    bytes_unref(bytes);
    mem_free(text);
}

static void every_other_length_is_refused(void **state)
{
    (void)state;
    const struct event event = sample();
    struct bytes *bytes = event_encode(&event);
    struct event back;
    for (size_t len = 0; len < bytes->len; len++) {
        /* A copy of exactly that size, so that reading past its end is seen. */
        char *part = mem_alloc(len + 1);
        memcpy(part, bytes->data, len);
        assert_false(event_decode(slice_from(part, len), &back));
        mem_free(part);
    }
    char *more = mem_zalloc(bytes->len + 1);
    memcpy(more, bytes->data, bytes->len);
    assert_false(event_decode(slice_from(more, bytes->len + 1), &back));
    mem_free(more);
    bytes_unref(bytes);
}

/* Decode a sample of `kind` with the byte at `at` replaced. */
static bool decodes_with(enum event_kind kind, size_t at, uint8_t byte)
{
    struct event event = sample();
    event.kind = kind;
    struct bytes *bytes = event_encode(&event);
    bytes->data[at] = (char)byte;
    struct event back;
    const bool good = event_decode(bytes_slice(bytes), &back);
    bytes_unref(bytes);
    return good;
}

static void unknown_versions_kinds_and_reserved_bits_are_refused(void **state)
{
    (void)state;
    assert_true(decodes_with(EVENT_MESSAGE, 0, 1));
    assert_false(decodes_with(EVENT_MESSAGE, 0, 0));
    assert_false(decodes_with(EVENT_MESSAGE, 0, 2));
    assert_false(decodes_with(EVENT_MESSAGE, 1, 0));
    assert_false(decodes_with(EVENT_MESSAGE, 1, 9));
    assert_false(decodes_with(EVENT_MESSAGE, 2, 1));
    assert_false(decodes_with(EVENT_MESSAGE, 3, 1));
    assert_false(decodes_with(EVENT_MESSAGE, 7, 1));
}

static void a_text_that_is_invalid_is_refused(void **state)
{
    (void)state;
    assert_false(decodes_with(EVENT_MESSAGE, EVENT_HEAD_BYTES, 0));
    assert_false(decodes_with(EVENT_MESSAGE, EVENT_HEAD_BYTES, 0xff));
    assert_false(decodes_with(EVENT_JOIN, EVENT_HEAD_BYTES, 'x')); /* joins have none */
    assert_false(decodes_with(EVENT_DELETE, EVENT_HEAD_BYTES, 'x'));
    assert_false(decodes_with(EVENT_REACT, EVENT_HEAD_BYTES, ' '));
    assert_true(decodes_with(EVENT_REACT, EVENT_HEAD_BYTES, 'x'));
}

static void a_change_has_a_target(void **state)
{
    (void)state;
    assert_true(decodes_with(EVENT_EDIT, 48, 1));
    assert_false(decodes_with(EVENT_EDIT, 48, 0));
    assert_true(decodes_with(EVENT_MESSAGE, 48, 0));
}

static void an_emoji_is_a_word_or_a_character(void **state)
{
    static const char longest[EVENT_EMOJI_MAX + 1] =
        "0123456789012345678901234567890123456789012345678901234567890123x";
    (void)state;
    assert_true(event_emoji_valid(SLICE("+1")));
    assert_true(event_emoji_valid(SLICE("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd")));
    assert_true(event_emoji_valid(slice_from(longest, EVENT_EMOJI_MAX)));
    assert_false(event_emoji_valid(slice_from(longest, EVENT_EMOJI_MAX + 1)));
    assert_false(event_emoji_valid(SLICE_EMPTY));
    assert_false(event_emoji_valid(SLICE("two words")));
    assert_false(event_emoji_valid(SLICE("a\0")));
    assert_false(event_emoji_valid(SLICE("a\x7f")));
    assert_false(event_emoji_valid(SLICE("\xf0\x9f")));
}

static void whether_a_change_may_be_made(void **state)
{
    struct event target = {.kind = EVENT_MESSAGE, .seq = 3, .sender = 7};
    struct event change = {.kind = EVENT_EDIT, .thread = 3, .sender = 7};
    (void)state;
    assert_int_equal(event_check_target(&change, &target, false), ERR_NONE);
    assert_int_equal(event_check_target(&change, &target, true), ERR_NOT_FOUND);
    assert_int_equal(event_check_target(&change, NULL, false), ERR_NOT_FOUND);
    change.sender = 8;
    assert_int_equal(event_check_target(&change, &target, false), ERR_FORBIDDEN);
    change.kind = EVENT_DELETE;
    assert_int_equal(event_check_target(&change, &target, false), ERR_FORBIDDEN);
    change.kind = EVENT_REACT;
    assert_int_equal(event_check_target(&change, &target, false), ERR_NONE);
    target.kind = EVENT_EDIT;
    assert_int_equal(event_check_target(&change, &target, false), ERR_NOT_FOUND);
    target.kind = EVENT_MESSAGE;
    target.seq = 4;
    assert_int_equal(event_check_target(&change, &target, false), ERR_NOT_FOUND);
}

static void a_refused_event_leaves_the_result_alone(void **state)
{
    (void)state;
    struct event back = {.seq = 99};
    assert_false(event_decode(SLICE("short"), &back));
    assert_int_equal(back.seq, 99);
}

static void texts_are_utf8_without_nul_within_the_limit(void **state)
{
    (void)state;
    char *text = mem_alloc(EVENT_TEXT_MAX + 1);
    memset(text, 'x', EVENT_TEXT_MAX + 1);
    assert_true(event_text_valid(slice_from(text, 1)));
    assert_true(event_text_valid(slice_from(text, EVENT_TEXT_MAX)));
    assert_false(event_text_valid(slice_from(text, EVENT_TEXT_MAX + 1)));
    mem_free(text);

    assert_true(event_text_valid(SLICE("line\n\ttab \xf0\x9f\x98\x80")));
    assert_false(event_text_valid(SLICE_EMPTY));
    assert_false(event_text_valid(SLICE("a\0b")));
    assert_false(event_text_valid(SLICE("\xc3")));
    assert_false(event_text_valid(SLICE("\xed\xa0\x80")));
}

static void kinds_have_the_words_of_the_protocol(void **state)
{
    (void)state;
    assert_true(slice_eq(event_kind_name(EVENT_MESSAGE), SLICE("message")));
    assert_true(slice_eq(event_kind_name(EVENT_CREATE), SLICE("create")));
    assert_true(slice_eq(event_kind_name(EVENT_JOIN), SLICE("join")));
    assert_true(slice_eq(event_kind_name(EVENT_LEAVE), SLICE("leave")));
    assert_true(slice_eq(event_kind_name(EVENT_RENAME), SLICE("rename")));
    assert_true(slice_eq(event_kind_name(EVENT_TOPIC), SLICE("topic")));
    assert_true(slice_eq(event_kind_name(EVENT_ARCHIVE), SLICE("archive")));
    assert_true(slice_eq(event_kind_name(EVENT_UNARCHIVE), SLICE("unarchive")));
    assert_true(slice_eq(event_kind_name(EVENT_EDIT), SLICE("edit")));
    assert_true(slice_eq(event_kind_name(EVENT_DELETE), SLICE("delete")));
    assert_true(slice_eq(event_kind_name(EVENT_REACT), SLICE("react")));
    assert_true(slice_eq(event_kind_name(EVENT_UNREACT), SLICE("unreact")));
    assert_false(event_counts(EVENT_EDIT));
    assert_true(event_counts(EVENT_MESSAGE));
    assert_false(event_counts(EVENT_JOIN));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_encoded_is_decoded),
        cmocka_unit_test(names_topics_and_archives_have_their_texts),
        cmocka_unit_test(the_head_is_laid_out_as_documented),
        cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(unknown_versions_kinds_and_reserved_bits_are_refused),
        cmocka_unit_test(a_text_that_is_invalid_is_refused),
        cmocka_unit_test(a_change_has_a_target),
        cmocka_unit_test(an_emoji_is_a_word_or_a_character),
        cmocka_unit_test(whether_a_change_may_be_made),
        cmocka_unit_test(a_refused_event_leaves_the_result_alone),
        cmocka_unit_test(texts_are_utf8_without_nul_within_the_limit),
        cmocka_unit_test(kinds_have_the_words_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
