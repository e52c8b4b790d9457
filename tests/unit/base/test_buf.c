/* Buf: bytes that grow. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

static void expect(struct buf *buf, const char *text)
{
    assert_true(slice_eq(buf_slice(buf), slice_str(text)));
}

static void all_zero_is_an_empty_one(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_int_equal(buf_slice(&buf).len, 0);
    assert_non_null(buf_slice(&buf).ptr);
    buf_append(&buf, SLICE_EMPTY);
    buf_consume(&buf, 0);
    assert_null(buf.ptr);
    buf_fini(&buf);
}

static void what_is_appended_stands_at_the_end(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append(&buf, SLICE("one"));
    buf_byte(&buf, ' ');
    buf_u64(&buf, 0);
    buf_byte(&buf, ' ');
    buf_u64(&buf, UINT64_MAX);
    buf_format(&buf, " %s=%d", "x", -5);
    expect(&buf, "one 0 18446744073709551615 x=-5");
    buf_fini(&buf);
}

static void it_keeps_its_bytes_while_it_grows(void **state)
{
    (void)state;
    struct buf buf = {0};
    for (unsigned i = 0; i < 100000; i++)
        buf_byte(&buf, (char)(i % 251));
    assert_int_equal(buf.len, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal((uint8_t)buf.ptr[i], i % 251);
    buf_fini(&buf);
}

static void room_holds_as_much_as_was_asked_for(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 4096, 100000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct buf buf = {0};
        buf_append(&buf, SLICE("start"));
        memset(buf_room(&buf, sizes[i]), 'x', sizes[i]);
        buf_grown(&buf, sizes[i]);
        assert_int_equal(buf.len, 5 + sizes[i]);
        assert_true(slice_starts(buf_slice(&buf), SLICE("start")));
        buf_fini(&buf);
    }
}

static void clear_keeps_the_memory_and_fini_frees_it(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append(&buf, SLICE("text"));
    buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_non_null(buf.ptr);
    buf_fini(&buf);
    assert_null(buf.ptr);
    buf_append(&buf, SLICE("usable again"));
    expect(&buf, "usable again");
    buf_fini(&buf);
}

static void consume_drops_the_first_bytes(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_append(&buf, SLICE("abcdef"));
    buf_consume(&buf, 2);
    expect(&buf, "cdef");
    buf_consume(&buf, 0);
    expect(&buf, "cdef");
    buf_consume(&buf, 4);
    expect(&buf, "");
    buf_fini(&buf);
}

static void the_nul_of_a_c_string_is_not_counted(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_string_equal(buf_cstr(&buf), "");
    for (size_t len = 1; len <= 130; len++) {
        buf_byte(&buf, 'x');
        assert_int_equal(strlen(buf_cstr(&buf)), len);
        assert_int_equal(buf.len, len);
    }
    buf_fini(&buf);
}

static void a_format_longer_than_the_room_is_whole(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_format(&buf, "%0500d", 7);
    assert_int_equal(buf.len, 500);
    assert_int_equal(buf.ptr[499], '7');
    buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_zero_is_an_empty_one),
        cmocka_unit_test(what_is_appended_stands_at_the_end),
        cmocka_unit_test(it_keeps_its_bytes_while_it_grows),
        cmocka_unit_test(room_holds_as_much_as_was_asked_for),
        cmocka_unit_test(clear_keeps_the_memory_and_fini_frees_it),
        cmocka_unit_test(consume_drops_the_first_bytes),
        cmocka_unit_test(the_nul_of_a_c_string_is_not_counted),
        cmocka_unit_test(a_format_longer_than_the_room_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
