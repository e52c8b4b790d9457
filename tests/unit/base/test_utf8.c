/* UTF-8: what is valid, and that pieces give the same verdict as the whole. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"

#define TEXT(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct slice VALID[] = {
    TEXT(""),
    TEXT("plain ASCII that is longer than a word"),
    TEXT("\0\x7f"),
    TEXT("\xc2\x80\xdf\xbf"),
    TEXT("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"),
    TEXT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
    TEXT("\xef\xbb\xbf\xef\xb7\x90\xef\xbf\xbe"), /* BOM and noncharacters are characters */
    TEXT("\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82, \xf0\x9f\x91\x8b in one line"),
};

/* `bad_at` is the first byte that makes it wrong; the length when it is only cut short. */
static const struct {
    struct slice text;
    size_t bad_at;
} INVALID[] = {
    {TEXT("\x80"), 0},
    {TEXT("\xbf"), 0},
    {TEXT("a\x80"), 1},
    {TEXT("12345678\xff"), 8},
    {TEXT("1234567\xfe"), 7},
    {TEXT("\xc0\x80"), 0},
    {TEXT("\xc1\xbf"), 0},
    {TEXT("\xe0\x80\x80"), 1},
    {TEXT("\xe0\x9f\xbf"), 1},
    {TEXT("\xf0\x80\x80\x80"), 1},
    {TEXT("\xf0\x8f\xbf\xbf"), 1},
    {TEXT("\xed\xa0\x80"), 1},
    {TEXT("\xed\xbf\xbf"), 1},
    {TEXT("\xf4\x90\x80\x80"), 1},
    {TEXT("\xf5\x80\x80\x80"), 0},
    {TEXT("\xf8\x88\x80\x80\x80"), 0},
    {TEXT("\xc2"), 1},
    {TEXT("\xe2\x82"), 2},
    {TEXT("\xf0\x9f\x98"), 3},
    {TEXT("\xc2z"), 1},
    {TEXT("\xe2\x82z"), 2},
    {TEXT("\xe2z\xac"), 1},
    {TEXT("\xf0\x9f\x98z"), 3},
    {TEXT("\xc2\xc2\x80"), 1},
    {TEXT("\xe2\x82\xac\xac"), 3},
};

static void valid_texts_are_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(VALID); i++)
        assert_true(utf8_valid(VALID[i]));
}

static void invalid_texts_are_refused_at_the_first_bad_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(INVALID); i++) {
        struct utf8 utf8 = {0};
        size_t at = 0;
        while (at < INVALID[i].text.len &&
               utf8_feed(&utf8, slice_from(INVALID[i].text.ptr + at, 1)))
            at++;
        assert_int_equal(at, INVALID[i].bad_at);
        assert_true(at < INVALID[i].text.len || !utf8_complete(&utf8));
        assert_false(utf8_valid(INVALID[i].text));
    }
}

static bool valid_in_two(struct slice text, size_t cut)
{
    struct utf8 utf8 = {0};
    return utf8_feed(&utf8, slice_from(text.ptr, cut)) && utf8_feed(&utf8, slice_skip(text, cut)) &&
           utf8_complete(&utf8);
}

static void a_cut_anywhere_changes_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(VALID); i++) {
        for (size_t cut = 0; cut <= VALID[i].len; cut++)
            assert_true(valid_in_two(VALID[i], cut));
    }
    for (size_t i = 0; i < COUNT(INVALID); i++) {
        for (size_t cut = 0; cut <= INVALID[i].text.len; cut++)
            assert_false(valid_in_two(INVALID[i].text, cut));
    }
}

static void a_text_may_end_only_between_characters(void **state)
{
    (void)state;
    struct utf8 utf8 = {0};
    assert_true(utf8_complete(&utf8));
    assert_true(utf8_feed(&utf8, SLICE("a\xf0\x9f\x98")));
    assert_false(utf8_complete(&utf8));
    assert_true(utf8_feed(&utf8, SLICE("\x80")));
    assert_true(utf8_complete(&utf8));
}

static void every_character_is_decoded_as_it_was_encoded(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        char text[4];
        size_t at = 0;
        const unsigned len = utf8_encode(code, text);
        assert_int_equal(len, code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4);
        assert_true(utf8_valid(slice_from(text, len)));
        assert_int_equal(utf8_next(slice_from(text, len), &at), code);
        assert_int_equal(at, len);
    }
}

static void characters_are_decoded_one_after_the_other(void **state)
{
    (void)state;
    const struct slice text = SLICE("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z");
    const uint32_t codes[] = {'a', 0xE4, 0x20AC, 0x1F600, 'z'};
    size_t at = 0;
    for (size_t i = 0; i < COUNT(codes); i++)
        assert_int_equal(utf8_next(text, &at), codes[i]);
    assert_int_equal(at, text.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_texts_are_valid),
        cmocka_unit_test(invalid_texts_are_refused_at_the_first_bad_byte),
        cmocka_unit_test(a_cut_anywhere_changes_nothing),
        cmocka_unit_test(a_text_may_end_only_between_characters),
        cmocka_unit_test(every_character_is_decoded_as_it_was_encoded),
        cmocka_unit_test(characters_are_decoded_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
