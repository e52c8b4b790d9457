/* Which names of users are valid. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/user.h"

static void assert_normal(struct slice name, struct slice wanted)
{
    char out[USER_NAME_MAX];
    assert_true(user_name_normalize(name, out));
    assert_true(slice_eq(slice_from(out, name.len), wanted));
}

static void assert_no_name(struct slice name)
{
    char out[64];
    assert_true(name.len <= sizeof(out));
    assert_false(user_name_normalize(name, out));
}

static void capitals_are_lowered(void **state)
{
    (void)state;
    assert_normal(SLICE("ada"), SLICE("ada"));
    assert_normal(SLICE("Ada.LOVELACE_1-x"), SLICE("ada.lovelace_1-x"));
    assert_normal(SLICE("AZaz09"), SLICE("azaz09"));
    assert_normal(SLICE("7"), SLICE("7"));
}

static void a_name_has_1_to_32_characters(void **state)
{
    (void)state;
    assert_no_name(SLICE_EMPTY);
    assert_normal(SLICE("abcdefghijklmnopqrstuvwxyz012345"),
                  SLICE("abcdefghijklmnopqrstuvwxyz012345"));
    assert_no_name(SLICE("abcdefghijklmnopqrstuvwxyz0123456"));
}

static void a_name_begins_with_a_letter_or_digit(void **state)
{
    (void)state;
    assert_no_name(SLICE(".ada"));
    assert_no_name(SLICE("-ada"));
    assert_no_name(SLICE("_ada"));
}

static void other_characters_are_refused(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        const char name[2] = {'a', (char)c};
        char out[2];
        const bool wanted = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        assert_int_equal(user_name_normalize(slice_from(name, 2), out), wanted);
    }
}

static void display_names_are_of_any_script(void **state)
{
    (void)state;
    assert_true(user_display_name_valid(SLICE("Ada Lovelace")));
    assert_true(user_display_name_valid(SLICE("李小龙 \xf0\x9f\x98\x80")));
    assert_true(user_display_name_valid(SLICE(" x ")));
}

static void display_names_have_something_to_see(void **state)
{
    (void)state;
    assert_false(user_display_name_valid(SLICE_EMPTY));
    assert_false(user_display_name_valid(SLICE("   ")));
    assert_false(user_display_name_valid(SLICE("\xc2\xa0\xe3\x80\x80\xe2\x80\x8b")));
}

static void display_names_have_no_control_characters(void **state)
{
    (void)state;
    assert_false(user_display_name_valid(SLICE("a\nb")));
    assert_false(user_display_name_valid(SLICE("a\0b")));
    assert_false(user_display_name_valid(SLICE("a\x7f")));
    assert_false(user_display_name_valid(SLICE("a\xc2\x85")));
    assert_false(user_display_name_valid(SLICE("a\xff")));
}

static void display_names_are_counted_in_characters(void **state)
{
    (void)state;
    char text[(USER_DISPLAY_NAME_MAX + 1) * 3];
    for (size_t i = 0; i < USER_DISPLAY_NAME_MAX + 1; i++)
        memcpy(text + 3 * i, "\xe6\x9d\x8e", 3);
    assert_true(user_display_name_valid(slice_from(text, USER_DISPLAY_NAME_MAX * 3)));
    assert_false(user_display_name_valid(slice_from(text, sizeof(text))));
}

static void a_status_may_be_empty_but_has_its_limits(void **state)
{
    char text[USER_STATUS_TEXT_MAX * 4 + 1];
    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i += 4)
        memcpy(text + i, "\xf0\x9f\x8d\x9c", 4);
    text[sizeof(text) - 1] = 'x';
    assert_true(user_status_text_valid(SLICE_EMPTY));
    assert_true(user_status_text_valid(SLICE("  at lunch")));
    assert_true(user_status_text_valid(slice_from(text, USER_STATUS_TEXT_MAX * 4)));
    assert_false(user_status_text_valid(slice_from(text, sizeof(text))));
    assert_false(user_status_text_valid(SLICE("a\nb")));
    assert_false(user_status_text_valid(SLICE("\xff")));
    assert_true(user_status_emoji_valid(SLICE_EMPTY));
    assert_true(user_status_emoji_valid(slice_from(text, USER_STATUS_EMOJI_MAX)));
    assert_false(user_status_emoji_valid(slice_from(text, USER_STATUS_EMOJI_MAX + 4)));
    assert_false(user_status_emoji_valid(SLICE("\x07")));
}

static void roles_have_their_words_and_no_others(void **state)
{
    static const enum user_role roles[] = {USER_OWNER, USER_ADMIN, USER_MEMBER};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        enum user_role role;
        assert_true(user_role_parse(user_role_name(roles[i]), &role));
        assert_int_equal(role, roles[i]);
    }
    enum user_role role;
    assert_false(user_role_parse(SLICE_EMPTY, &role));
    assert_false(user_role_parse(SLICE("Owner"), &role));
    assert_false(user_role_parse(SLICE("owners"), &role));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capitals_are_lowered),
        cmocka_unit_test(a_name_has_1_to_32_characters),
        cmocka_unit_test(a_name_begins_with_a_letter_or_digit),
        cmocka_unit_test(other_characters_are_refused),
        cmocka_unit_test(display_names_are_of_any_script),
        cmocka_unit_test(display_names_have_something_to_see),
        cmocka_unit_test(display_names_have_no_control_characters),
        cmocka_unit_test(display_names_are_counted_in_characters),
        cmocka_unit_test(a_status_may_be_empty_but_has_its_limits),
        cmocka_unit_test(roles_have_their_words_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
