/* Bytes: immutable, shared by reference count. Leaks and early frees are found by ASan. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

static void the_content_is_a_copy(void **state)
{
    (void)state;
    char text[] = "hello";
    struct bytes *bytes = bytes_create(slice_str(text));
    text[0] = 'j';
    assert_true(slice_eq(bytes_slice(bytes), SLICE("hello")));
    bytes_unref(bytes);
}

static void no_bytes_are_bytes_too(void **state)
{
    (void)state;
    struct bytes *bytes = bytes_create(SLICE_EMPTY);
    assert_int_equal(bytes_slice(bytes).len, 0);
    bytes_unref(bytes);
    bytes_unref(NULL);
}

static void room_is_filled_by_the_caller(void **state)
{
    (void)state;
    struct bytes *bytes = bytes_create_room(3);
    memcpy(bytes->data, "abc", 3);
    assert_true(slice_eq(bytes_slice(bytes), SLICE("abc")));
    bytes_unref(bytes);
}

static void they_live_until_the_last_reference_is_given_back(void **state)
{
    (void)state;
    struct bytes *bytes = bytes_create(SLICE("shared"));
    assert_ptr_equal(bytes_ref(bytes), bytes);
    bytes_ref_many(bytes, 3);
    for (unsigned i = 0; i < 4; i++) {
        bytes_unref(bytes);
        assert_true(slice_eq(bytes_slice(bytes), SLICE("shared")));
    }
    bytes_unref(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_content_is_a_copy),
        cmocka_unit_test(no_bytes_are_bytes_too),
        cmocka_unit_test(room_is_filled_by_the_caller),
        cmocka_unit_test(they_live_until_the_last_reference_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
