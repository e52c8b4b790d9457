/* What json_parse() takes and what it refuses. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/mem.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DEPTH 8u

/* Parse a copy of exactly its size, so that reading past it is seen. */
static bool parses(struct slice text, unsigned depth_max)
{
    char *copy = mem_alloc(text.len + 1);
    memcpy(copy + 1, text.ptr, text.len);
    struct json root;
    const bool ok = json_parse(slice_from(copy + 1, text.len), depth_max, &root);
    mem_free(copy);
    return ok;
}

static const struct slice ACCEPTED[] = {
    /* Scalars are texts too. */
    TEXT("null"),
    TEXT("true"),
    TEXT("false"),
    TEXT("0"),
    TEXT("\"\""),
    TEXT(" \t\r\n1 \t\r\n"),
    /* Numbers. */
    TEXT("-0"),
    TEXT("-1"),
    TEXT("10"),
    TEXT("1234567890"),
    TEXT("0.0"),
    TEXT("-0.5"),
    TEXT("1.000000000000000000001"),
    TEXT("0e0"),
    TEXT("0e1"),
    TEXT("0E+1"),
    TEXT("1e-2"),
    TEXT("1E400"),
    TEXT("-1.5e+10"),
    TEXT("123456789012345678901234567890123456789012345678901234567890"),
    /* Containers. */
    TEXT("[]"),
    TEXT("{}"),
    TEXT("[ ]"),
    TEXT("{\n}"),
    TEXT("[1]"),
    TEXT("[1,2,3]"),
    TEXT("[ 1 , 2 ]"),
    TEXT("[[],{},\"\",0,null,true,false]"),
    TEXT("{\"a\":1}"),
    TEXT("{ \"a\" : 1 , \"b\" : [ ] }"),
    TEXT("{\"\":0}"),
    TEXT("{\"a\":1,\"a\":2}"),
    TEXT("{\"a\":{\"b\":{\"c\":[{\"d\":null}]}}}"),
    TEXT("{\"a\\u0000b\":1}"),
    /* Strings. */
    TEXT("\"plain\""),
    TEXT("\"a string that is longer than eight bytes\""),
    TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
    TEXT("\"\\\\\""),
    TEXT("\"1234567\\\\\""),
    TEXT("\"\\u0000\\u001f\\uABCD\\uabcd\""),
    TEXT("\"\\uD83D\\uDE00\""),
    TEXT("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""),
    TEXT("\"\\uFFFE\\uFFFF\\uFDD0\""),
    TEXT("\"/ and \x7f need no escape\""),
    TEXT("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""),
    TEXT("\"\xe2\x80\xa8\xe2\x80\xa9\""),
    TEXT("\"\xef\xbb\xbf is a character inside a string\""),
    TEXT("\"[{]},:\""),
    TEXT("[\"]\",\"\\\"]\"]"),
};

static const struct slice REFUSED[] = {
    /* Nothing, or more than one thing. */
    TEXT(""),
    TEXT(" "),
    TEXT("1 2"),
    TEXT("[] []"),
    TEXT("{}}"),
    TEXT("[]]"),
    TEXT("\"\"x"),
    TEXT("null\0"),
    TEXT("[]\0"),
    TEXT("\xef\xbb\xbf[]"),
    TEXT("\xff\xfe[\0]\0"),
    /* Words. */
    TEXT("nul"),
    TEXT("nulll"),
    TEXT("True"),
    TEXT("FALSE"),
    TEXT("undefined"),
    TEXT("NaN"),
    TEXT("Infinity"),
    TEXT("-Infinity"),
    TEXT("[tru]"),
    TEXT("[fals]"),
    /* Numbers. */
    TEXT("-"),
    TEXT("+1"),
    TEXT("01"),
    TEXT("-01"),
    TEXT("00"),
    TEXT(".5"),
    TEXT("-.5"),
    TEXT("1."),
    TEXT("1.e1"),
    TEXT("1e"),
    TEXT("1e+"),
    TEXT("1e-"),
    TEXT("1e1.5"),
    TEXT("1e+-1"),
    TEXT("1.2.3"),
    TEXT("--1"),
    TEXT("- 1"),
    TEXT("1 000"),
    TEXT("1_000"),
    TEXT("0x1"),
    TEXT("1f"),
    TEXT("\xef\xbc\x91"),
    /* Arrays. */
    TEXT("["),
    TEXT("]"),
    TEXT("[1"),
    TEXT("[1,"),
    TEXT("[1,]"),
    TEXT("[,1]"),
    TEXT("[,]"),
    TEXT("[1,,2]"),
    TEXT("[1 2]"),
    TEXT("[1;2]"),
    TEXT("[1}"),
    TEXT("[\"a\":1]"),
    TEXT("[\v1]"),
    TEXT("[\f1]"),
    TEXT("[\xc2\xa0]"),
    TEXT("[1]/**/"),
    TEXT("[1] // end"),
    TEXT("# no\n[]"),
    /* Objects. */
    TEXT("{"),
    TEXT("}"),
    TEXT("{\"a\""),
    TEXT("{\"a\":"),
    TEXT("{\"a\":1"),
    TEXT("{\"a\":1,"),
    TEXT("{\"a\":1,}"),
    TEXT("{,\"a\":1}"),
    TEXT("{\"a\":1,,\"b\":2}"),
    TEXT("{\"a\" 1}"),
    TEXT("{\"a\"}"),
    TEXT("{\"a\":}"),
    TEXT("{\"a\"::1}"),
    TEXT("{\"a\":1 \"b\":2}"),
    TEXT("{\"a\",1}"),
    TEXT("{a:1}"),
    TEXT("{'a':1}"),
    TEXT("{1:1}"),
    TEXT("{null:1}"),
    TEXT("{[]:1}"),
    TEXT("{:1}"),
    TEXT("{\"a\":1]"),
    /* Strings. */
    TEXT("\""),
    TEXT("\"\\\""),
    TEXT("\"\\"),
    TEXT("'a'"),
    TEXT("\"a"),
    TEXT("\"\\a\""),
    TEXT("\"\\v\""),
    TEXT("\"\\0\""),
    TEXT("\"\\'\""),
    TEXT("\"\\x41\""),
    TEXT("\"\\U0041\""),
    TEXT("\"\\ \""),
    TEXT("\"\\\xc3\xa4\""),
    TEXT("\"\\u\""),
    TEXT("\"\\u00\""),
    TEXT("\"\\u004\""),
    TEXT("\"\\u004g\""),
    TEXT("\"\\u00 1\""),
    TEXT("\"\\u+041\""),
    TEXT("\"\\u{41}\""),
    TEXT("\"\\u"),
    TEXT("\"\\u004"),
    TEXT("\"\\uD800"),
    TEXT("\"\\uD800\\"),
    TEXT("\"\\uD800\\u"),
    TEXT("\"\\uD800\\uDC"),
    TEXT("\"a\tb\""),
    TEXT("\"a\nb\""),
    TEXT("\"a\0b\""),
    TEXT("\"\x1f\""),
    TEXT("\"more than eight plain bytes \x01 then\""),
    TEXT("{\"a\nb\":1}"),
    /* Lone surrogates. */
    TEXT("\"\\uD800\""),
    TEXT("\"\\uDC00\""),
    TEXT("\"\\uDFFF\\uD800\""),
    TEXT("\"\\uD800\\uD800\""),
    TEXT("\"\\uD800\\uE000\""),
    TEXT("\"\\uD800\\n\""),
    TEXT("\"\\uD800x\""),
    TEXT("\"\xed\xa0\x80\""),
    TEXT("\"\xed\xbf\xbf\""),
    /* Bad UTF-8. */
    TEXT("\"\x80\""),
    TEXT("\"\xff\""),
    TEXT("\"\xfe\""),
    TEXT("\"\xc3\""),
    TEXT("\"\xc3\\n\""),
    TEXT("\"\xc0\x80\""),
    TEXT("\"\xc1\xbf\""),
    TEXT("\"\xe0\x9f\xbf\""),
    TEXT("\"\xf0\x8f\xbf\xbf\""),
    TEXT("\"\xf4\x90\x80\x80\""),
    TEXT("\"\xf5\x80\x80\x80\""),
    TEXT("\"\xe2\x82\""),
    TEXT("{\"\xff\":1}"),
};

static void everything_that_is_json_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ACCEPTED); i++) {
        if (!parses(ACCEPTED[i], DEPTH))
            fail_msg("refused: %.*s", (int)ACCEPTED[i].len, ACCEPTED[i].ptr);
    }
}

