/* How often and how many, by key, over several threads. */

#include "../../support/unit_suite.h"

#include <pthread.h>

#include "chat/limits.h"

static struct limits_options options(struct limit_rate rate, uint32_t open_max)
{
    return (struct limits_options){.rates = {rate, rate, rate, rate, rate},
                                   .open_max = {open_max, open_max, open_max}};
}

static void each_key_and_each_limit_has_a_bucket_of_its_own(void **state)
{
    const struct limits_options wanted = options((struct limit_rate){1, 3600000, 2}, 1);
    struct limits *limits = limits_create(&wanted);
    uint64_t wait_ms = 0;
    (void)state;
    assert_true(limits_take(limits, LIMIT_LOGINS_NAME, SLICE("ada"), &wait_ms));
    assert_true(limits_take(limits, LIMIT_LOGINS_NAME, SLICE("ada"), &wait_ms));
    assert_int_equal(wait_ms, 0);
    assert_false(limits_take(limits, LIMIT_LOGINS_NAME, SLICE("ada"), &wait_ms));
    assert_in_range(wait_ms, 3500000, 3600000);
    assert_true(limits_take(limits, LIMIT_LOGINS_NAME, SLICE("bob"), &wait_ms));
    assert_true(limits_take(limits, LIMIT_LOGINS_FROM, SLICE("ada"), &wait_ms));

    limits_give_back(limits, LIMIT_LOGINS_NAME, SLICE("ada"));
    assert_true(limits_take(limits, LIMIT_LOGINS_NAME, SLICE("ada"), &wait_ms));
    assert_false(limits_take(limits, LIMIT_LOGINS_NAME, SLICE("ada"), &wait_ms));
    for (unsigned i = 0; i < 5; i++)
        limits_give_back(limits, LIMIT_LOGINS_NAME, SLICE("eve")); /* never over its brim */
    for (unsigned i = 0; i < 2; i++)
        assert_true(limits_take(limits, LIMIT_LOGINS_NAME, SLICE("eve"), &wait_ms));
    assert_false(limits_take(limits, LIMIT_LOGINS_NAME, SLICE("eve"), &wait_ms));
    limits_destroy(limits);
    limits_destroy(NULL);
}

static void many_keys_take_no_more_than_their_room(void **state)
{
    const struct limits_options wanted = options((struct limit_rate){1, 3600000, 1}, 1);
    struct limits *limits = limits_create(&wanted);
    uint64_t wait_ms;
    (void)state;
    /* More than there is room for; a leak checker counts what is left behind. */
    for (uint64_t i = 0; i < 450000; i++)
        assert_true(limits_take(limits, LIMIT_MESSAGES, slice_from(&i, sizeof(i)), &wait_ms));
    limits_destroy(limits);
}

static void so_many_are_open_and_no_more(void **state)
{
    const struct limits_options wanted = options((struct limit_rate){1, 1, 1}, 2);
    struct limits *limits = limits_create(&wanted);
    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        assert_true(limits_enter(limits, OPEN_USER, SLICE("ada")));
        assert_true(limits_enter(limits, OPEN_USER, SLICE("ada")));
        assert_false(limits_enter(limits, OPEN_USER, SLICE("ada")));
        assert_true(limits_enter(limits, OPEN_USER, SLICE("bob")));
        assert_true(limits_enter(limits, OPEN_HTTP_FROM, SLICE("ada")));
        limits_leave(limits, OPEN_USER, SLICE("ada"));
        assert_true(limits_enter(limits, OPEN_USER, SLICE("ada")));
        limits_leave(limits, OPEN_USER, SLICE("ada"));
        limits_leave(limits, OPEN_USER, SLICE("ada"));
        limits_leave(limits, OPEN_USER, SLICE("bob"));
        limits_leave(limits, OPEN_HTTP_FROM, SLICE("ada"));
    }
    limits_destroy(limits);
}

struct taker {
    pthread_t thread;
    struct limits *limits;
    unsigned taken;
};

static void *take_many(void *arg)
{
    struct taker *taker = arg;
    uint64_t wait_ms;
    for (unsigned i = 0; i < 10000; i++)
        taker->taken += limits_take(taker->limits, LIMIT_MESSAGES, SLICE("ada"), &wait_ms);
    return NULL;
}

static void all_threads_together_get_what_one_would(void **state)
{
    const struct limits_options wanted = options((struct limit_rate){1, 3600000, 5000}, 1);
    struct taker takers[4] = {0};
    unsigned taken = 0;
    (void)state;
    struct limits *limits = limits_create(&wanted);
    for (size_t i = 0; i < COUNT(takers); i++) {
        takers[i].limits = limits;
        assert_int_equal(pthread_create(&takers[i].thread, NULL, take_many, &takers[i]), 0);
    }
    for (size_t i = 0; i < COUNT(takers); i++) {
        pthread_join(takers[i].thread, NULL);
        taken += takers[i].taken;
    }
    assert_int_equal(taken, 5000);
    limits_destroy(limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_and_each_limit_has_a_bucket_of_its_own),
        cmocka_unit_test(many_keys_take_no_more_than_their_room),
        cmocka_unit_test(so_many_are_open_and_no_more),
        cmocka_unit_test(all_threads_together_get_what_one_would),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
