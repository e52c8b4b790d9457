/* What several sentinels say: the newest failover counts, whoever is behind or knows nothing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

#include "base/buf.h"
#include "redis/sentinel.h"

/* The reply that these bytes are; the caller frees it. */
static redisReply *reply_of(const char *bytes)
{
    void *reply = NULL;
    redisReader *reader = redisReaderCreate();
    assert_int_equal(redisReaderFeed(reader, bytes, strlen(bytes)), REDIS_OK);
    assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
    assert_non_null(reply);
    redisReaderFree(reader);
    return reply;
}

static void hear_bytes(struct sentinel_poll *poll, const char *where, const char *master)
{
    redisReply *replies[] = {reply_of(where), reply_of(master)};
    const struct redis_value values[] = {redis_value_of(replies[0]), redis_value_of(replies[1])};
    const struct redis_host host = sentinel_host(&values[0]);
    sentinel_hear(poll, &host, &values[1]);
    freeReplyObject(replies[0]);
    freeReplyObject(replies[1]);
}

static void word(struct buf *out, const char *text)
{
    buf_format(out, "$%zu\r\n%s\r\n", strlen(text), text);
}

/* A sentinel that answers `port`, and has `entry` as the port of the one that it watches. */
static void hear(struct sentinel_poll *poll, const char *port, const char *entry, const char *epoch)
{
    const char *const words[] = {"name",
                                 "p",
                                 "ip",
                                 "10.0.0.1",
                                 "port",
                                 entry,
                                 "config-epoch",
                                 epoch,
                                 "role-reported",
                                 "master",
                                 "role-reported-time",
                                 "9000"};
    struct buf where = {0};
    struct buf master = {0};
    buf_append(&where, SLICE("*2\r\n"));
    word(&where, "10.0.0.1");
    word(&where, port);
    buf_format(&master, "*%zu\r\n", sizeof(words) / sizeof(words[0]));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        word(&master, words[i]);
    hear_bytes(poll, buf_cstr(&where), buf_cstr(&master));
    buf_fini(&where);
    buf_fini(&master);
}

static void the_newest_failover_counts_in_whatever_order_they_answer(void **state)
{
    (void)state;
    struct sentinel_poll poll = {0};
    hear(&poll, "1", "1", "4");
    hear(&poll, "2", "2", "6");
    hear(&poll, "3", "3", "5");
    assert_int_equal(poll.heard, 3);
    assert_true(poll.found);
    assert_string_equal(poll.primary.host.name, "10.0.0.1");
    assert_int_equal(poll.primary.host.port, 2);
    assert_int_equal(poll.primary.epoch, 6);
    assert_int_equal(poll.primary.age_ms, 9000);
}

static void one_that_has_just_been_promoted_is_new(void **state)
{
    (void)state;
    struct sentinel_poll poll = {0};
    hear(&poll, "2", "1", "5");
    assert_int_equal(poll.primary.host.port, 2);
    assert_int_equal(poll.primary.age_ms, 0);
}

static void more_than_half_must_answer_but_need_not_know_it(void **state)
{
    (void)state;
    struct sentinel_poll poll = {0};
    const struct redis_address address = {.sentinels_len = 3};
    assert_false(sentinel_enough(&poll, &address));
    hear_bytes(&poll, "*-1\r\n", "-ERR No such master with that name\r\n");
    assert_false(sentinel_enough(&poll, &address));
    assert_false(poll.found);
    hear(&poll, "1", "1", "0");
    assert_true(sentinel_enough(&poll, &address));
    assert_true(poll.found);
}

static void nonsense_is_no_primary(void **state)
{
    (void)state;
    struct sentinel_poll poll = {0};
    hear_bytes(&poll, "+OK\r\n", "+OK\r\n");
    hear_bytes(&poll, "*2\r\n$1\r\na\r\n$5\r\n65536\r\n", "*0\r\n");
    hear_bytes(&poll, "*2\r\n$0\r\n\r\n$1\r\n1\r\n", "*1\r\n$12\r\nconfig-epoch\r\n");
    hear(&poll, "1", "1", "-1");
    hear(&poll, "0", "0", "1");
    assert_int_equal(poll.heard, 5);
    assert_false(poll.found);
}

static void a_link_moves_to_another_server_of_a_newer_failover_only(void **state)
{
    (void)state;
    const struct redis_host here = {"10.0.0.1", 1};
    struct redis_primary primary = {.host = {"10.0.0.1", 2}, .epoch = 5};
    assert_true(redis_primary_moved(&primary, &here, 4));
    assert_false(redis_primary_moved(&primary, &here, 5)); /* another name of the same */
    assert_false(redis_primary_moved(&primary, &here, 6)); /* a sentinel that is behind */
    primary.host.port = 1;
    assert_false(redis_primary_moved(&primary, &here, 4)); /* there and back */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_failover_counts_in_whatever_order_they_answer),
        cmocka_unit_test(one_that_has_just_been_promoted_is_new),
        cmocka_unit_test(more_than_half_must_answer_but_need_not_know_it),
        cmocka_unit_test(nonsense_is_no_primary),
        cmocka_unit_test(a_link_moves_to_another_server_of_a_newer_failover_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
