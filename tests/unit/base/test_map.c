/* Map: from 64-bit keys to pointers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/map.h"

#define KEYS 500u

static int values[KEYS];

static void an_empty_map_has_nothing(void **state)
{
    (void)state;
    struct map map = {0};
    size_t at = 0;
    uint64_t key;
    void *value;
    assert_null(map_get(&map, 0));
    assert_null(map_remove(&map, 7));
    assert_false(map_next(&map, &at, &key, &value));
    map_fini(&map);
}

static void what_is_put_is_found(void **state)
{
    (void)state;
    struct map map = {0};
    const uint64_t keys[] = {0, 1, UINT64_MAX, 1ULL << 63};
    for (size_t i = 0; i < 4; i++)
        map_put(&map, keys[i], &values[i]);
    for (size_t i = 0; i < 4; i++)
        assert_ptr_equal(map_get(&map, keys[i]), &values[i]);
    assert_int_equal(map.len, 4);
    assert_null(map_get(&map, 2));
    map_fini(&map);
}

static void a_second_put_replaces(void **state)
{
    (void)state;
    struct map map = {0};
    map_put(&map, 5, &values[0]);
    map_put(&map, 5, &values[1]);
    assert_int_equal(map.len, 1);
    assert_ptr_equal(map_get(&map, 5), &values[1]);
    map_fini(&map);
}

static void what_is_removed_is_gone_and_given_back(void **state)
{
    (void)state;
    struct map map = {0};
    map_put(&map, 5, &values[0]);
    assert_ptr_equal(map_remove(&map, 5), &values[0]);
    assert_null(map_remove(&map, 5));
    assert_null(map_get(&map, 5));
    assert_int_equal(map.len, 0);
    map_fini(&map);
}

static void a_walk_meets_every_key_once(void **state)
{
    (void)state;
    struct map map = {0};
    bool seen[KEYS] = {false};
    for (uint64_t key = 0; key < KEYS; key++)
        map_put(&map, key, &values[key]);

    uint64_t key;
    void *value;
    size_t count = 0;
    for (size_t at = 0; map_next(&map, &at, &key, &value); count++) {
        assert_true(key < KEYS && !seen[key]);
        assert_ptr_equal(value, &values[key]);
        seen[key] = true;
    }
    assert_int_equal(count, KEYS);
    map_fini(&map);
}

/* Compare with a plain array over many steps, so that holes are closed in every constellation. */
static void puts_and_removes_in_any_order_agree_with_a_plain_array(void **state)
{
    (void)state;
    struct map map = {0};
    void *model[KEYS] = {NULL};
    size_t len = 0;
    for (uint64_t step = 0; step < 200000; step++) {
        const uint64_t random = hash_mix64(step + 1);
        const uint64_t key = random % KEYS;
        void *value = &values[random >> 32 & 255];
        if (random >> 60 < 8) {
            len += model[key] == NULL ? 1 : 0;
            model[key] = value;
            map_put(&map, key, value);
        } else {
            len -= model[key] != NULL ? 1 : 0;
            assert_ptr_equal(map_remove(&map, key), model[key]);
            model[key] = NULL;
        }
        const uint64_t other = (random >> 16) % KEYS;
        assert_ptr_equal(map_get(&map, other), model[other]);
        assert_int_equal(map.len, len);
    }
    for (uint64_t key = 0; key < KEYS; key++)
        assert_ptr_equal(map_get(&map, key), model[key]);
    map_fini(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(what_is_put_is_found),
        cmocka_unit_test(a_second_put_replaces),
        cmocka_unit_test(what_is_removed_is_gone_and_given_back),
        cmocka_unit_test(a_walk_meets_every_key_once),
        cmocka_unit_test(puts_and_removes_in_any_order_agree_with_a_plain_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