static void everything_else_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        if (parses(REFUSED[i], DEPTH))
            fail_msg("accepted: %.*s", (int)REFUSED[i].len, REFUSED[i].ptr);
    }
}

static void no_shorter_prefix_of_a_container_or_string_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ACCEPTED); i++) {
        const struct slice text = slice_trim(ACCEPTED[i]);
        if (text.len == 0 || strchr("[{\"", text.ptr[0]) == NULL)
            continue;
        for (size_t len = 0; len < text.len; len++)
            assert_false(parses(slice_from(text.ptr, len), DEPTH));
    }
}

static void a_refused_text_stays_refused_inside_an_array(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        struct buf text = {0};
        if (slice_trim(REFUSED[i]).len == 0)
            continue; /* an empty array is one */
        buf_byte(&text, '[');
        buf_append(&text, REFUSED[i]);
        buf_byte(&text, ']');
        assert_false(parses(buf_slice(&text), DEPTH));
        buf_fini(&text);
    }
}

static void nesting_is_accepted_up_to_the_limit_and_not_past_it(void **state)
{
    (void)state;
    assert_true(parses(SLICE("1"), 1));
    assert_true(parses(SLICE("[{\"a\":[]}]"), 3));
    assert_false(parses(SLICE("[{\"a\":[]}]"), 2));
    assert_true(parses(SLICE("[[],[],{}]"), 2));

    for (unsigned depth = 1; depth <= 65; depth++) {
        struct buf text = {0};
        for (unsigned i = 0; i < depth; i++)
            buf_append(&text, i % 2 == 0 ? SLICE("[") : SLICE("{\"k\":"));
        buf_byte(&text, '0');
        for (unsigned i = depth; i > 0; i--)
            buf_byte(&text, i % 2 == 0 ? '}' : ']');
        assert_int_equal(parses(buf_slice(&text), 64), depth <= 64);
        if (depth <= 64)
            assert_true(parses(buf_slice(&text), depth));
        if (depth > 1 && depth <= 65)
            assert_false(parses(buf_slice(&text), depth - 1));
        buf_fini(&text);
    }
}

