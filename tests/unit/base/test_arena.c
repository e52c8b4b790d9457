/* Arena: allocations that live and die together. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    enum { PIECES = 300 };
    struct arena arena = {0};
    uint8_t *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(&arena, i + 1);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        memset(pieces[i], (int)(i & 255), i + 1);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t at = 0; at <= i; at++)
            assert_int_equal(pieces[i][at], i & 255);
    }
    arena_fini(&arena);
}

static void a_piece_larger_than_a_block_fits(void **state)
{
    (void)state;
    struct arena arena = {0};
    memset(arena_alloc(&arena, 1000000), 'x', 1000000);
    memset(arena_alloc(&arena, 1), 'y', 1);
    memset(arena_alloc(&arena, 4000), 'z', 4000);
    arena_fini(&arena);
}

static void zeroed_memory_is_zero(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (size_t size = 0; size < 200; size++) {
        memset(arena_alloc(&arena, size), 0xFF, size);
        const uint8_t *zeros = arena_zalloc(&arena, size);
        for (size_t at = 0; at < size; at++)
            assert_int_equal(zeros[at], 0);
    }
    arena_fini(&arena);
}

static void a_copy_ends_in_a_nul_that_is_not_counted(void **state)
{
    (void)state;
    struct arena arena = {0};
    char text[] = "text";
    const struct slice copy = arena_copy(&arena, slice_str(text));
    text[0] = 'n';
    assert_int_equal(copy.len, 4);
    assert_string_equal(copy.ptr, "text");
    const struct slice none = arena_copy(&arena, (struct slice){NULL, 0});
    assert_int_equal(none.len, 0);
    assert_string_equal(none.ptr, "");
    arena_fini(&arena);
}

static void it_is_usable_again_after_its_end(void **state)
{
    (void)state;
    struct arena arena = {0};
    arena_fini(&arena);
    (void)arena_alloc(&arena, 10);
    arena_fini(&arena);
    assert_null(arena.blocks);
    memset(arena_alloc(&arena, 5000), 1, 5000);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(a_piece_larger_than_a_block_fits),
        cmocka_unit_test(zeroed_memory_is_zero),
        cmocka_unit_test(a_copy_ends_in_a_nul_that_is_not_counted),
        cmocka_unit_test(it_is_usable_again_after_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
