/* Addresses of Redis: what is taken, what is refused and why, and that everything has a limit. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "redis/address.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct redis_servers servers; /* large */

static void parse(const char *text)
{
    assert_int_equal(redis_servers_parse(text, &servers), ERR_NONE);
    assert_null(redis_servers_problem(text));
}

static void a_server_has_host_port_and_perhaps_a_password(void **state)
{
    (void)state;
    parse("127.0.0.1:6379, redis://:se/c+r:et@cache:1");
    assert_int_equal(servers.count, 2);
    assert_string_equal(servers.items[0].server.name, "127.0.0.1");
    assert_int_equal(servers.items[0].server.port, 6379);
    assert_string_equal(servers.items[0].password, "");
    assert_int_equal(servers.items[0].sentinels_len, 0);
    assert_string_equal(servers.items[1].server.name, "cache");
    assert_int_equal(servers.items[1].server.port, 1);
    assert_string_equal(servers.items[1].password, "se/c+r:et");
}

static void sentinels_are_asked_for_a_primary_by_name(void **state)
{
    (void)state;
    parse("sentinel://a:26379+b:26380+10.0.0.3:1/my-primary_1.x");
    const struct redis_address *address = &servers.items[0];
    assert_int_equal(servers.count, 1);
    assert_int_equal(address->sentinels_len, 3);
    assert_string_equal(address->sentinels[0].name, "a");
    assert_string_equal(address->sentinels[1].name, "b");
    assert_int_equal(address->sentinels[1].port, 26380);
    assert_string_equal(address->sentinels[2].name, "10.0.0.3");
    assert_string_equal(address->primary, "my-primary_1.x");
    assert_string_equal(address->password, "");
    assert_string_equal(address->sentinel_password, "");
}

static void servers_and_sentinels_have_passwords_of_their_own(void **state)
{
    (void)state;
    parse("sentinel://:one@a:1/p,sentinel://:one@a:1/q?sentinel-password=two,sentinel://a:1/"
          "r?sentinel-password=t?w/o");
    assert_int_equal(servers.count, 3);
    assert_string_equal(servers.items[0].password, "one");
    assert_string_equal(servers.items[0].sentinel_password, "");
    assert_string_equal(servers.items[1].password, "one");
    assert_string_equal(servers.items[1].sentinel_password, "two");
    assert_string_equal(servers.items[1].primary, "q");
    assert_string_equal(servers.items[2].password, "");
    assert_string_equal(servers.items[2].sentinel_password, "t?w/o");
}

static void the_place_in_the_list_decides_who_has_a_channel(void **state)
{
    (void)state;
    parse("a:1,sentinel://s:1/b,c:3");
    assert_int_equal(servers.count, 3);
    size_t channels[3] = {0};
    for (uint64_t id = 1; id <= 300; id++)
        channels[redis_server_of(&servers, id)]++;
    for (size_t i = 0; i < 3; i++)
        assert_in_range(channels[i], 50, 150);
}

static void what_is_malformed_is_refused_and_the_right_way_is_shown(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"", "no server"},
        {"host", "HOST:PORT"},
        {"host:", "HOST:PORT"},
        {":1", "HOST:PORT"},
        {"host:0", "HOST:PORT"},
        {"host:65536", "HOST:PORT"},
        {"host:1x", "HOST:PORT"},
        {"a:1,,b:2", "HOST:PORT"},
        {"rediss://a:1", "HOST:PORT"},
        {"redis://password@a:1", "HOST:PORT"},
        {"sentinel://", "sentinel://HOST:26379"},
        {"sentinel://a:1", "sentinel://HOST:26379"},
        {"sentinel://a:1/", "sentinel://HOST:26379"},
        {"sentinel:///p", "sentinel://HOST:26379"},
        {"sentinel://a/p", "sentinel://HOST:26379"},
        {"sentinel://a:1+/p", "sentinel://HOST:26379"},
        {"sentinel://+a:1/p", "sentinel://HOST:26379"},
        {"sentinel://a:1/p q", "sentinel://HOST:26379"},
        {"sentinel://a:1/p/q", "sentinel://HOST:26379"},
        {"sentinel://a:1/p?other=1", "sentinel://HOST:26379"},
        {"sentinel://a:1,b:1/p", "sentinel://HOST:26379"},
        {"sentinel://password@a:1/p", "sentinel://HOST:26379"},
        {"sentinel://a:1+a:2+a:3+a:4+a:5+a:6+a:7+a:8+a:9/p", "more than 8 sentinels"},
        {"a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9,a:10,a:11,a:12,a:13,a:14,a:15,a:16,a:17",
         "more than 16 servers"},
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_int_equal(redis_servers_parse(texts[i][0], &servers), ERR_INVALID);
        const char *problem = redis_servers_problem(texts[i][0]);
        assert_non_null(problem);
        assert_non_null(strstr(problem, texts[i][1]));
    }
}

/* `before`, `count` letters, `after`. */
static bool takes(const char *before, size_t count, const char *after)
{
    struct buf text = {0};
    buf_append(&text, slice_str(before));
    for (size_t i = 0; i < count; i++)
        buf_byte(&text, 'x');
    buf_append(&text, slice_str(after));
    const bool taken = redis_servers_parse(buf_cstr(&text), &servers) == ERR_NONE;
    buf_fini(&text);
    return taken;
}

static void every_part_has_a_limit(void **state)
{
    (void)state;
    static const char *const around[][2] = {
        {"", ":1"},
        {"redis://:", "@a:1"},
        {"sentinel://", ":1/p"},
        {"sentinel://a:1/", ""},
        {"sentinel://:", "@a:1/p"},
        {"sentinel://a:1/p?sentinel-password=", ""},
    };
    for (size_t i = 0; i < COUNT(around); i++) {
        assert_true(takes(around[i][0], REDIS_TEXT_MAX - 1, around[i][1]));
        assert_false(takes(around[i][0], REDIS_TEXT_MAX, around[i][1]));
        assert_false(takes(around[i][0], 1000000, around[i][1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_has_host_port_and_perhaps_a_password),
        cmocka_unit_test(sentinels_are_asked_for_a_primary_by_name),
        cmocka_unit_test(servers_and_sentinels_have_passwords_of_their_own),
        cmocka_unit_test(the_place_in_the_list_decides_who_has_a_channel),
        cmocka_unit_test(what_is_malformed_is_refused_and_the_right_way_is_shown),
        cmocka_unit_test(every_part_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
