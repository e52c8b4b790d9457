/* Slices: looking into borrowed bytes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/slice.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void slices_are_equal_by_their_bytes(void **state)
{
    (void)state;
    assert_true(slice_eq(SLICE("a\0b"), slice_from("a\0b", 3)));
    assert_false(slice_eq(SLICE("a\0b"), SLICE("a\0c")));
    assert_false(slice_eq(SLICE("a"), SLICE("ab")));
    assert_false(slice_eq(SLICE("A"), SLICE("a")));
    assert_true(slice_eq(SLICE_EMPTY, (struct slice){NULL, 0}));
}

static void only_ascii_letters_have_no_case(void **state)
{
    (void)state;
    assert_true(slice_eq_nocase(SLICE("Content-LENGTH"), SLICE("content-length")));
    assert_false(slice_eq_nocase(SLICE("content_length"), SLICE("content-length")));
    assert_false(slice_eq_nocase(SLICE("@[`{"), SLICE("`{@[")));
    assert_false(slice_eq_nocase(SLICE("\xc4"), SLICE("\xe4")));
    assert_false(slice_eq_nocase(SLICE("ab"), SLICE("abc")));
}

static void a_prefix_is_found_only_at_the_start(void **state)
{
    (void)state;
    assert_true(slice_starts(SLICE("abc"), SLICE("ab")));
    assert_true(slice_starts(SLICE("abc"), SLICE("")));
    assert_true(slice_starts(SLICE("abc"), SLICE("abc")));
    assert_false(slice_starts(SLICE("abc"), SLICE("bc")));
    assert_false(slice_starts(SLICE("ab"), SLICE("abc")));
}

static void a_cut_goes_through_the_first_separator(void **state)
{
    (void)state;
    struct slice head;
    struct slice rest;
    assert_true(slice_cut(SLICE("a=b=c"), '=', &head, &rest));
    assert_true(slice_eq(head, SLICE("a")) && slice_eq(rest, SLICE("b=c")));
    assert_true(slice_cut(SLICE("="), '=', &head, &rest));
    assert_int_equal(head.len, 0);
    assert_int_equal(rest.len, 0);

    head = SLICE("kept");
    assert_false(slice_cut(SLICE("abc"), '=', &head, &rest));
    assert_false(slice_cut(SLICE(""), '=', &head, &rest));
    assert_true(slice_eq(head, SLICE("kept")));
}

static void trimming_takes_spaces_and_tabs_off_both_ends(void **state)
{
    (void)state;
    assert_true(slice_eq(slice_trim(SLICE(" \ta \tb\t ")), SLICE("a \tb")));
    assert_true(slice_eq(slice_trim(SLICE("\n a\r")), SLICE("\n a\r")));
    assert_int_equal(slice_trim(SLICE(" \t ")).len, 0);
    assert_int_equal(slice_trim(SLICE("")).len, 0);
}

static void decimal_numbers_are_read_up_to_the_limit(void **state)
{
    (void)state;
    uint64_t value = 1;
    assert_true(slice_to_u64(SLICE("0"), &value) && value == 0);
    assert_true(slice_to_u64(SLICE("007"), &value) && value == 7);
    assert_true(slice_to_u64(SLICE("18446744073709551615"), &value) && value == UINT64_MAX);
    assert_true(slice_to_u64(SLICE("0000000000000000000000001"), &value) && value == 1);
}

static void all_else_is_no_number(void **state)
{
    (void)state;
    const char *texts[] = {"",
                           " ",
                           "+1",
                           "-1",
                           " 1",
                           "1 ",
                           "1.0",
                           "0x10",
                           "1_0",
                           "1,0",
                           "1e3",
                           "a",
                           "1a",
                           "\xd9\xa1",
                           "18446744073709551616",
                           "99999999999999999999"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        uint64_t value = 42;
        assert_false(slice_to_u64(slice_str(texts[i]), &value));
        assert_int_equal(value, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_are_equal_by_their_bytes),
        cmocka_unit_test(only_ascii_letters_have_no_case),
        cmocka_unit_test(a_prefix_is_found_only_at_the_start),
        cmocka_unit_test(a_cut_goes_through_the_first_separator),
        cmocka_unit_test(trimming_takes_spaces_and_tabs_off_both_ends),
        cmocka_unit_test(decimal_numbers_are_read_up_to_the_limit),
        cmocka_unit_test(all_else_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
