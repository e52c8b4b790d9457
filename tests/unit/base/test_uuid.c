/* UUIDs as text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/uuid.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char TEXT[] = "0190a1b2-c3d4-7e5f-8a6b-0123456789ef";
static const uint8_t BYTES[UUID_BYTES] = {0x01, 0x90, 0xa1, 0xb2, 0xc3, 0xd4, 0x7e, 0x5f,
                                          0x8a, 0x6b, 0x01, 0x23, 0x45, 0x67, 0x89, 0xef};

static void digits_of_either_case_are_read(void **state)
{
    (void)state;
    const char *texts[] = {TEXT, "0190A1B2-C3D4-7E5F-8A6B-0123456789EF",
                           "0190a1B2-C3d4-7E5f-8a6B-0123456789eF"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        uint8_t uuid[UUID_BYTES];
        assert_true(uuid_parse(slice_str(texts[i]), uuid));
        assert_memory_equal(uuid, BYTES, UUID_BYTES);
    }
}

static void small_digits_are_written(void **state)
{
    (void)state;
    char text[UUID_TEXT_LEN];
    uuid_write(BYTES, text);
    assert_memory_equal(text, TEXT, UUID_TEXT_LEN);
}

static void all_else_is_refused_and_leaves_the_result_alone(void **state)
{
    (void)state;
    const char *texts[] = {
        "",
        "0190a1b2-c3d4-7e5f-8a6b-0123456789e",
        "0190a1b2-c3d4-7e5f-8a6b-0123456789ef0",
        "0190a1b2c3d47e5f8a6b0123456789ef",
        "{190a1b2-c3d4-7e5f-8a6b-0123456789e}",
        "0190a1b2-c3d4-7e5f-8a6b-0123456789eg",
        "0190a1b2-c3d4-7e5f-8a6b_0123456789ef",
        "0190a1b-2c3d4-7e5f-8a6b-0123456789ef",
        " 190a1b2-c3d4-7e5f-8a6b-0123456789ef",
        "0190a1b2-c3d4-7e5f-8a6b-0123456789e ",
        "+190a1b2-c3d4-7e5f-8a6b-0123456789ef",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        uint8_t uuid[UUID_BYTES] = {42};
        assert_false(uuid_parse(slice_str(texts[i]), uuid));
        assert_int_equal(uuid[0], 42);
    }
}

static void no_other_byte_is_taken_at_any_place(void **state)
{
    (void)state;
    for (size_t at = 0; at < UUID_TEXT_LEN; at++) {
        const bool dash = TEXT[at] == '-';
        for (unsigned byte = 0; byte < 256; byte++) {
            char text[UUID_TEXT_LEN];
            uint8_t uuid[UUID_BYTES];
            memcpy(text, TEXT, sizeof(text));
            text[at] = (char)byte;
            const bool digit = byte != 0 && strchr("0123456789abcdefABCDEF", (int)byte) != NULL;
            assert_int_equal(uuid_parse(slice_from(text, sizeof(text)), uuid),
                             dash ? byte == '-' : digit);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_of_either_case_are_read),
        cmocka_unit_test(small_digits_are_written),
        cmocka_unit_test(all_else_is_refused_and_leaves_the_result_alone),
        cmocka_unit_test(no_other_byte_is_taken_at_any_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
