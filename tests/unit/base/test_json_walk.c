/* Walking a parsed text: members, items, and what scalars mean. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct json parse(const char *text)
{
    struct json root;
    if (!json_parse(slice_str(text), 16, &root))
        fail_msg("not JSON: %s", text);
    return root;
}

static struct json member(const char *text, const char *name)
{
    struct json value;
    assert_true(json_get(parse(text), slice_str(name), &value));
    return value;
}

static void a_member_is_found_by_its_name(void **state)
{
    (void)state;
    const char *text = "{ \"a\" : 1 , \"bb\":[{\"a\":2}], \"b\" : \"}\\\",\" ,\"c\":null}";
    assert_true(slice_eq(member(text, "a").raw, SLICE("1")));
    assert_true(slice_eq(member(text, "bb").raw, SLICE("[{\"a\":2}]")));
    assert_true(slice_eq(member(text, "b").raw, SLICE("\"}\\\",\"")));
    assert_int_equal(member(text, "c").type, JSON_NULL);

    struct json value;
    assert_false(json_get(parse(text), SLICE("d"), &value));
    assert_false(json_get(parse(text), SLICE(""), &value));
    assert_false(json_get(parse("{}"), SLICE("a"), &value));
}

static void of_members_with_one_name_the_first_counts(void **state)
{
    (void)state;
    assert_true(slice_eq(member("{\"a\":1,\"a\":2}", "a").raw, SLICE("1")));
    assert_true(slice_eq(member("{\"\\u0061\":1,\"a\":2}", "a").raw, SLICE("1")));
}

static void what_is_no_object_has_no_members(void **state)
{
    (void)state;
    const char *texts[] = {"[\"a\",1]", "\"a\"", "1", "true", "null"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct json name;
        struct json value;
        size_t at = 0;
        assert_false(json_get(parse(texts[i]), SLICE("a"), &value));
        assert_false(json_object_next(parse(texts[i]), &at, &name, &value));
    }
}

static void an_array_gives_its_items_in_order(void **state)
{
    (void)state;
    const struct json array = parse("[ null,true , -1.5e3,\"x,]\",[1,[2]] ,{\"k\":[]}\n]");
    const enum json_type types[] = {JSON_NULL,   JSON_BOOL,  JSON_NUMBER,
                                    JSON_STRING, JSON_ARRAY, JSON_OBJECT};
    const char *raws[] = {"null", "true", "-1.5e3", "\"x,]\"", "[1,[2]]", "{\"k\":[]}"};

    struct json item;
    size_t at = 0;
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_true(json_array_next(array, &at, &item));
        assert_int_equal(item.type, types[i]);
        assert_true(slice_eq(item.raw, slice_str(raws[i])));
    }
    assert_false(json_array_next(array, &at, &item));
    assert_false(json_array_next(array, &at, &item));
}

static void empty_containers_and_other_types_give_nothing(void **state)
{
    (void)state;
    const char *texts[] = {"[]", "[ ]", "{}", "{ }", "\"[1]\"", "1", "{\"a\":1}"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct json item;
        size_t at = 0;
        assert_false(json_array_next(parse(texts[i]), &at, &item));
    }
}

static void an_object_gives_names_and_values_in_order(void **state)
{
    (void)state;
    const struct json object = parse("{\"a\":{\"x\":\"\\\\\"} , \"\\n\" :2,\"\":[]}");
    struct json name;
    struct json value;
    size_t at = 0;

    assert_true(json_object_next(object, &at, &name, &value));
    assert_true(json_string_eq(name, SLICE("a")));
    assert_true(slice_eq(value.raw, SLICE("{\"x\":\"\\\\\"}")));
    assert_true(json_object_next(object, &at, &name, &value));
    assert_true(json_string_eq(name, SLICE("\n")));
    assert_int_equal(name.type, JSON_STRING);
    assert_true(slice_eq(value.raw, SLICE("2")));
    assert_true(json_object_next(object, &at, &name, &value));
    assert_true(json_string_eq(name, SLICE("")));
    assert_int_equal(value.type, JSON_ARRAY);
    assert_false(json_object_next(object, &at, &name, &value));
}

static void integers_are_read_up_to_the_limits_of_their_type(void **state)
{
    (void)state;
    uint64_t u = 7;
    int64_t i = 7;
    assert_true(json_u64(parse("0"), &u) && u == 0);
    assert_true(json_u64(parse("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_false(json_u64(parse("18446744073709551616"), &u));
    assert_false(json_u64(parse("-1"), &u));
    assert_false(json_u64(parse("-0"), &u));

    assert_true(json_i64(parse("0"), &i) && i == 0);
    assert_true(json_i64(parse("-0"), &i) && i == 0);
    assert_true(json_i64(parse("9223372036854775807"), &i) && i == INT64_MAX);
    assert_true(json_i64(parse("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_false(json_i64(parse("9223372036854775808"), &i));
    assert_false(json_i64(parse("-9223372036854775809"), &i));
    assert_false(json_i64(parse("99999999999999999999999"), &i));
    assert_true(i == INT64_MIN);
}

static void fractions_exponents_and_other_types_are_no_integers(void **state)
{
    (void)state;
    const char *texts[] = {"1.0", "1e0", "1E2", "0.5", "\"1\"", "true", "null", "[1]", "{}"};
    for (size_t n = 0; n < COUNT(texts); n++) {
        uint64_t u;
        int64_t i;
        assert_false(json_u64(parse(texts[n]), &u));
        assert_false(json_i64(parse(texts[n]), &i));
    }
}

static void only_true_and_false_are_bools(void **state)
{
    (void)state;
    bool b = false;
    assert_true(json_bool(parse("true"), &b) && b);
    assert_true(json_bool(parse("false"), &b) && !b);
    assert_false(json_bool(parse("1"), &b));
    assert_false(json_bool(parse("null"), &b));
    assert_false(json_bool(parse("\"true\""), &b));
}

static const struct {
    const char *text;
    struct slice decoded;
} STRINGS[] = {
    {"\"\"", {"", 0}},
    {"\"plain\"", {"plain", 5}},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", {"\"\\/\b\f\n\r\t", 8}},
    {"\"a\\u0000b\"", {"a\0b", 3}},
    {"\"\\u0041\\u00e4\\u20AC\"", {"A\xc3\xa4\xe2\x82\xac", 6}},
    {"\"x\\uD83D\\uDE00y\"", {"x\xf0\x9f\x98\x80y", 6}},
    {"\"\\uDBFF\\uDFFF\"", {"\xf4\x8f\xbf\xbf", 4}},
    {"\"\\uD800\\uDC00\"", {"\xf0\x90\x80\x80", 4}},
    {"\"\\uFFFF\\u0800\\u07ff\\u0080\"", {"\xef\xbf\xbf\xe0\xa0\x80\xdf\xbf\xc2\x80", 10}},
    {"\"\xd0\xbf\\n\xd1\x80\"", {"\xd0\xbf\n\xd1\x80", 5}},
};

static void strings_are_decoded_and_appended(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(STRINGS); i++) {
        struct buf out = {0};
        buf_byte(&out, '>');
        assert_true(json_string(parse(STRINGS[i].text), &out));
        assert_int_equal(out.ptr[0], '>');
        assert_true(slice_eq(slice_skip(buf_slice(&out), 1), STRINGS[i].decoded));
        buf_fini(&out);
    }
}

static void strings_are_compared_by_their_decoded_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(STRINGS); i++) {
        const struct json string = parse(STRINGS[i].text);
        const struct slice decoded = STRINGS[i].decoded;
        assert_true(json_string_eq(string, decoded));

        /* One byte less, more or other is another string. */
        char other[16] = {0};
        memcpy(other, decoded.ptr, decoded.len);
        assert_false(json_string_eq(string, slice_from(other, decoded.len + 1)));
        for (size_t at = 0; at < decoded.len; at++) {
            assert_false(json_string_eq(string, slice_from(decoded.ptr, at)));
            other[at] ^= 1;
            assert_false(json_string_eq(string, slice_from(other, decoded.len)));
            other[at] ^= 1;
        }
    }
}

static void what_is_no_string_has_no_text(void **state)
{
    (void)state;
    const char *texts[] = {"1", "true", "null", "[\"a\"]", "{\"a\":\"a\"}"};
    struct buf out = {0};
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_false(json_string(parse(texts[i]), &out));
        assert_false(json_string_eq(parse(texts[i]), slice_str(texts[i])));
    }
    assert_int_equal(out.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_is_found_by_its_name),
        cmocka_unit_test(of_members_with_one_name_the_first_counts),
        cmocka_unit_test(what_is_no_object_has_no_members),
        cmocka_unit_test(an_array_gives_its_items_in_order),
        cmocka_unit_test(empty_containers_and_other_types_give_nothing),
        cmocka_unit_test(an_object_gives_names_and_values_in_order),
        cmocka_unit_test(integers_are_read_up_to_the_limits_of_their_type),
        cmocka_unit_test(fractions_exponents_and_other_types_are_no_integers),
        cmocka_unit_test(only_true_and_false_are_bools),
        cmocka_unit_test(strings_are_decoded_and_appended),
        cmocka_unit_test(strings_are_compared_by_their_decoded_bytes),
        cmocka_unit_test(what_is_no_string_has_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
