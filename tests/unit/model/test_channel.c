/* Which names and topics of channels are valid. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/channel.h"

static void assert_normal(struct slice name, struct slice wanted)
{
    char out[CHANNEL_NAME_MAX];
    assert_true(channel_name_normalize(name, out));
    assert_true(slice_eq(slice_from(out, name.len), wanted));
}

static void assert_no_name(struct slice name)
{
    char out[CHANNEL_NAME_MAX + 1];
    assert_true(name.len <= sizeof(out));
    assert_false(channel_name_normalize(name, out));
}

static void ascii_capitals_are_lowered(void **state)
{
    (void)state;
    assert_normal(SLICE("General"), SLICE("general"));
    assert_normal(SLICE("-_09AZ"), SLICE("-_09az"));
    assert_normal(SLICE("ÄB"), SLICE("Äb"));
}

static void letters_of_any_script_are_allowed(void **state)
{
    (void)state;
    assert_normal(SLICE("全体"), SLICE("全体"));
    assert_normal(SLICE("общий"), SLICE("общий"));
    assert_normal(SLICE("हिन्दी"), SLICE("हिन्दी"));
    assert_normal(SLICE("עברית"), SLICE("עברית"));
    assert_normal(SLICE("ไทย"), SLICE("ไทย"));
    assert_normal(SLICE("한국어"), SLICE("한국어"));
}

static void signs_spaces_and_controls_are_refused(void **state)
{
    (void)state;
    assert_no_name(SLICE("a b"));
    assert_no_name(SLICE("#a"));
    assert_no_name(SLICE("a.b"));
    assert_no_name(SLICE("a*"));
    assert_no_name(SLICE("a\n"));
    assert_no_name(SLICE("a\0"));
    assert_no_name(SLICE("a\xc2\xa0"));         /* no-break space */
    assert_no_name(SLICE("a\xe2\x80\x8b"));     /* zero width space */
    assert_no_name(SLICE("a\xe2\x80\xae"));     /* right-to-left override */
    assert_no_name(SLICE("a\xef\xbb\xbf"));     /* byte order mark */
    assert_no_name(SLICE("a\xf0\x9f\x98\x80")); /* emoji */
    assert_no_name(SLICE("a\xee\x80\x80"));     /* private use */
    assert_no_name(SLICE("a\xf3\xa0\x81\x81")); /* a tag character */
    assert_no_name(SLICE("a\xf4\x8f\xbf\xbf")); /* the last one */
    assert_no_name(SLICE("\xef\xbc\x83"));      /* full-width number sign */
    assert_no_name(SLICE("a\xc3"));             /* no UTF-8 */
}

static void a_name_has_1_to_80_bytes(void **state)
{
    (void)state;
    char name[CHANNEL_NAME_MAX + 1];
    memset(name, 'A', sizeof(name));
    assert_no_name(SLICE_EMPTY);
    assert_no_name(slice_from(name, sizeof(name)));

    char wanted[CHANNEL_NAME_MAX];
    memset(wanted, 'a', sizeof(wanted));
    assert_normal(slice_from(name, CHANNEL_NAME_MAX), slice_from(wanted, CHANNEL_NAME_MAX));
}

static void a_topic_is_text_with_newlines_within_its_limit(void **state)
{
    (void)state;
    char topic[CHANNEL_TOPIC_MAX + 1];
    memset(topic, 't', sizeof(topic));
    assert_true(channel_topic_valid(SLICE_EMPTY));
    assert_true(channel_topic_valid(SLICE("two\nlines: ☃")));
    assert_true(channel_topic_valid(slice_from(topic, CHANNEL_TOPIC_MAX)));
    assert_false(channel_topic_valid(slice_from(topic, CHANNEL_TOPIC_MAX + 1)));
    assert_false(channel_topic_valid(SLICE("a\tb")));
    assert_false(channel_topic_valid(SLICE("a\0b")));
    assert_false(channel_topic_valid(SLICE("a\xc2\x80")));
    assert_false(channel_topic_valid(SLICE("\xff")));
}

static void unread_is_what_lies_behind_the_marker(void **state)
{
    (void)state;
    struct channel channel = {.last_n = 10, .read_n = 7};
    assert_int_equal(channel_unread(&channel), 3);
    channel.read_n = 10;
    assert_int_equal(channel_unread(&channel), 0);
    channel.read_n = 11;
    assert_int_equal(channel_unread(&channel), 0);
}

static void kinds_have_the_words_of_the_protocol(void **state)
{
    (void)state;
    assert_true(slice_eq(channel_kind_name(CHANNEL_PUBLIC), SLICE("public")));
    assert_true(slice_eq(channel_kind_name(CHANNEL_DIRECT), SLICE("direct")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ascii_capitals_are_lowered),
        cmocka_unit_test(letters_of_any_script_are_allowed),
        cmocka_unit_test(signs_spaces_and_controls_are_refused),
        cmocka_unit_test(a_name_has_1_to_80_bytes),
        cmocka_unit_test(a_topic_is_text_with_newlines_within_its_limit),
        cmocka_unit_test(unread_is_what_lies_behind_the_marker),
        cmocka_unit_test(kinds_have_the_words_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
