/* Arrays of PostgreSQL in their binary form, byte by byte; and lists of servers. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/fleet.h"
#include "store/pg_arrays.h"

static void assert_bytes(const struct buf *buf, const uint8_t *wanted, size_t len)
{
    assert_int_equal(buf->len, len);
    assert_memory_equal(buf->ptr, wanted, len);
}

static void an_array_of_ids_is_in_network_order(void **state)
{
    static const uint8_t wanted[] = {
        0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0,    2,    0,    0,    0,    1,    0,    0,
        0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0,  0, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    };
    static const uint64_t ids[] = {0x0102030405060708, UINT64_MAX - 1};
    struct buf buf = {0};
    (void)state;
    pg_array_ids(&buf, ids, 2);
    assert_bytes(&buf, wanted, sizeof(wanted));
    buf_fini(&buf);
}

static void an_array_of_texts_has_their_lengths(void **state)
{
    static const uint8_t wanted[] = {
        0, 0, 0, 1, 0, 0, 0, 0, 0,   0,   0,   25, 0, 0, 0, 2,
        0, 0, 0, 1, 0, 0, 0, 3, 'a', 'b', 'c', 0,  0, 0, 0,
    };
    struct buf buf = {0};
    (void)state;
    pg_array_begin(&buf, PG_TEXT, 2);
    pg_array_slice(&buf, SLICE("abc"));
    pg_array_slice(&buf, SLICE_EMPTY);
    assert_bytes(&buf, wanted, sizeof(wanted));
    buf_fini(&buf);
}

static void an_array_of_nothing_has_no_dimension(void **state)
{
    static const uint8_t wanted[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 21};
    struct buf buf = {0};
    (void)state;
    pg_array_begin(&buf, PG_INT2, 1);
    pg_array_i16(&buf, -2);
    assert_int_equal(buf.len, 20 + 4 + 2);
    pg_array_begin(&buf, PG_INT2, 0); /* what was there before is gone */
    assert_bytes(&buf, wanted, sizeof(wanted));
    buf_fini(&buf);
}

/* ---- lists of servers ---- */

static void a_list_of_servers_is_cut_at_commas(void **state)
{
    struct fleet_server servers[FLEET_SERVERS_MAX];
    struct arena arena = {0};
    size_t count = 9;
    (void)state;
    assert_true(fleet_servers_parse(SLICE("a=postgres://h/x?sslmode=require,b-2=host=h dbname=y"),
                                    &arena, servers, &count));
    assert_int_equal(count, 2);
    assert_true(slice_eq(servers[0].name, SLICE("a")));
    assert_true(slice_eq(servers[0].conninfo, SLICE("postgres://h/x?sslmode=require")));
    assert_true(slice_eq(servers[1].name, SLICE("b-2")));
    assert_true(slice_eq(servers[1].conninfo, SLICE("host=h dbname=y")));
    assert_true(fleet_servers_parse(SLICE_EMPTY, &arena, servers, &count));
    assert_int_equal(count, 0);
    arena_fini(&arena);
}

static void what_is_no_list_of_servers_is_refused(void **state)
{
    static const char *const texts[] = {",", "a", "a=", "=x", "A=x", "a=x,", "a=x,,b=y", "a b=x"};
    struct fleet_server servers[FLEET_SERVERS_MAX];
    struct arena arena = {0};
    size_t count;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(fleet_servers_parse(slice_str(texts[i]), &arena, servers, &count));
    struct buf many = {0};
    for (unsigned i = 0; i <= FLEET_SERVERS_MAX; i++)
        buf_format(&many, "%ss%u=x", i > 0 ? "," : "", i);
    assert_false(fleet_servers_parse(buf_slice(&many), &arena, servers, &count));
    buf_fini(&many);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_of_ids_is_in_network_order),
        cmocka_unit_test(an_array_of_texts_has_their_lengths),
        cmocka_unit_test(an_array_of_nothing_has_no_dimension),
        cmocka_unit_test(a_list_of_servers_is_cut_at_commas),
        cmocka_unit_test(what_is_no_list_of_servers_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