static void a_million_open_brackets_are_refused_without_recursion(void **state)
{
    (void)state;
    struct buf text = {0};
    for (unsigned i = 0; i < 1000000; i++)
        buf_byte(&text, '[');
    assert_false(parses(buf_slice(&text), 64));
    buf_fini(&text);
}

static void a_special_byte_is_seen_at_every_place_of_a_long_string(void **state)
{
    (void)state;
    const char specials[] = {'"', '\\', '\x00', '\x1f', '\n', '\x80', '\xff'};
    for (size_t at = 1; at < 33; at++) {
        for (size_t i = 0; i < sizeof(specials); i++) {
            char text[34];
            memset(text, 'a', sizeof(text));
            text[0] = '"';
            text[sizeof(text) - 1] = '"';
            assert_true(parses(slice_from(text, sizeof(text)), 1));
            text[at] = specials[i];
            assert_false(parses(slice_from(text, sizeof(text)), 1));
        }
    }
}

static void the_root_is_the_value_without_white_space(void **state)
{
    (void)state;
    struct json root;
    assert_true(json_parse(SLICE(" \n{\"a\": [1]}\t"), 2, &root));
    assert_int_equal(root.type, JSON_OBJECT);
    assert_true(slice_eq(root.raw, SLICE("{\"a\": [1]}")));
}

static void a_failure_leaves_the_result_alone(void **state)
{
    (void)state;
    struct json root = {JSON_BOOL, SLICE("true")};
    assert_false(json_parse(SLICE("[1,]"), 2, &root));
    assert_int_equal(root.type, JSON_BOOL);
    assert_true(slice_eq(root.raw, SLICE("true")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_is_json_is_accepted),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(no_shorter_prefix_of_a_container_or_string_is_accepted),
        cmocka_unit_test(a_refused_text_stays_refused_inside_an_array),
        cmocka_unit_test(nesting_is_accepted_up_to_the_limit_and_not_past_it),
        cmocka_unit_test(a_million_open_brackets_are_refused_without_recursion),
        cmocka_unit_test(a_special_byte_is_seen_at_every_place_of_a_long_string),
        cmocka_unit_test(the_root_is_the_value_without_white_space),
        cmocka_unit_test(a_failure_leaves_the_result_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
