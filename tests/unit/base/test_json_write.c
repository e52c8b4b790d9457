/* Writing JSON, and that reading gives back what was written. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/utf8.h"

static void expect_text(struct buf *out, const char *text)
{
    assert_string_equal(buf_cstr(out), text);
    buf_fini(out);
}

static void commas_and_colons_are_put_where_they_belong(void **state)
{
    (void)state;
    struct buf out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_name(&w, SLICE("a"));
    json_array_begin(&w);
    json_write_u64(&w, 1);
    json_array_begin(&w);
    json_array_end(&w);
    json_object_begin(&w);
    json_object_end(&w);
    json_write_null(&w);
    json_array_end(&w);
    json_name(&w, SLICE("b"));
    json_write_bool(&w, true);
    json_name(&w, SLICE("c"));
    json_write_raw(&w, SLICE("[2]"));
    json_name(&w, SLICE(""));
    json_write_string(&w, SLICE("x"));
    json_object_end(&w);
    expect_text(&out, "{\"a\":[1,[],{},null],\"b\":true,\"c\":[2],\"\":\"x\"}");
}

static void what_the_buf_holds_already_stays(void **state)
{
    (void)state;
    struct buf out = {0};
    struct json_writer w;
    buf_append(&out, SLICE("data: "));
    json_writer_init(&w, &out);
    json_write_bool(&w, false);
    expect_text(&out, "data: false");
}

static void a_container_closed_and_opened_again_starts_without_comma(void **state)
{
    (void)state;
    struct buf out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_array_begin(&w);
    for (unsigned i = 0; i < 3; i++) {
        json_array_begin(&w);
        json_write_u64(&w, i);
        json_array_end(&w);
    }
    json_array_end(&w);
    expect_text(&out, "[[0],[1],[2]]");
}

static void numbers_are_written_up_to_their_limits(void **state)
{
    (void)state;
    struct buf out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_array_begin(&w);
    json_write_u64(&w, 0);
    json_write_u64(&w, UINT64_MAX);
    json_write_i64(&w, 0);
    json_write_i64(&w, -1);
    json_write_i64(&w, INT64_MAX);
    json_write_i64(&w, INT64_MIN);
    json_array_end(&w);
    expect_text(&out, "[0,18446744073709551615,0,-1,9223372036854775807,-9223372036854775808]");
}

static void quotes_backslashes_and_controls_are_escaped_and_nothing_else(void **state)
{
    (void)state;
    struct buf out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_write_string(&w, SLICE("\"\\/\b\f\n\r\t\x01\x10\x1f\x7f \xd0\xbf\xe2\x80\xa8\0end"));
    expect_text(&out, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u0010\\u001f\x7f \xd0\xbf\xe2\x80\xa8"
                      "\\u0000end\"");
}

static void nesting_goes_as_deep_as_promised(void **state)
{
    (void)state;
    struct buf out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    for (unsigned i = 0; i < JSON_WRITER_DEPTH_MAX; i++)
        json_array_begin(&w);
    json_write_u64(&w, 1);
    json_write_u64(&w, 2);
    for (unsigned i = 0; i < JSON_WRITER_DEPTH_MAX; i++)
        json_array_end(&w);

    struct json root;
    assert_true(json_parse(buf_slice(&out), JSON_WRITER_DEPTH_MAX, &root));
    assert_int_equal(out.len, 2 * JSON_WRITER_DEPTH_MAX + 3);
    buf_fini(&out);
}

static void expect_read_back(struct slice s)
{
    struct buf out = {0};
    struct buf back = {0};
    struct json_writer w;
    struct json root;
    json_writer_init(&w, &out);
    json_write_string(&w, s);
    assert_true(json_parse(buf_slice(&out), 1, &root));
    assert_true(json_string_eq(root, s));
    assert_true(json_string(root, &back));
    assert_true(slice_eq(buf_slice(&back), s));
    buf_fini(&out);
    buf_fini(&back);
}

static void every_character_is_read_back(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code = code < 0x800 ? code + 1 : code + 61) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        char text[4];
        expect_read_back(slice_from(text, utf8_encode(code, text)));
    }
}

static void a_special_byte_at_every_place_is_read_back(void **state)
{
    (void)state;
    const char specials[] = {'"', '\\', '\0', '\n', '\x1f', '\x7f'};
    for (size_t len = 1; len < 26; len++) {
        for (size_t at = 0; at < len; at++) {
            for (size_t i = 0; i < sizeof(specials); i++) {
                char text[26];
                memset(text, 'a', sizeof(text));
                text[at] = specials[i];
                text[len - 1] = specials[i];
                expect_read_back(slice_from(text, len));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_colons_are_put_where_they_belong),
        cmocka_unit_test(what_the_buf_holds_already_stays),
        cmocka_unit_test(a_container_closed_and_opened_again_starts_without_comma),
        cmocka_unit_test(numbers_are_written_up_to_their_limits),
        cmocka_unit_test(quotes_backslashes_and_controls_are_escaped_and_nothing_else),
        cmocka_unit_test(nesting_goes_as_deep_as_promised),
        cmocka_unit_test(every_character_is_read_back),
        cmocka_unit_test(a_special_byte_at_every_place_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
