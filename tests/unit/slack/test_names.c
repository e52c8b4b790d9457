/* Valid names from any. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/channel.h"
#include "model/user.h"
#include "slack/names.h"

static struct buf out;

static int tear_down(void **state)
{
    (void)state;
    buf_fini(&out);
    return 0;
}

static void assert_user(struct slice wanted, struct slice name)
{
    char normal[USER_NAME_MAX];
    buf_clear(&out);
    names_user(wanted, SLICE("U74ABC"), &out);
    assert_true(slice_eq(buf_slice(&out), name));
    assert_true(user_name_normalize(buf_slice(&out), normal));
}

static void valid_user_names_stay(void **state)
{
    (void)state;
    assert_user(SLICE("ada"), SLICE("ada"));
    assert_user(SLICE("a.b_c-9"), SLICE("a.b_c-9"));
    assert_user(SLICE("Ada"), SLICE("ada"));
    assert_user(SLICE("0123456789abcdef0123456789abcdef"),
                SLICE("0123456789abcdef0123456789abcdef"));
}

static void user_names_keep_what_they_can(void **state)
{
    (void)state;
    assert_user(SLICE("Bob B!"), SLICE("bob-b"));
    assert_user(SLICE("  Jos\u00e9 Garc\u00eda  "), SLICE("jos-garc-a"));
    assert_user(SLICE("._-x"), SLICE("x"));
    assert_user(SLICE("0123456789abcdef0123456789abcdefg"),
                SLICE("0123456789abcdef0123456789abcdef"));
}

static void without_anything_the_id_is_the_name(void **state)
{
    (void)state;
    assert_user(SLICE(""), SLICE("u74abc"));
    assert_user(SLICE("\u65e5\u672c"), SLICE("u74abc"));
    assert_user(SLICE("..."), SLICE("u74abc"));
    assert_user(SLICE("\0"), SLICE("u74abc"));
}

static void assert_channel(struct slice wanted, struct slice name)
{
    char normal[CHANNEL_NAME_MAX];
    buf_clear(&out);
    names_channel(wanted, SLICE("C1"), &out);
    assert_true(slice_eq(buf_slice(&out), name));
    assert_true(channel_name_normalize(buf_slice(&out), normal));
}

static void channel_names_may_have_letters_of_any_script(void **state)
{
    (void)state;
    assert_channel(SLICE("General"), SLICE("general"));
    assert_channel(SLICE("g\u00e9n\u00e9ral"), SLICE("g\u00e9n\u00e9ral"));
    assert_channel(SLICE("No Such!"), SLICE("no-such"));
    assert_channel(SLICE("a/../b"), SLICE("a-b"));
    assert_channel(SLICE("\U0001f600"), SLICE("c1"));
}

static void long_channel_names_are_cut_between_characters(void **state)
{
    (void)state;
    struct buf name = {0};
    buf_byte(&name, 'x');
    for (int i = 0; i < 50; i++)
        buf_append(&name, SLICE("\u00e9"));
    names_channel(buf_slice(&name), SLICE("C1"), &out);
    assert_int_equal(out.len, 79);
    buf_fini(&name);
}

static void suffixes_fit_into_the_limit(void **state)
{
    (void)state;
    names_attempt(SLICE("ada"), 1, 32, &out);
    assert_true(slice_eq(buf_slice(&out), SLICE("ada")));
    buf_clear(&out);
    names_attempt(SLICE("ada"), 12, 32, &out);
    assert_true(slice_eq(buf_slice(&out), SLICE("ada-12")));
    buf_clear(&out);
    names_attempt(SLICE("abcdef"), 2, 6, &out);
    assert_true(slice_eq(buf_slice(&out), SLICE("abcd-2")));
}

static void the_first_valid_display_name_counts(void **state)
{
    (void)state;
    struct json list;
    struct json items[4];
    assert_true(json_parse(SLICE("[null, \"  \", \" Ada\\u0007 L. \", \"later\"]"), 2, &list));
    for (size_t at = 0, i = 0; json_array_next(list, &at, &items[i]) && i < 3;)
        i++;
    names_display(items, 4, SLICE("ada"), &out);
    assert_true(slice_eq(buf_slice(&out), SLICE("Ada L.")));
    buf_clear(&out);
    names_display(items, 2, SLICE("ada"), &out);
    assert_true(slice_eq(buf_slice(&out), SLICE("ada")));
}

static void long_display_names_and_topics_are_cut(void **state)
{
    (void)state;
    struct buf text = {0};
    buf_byte(&text, '"');
    for (int i = 0; i < 600; i++)
        buf_append(&text, SLICE("\u00e9"));
    buf_byte(&text, '"');
    const struct json value = {JSON_STRING, buf_slice(&text)};
    names_display(&value, 1, SLICE("ada"), &out);
    assert_int_equal(out.len, 160);
    buf_clear(&out);
    names_topic(slice_from(text.ptr + 1, text.len - 2), &out);
    assert_int_equal(out.len, CHANNEL_TOPIC_MAX);
    assert_true(channel_topic_valid(buf_slice(&out)));
    buf_fini(&text);
}

static void topics_lose_control_characters_but_line_feeds(void **state)
{
    (void)state;
    names_topic(SLICE("a\tb\nc\033d"), &out);
    assert_true(slice_eq(buf_slice(&out), SLICE("a b\nc d")));
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(valid_user_names_stay),
        TEST(user_names_keep_what_they_can),
        TEST(without_anything_the_id_is_the_name),
        TEST(channel_names_may_have_letters_of_any_script),
        TEST(long_channel_names_are_cut_between_characters),
        TEST(suffixes_fit_into_the_limit),
        TEST(the_first_valid_display_name_counts),
        TEST(long_display_names_and_topics_are_cut),
        TEST(topics_lose_control_characters_but_line_feeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
