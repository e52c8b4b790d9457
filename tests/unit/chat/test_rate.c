/* The token bucket. */

#include "../../support/unit_suite.h"

#include "chat/rate.h"

static unsigned take_all(struct rate *rate, uint64_t now_ms)
{
    unsigned count = 0;
    while (rate_take(rate, now_ms))
        count++;
    return count;
}

static void a_new_bucket_gives_its_burst_at_once_and_no_more(void **state)
{
    struct rate rate;
    (void)state;
    rate_init(&rate, 100, 60000, 20, 5000);
    assert_int_equal(take_all(&rate, 5000), 20);
    assert_false(rate_take(&rate, 5000));
}

static void tokens_come_back_at_the_rate_per_minute(void **state)
{
    struct rate rate;
    (void)state;
    rate_init(&rate, 100, 60000, 20, 0);
    assert_int_equal(take_all(&rate, 0), 20);
    assert_false(rate_take(&rate, 599)); /* one each 600 ms */
    assert_true(rate_take(&rate, 600));
    assert_false(rate_take(&rate, 1199));
    assert_true(rate_take(&rate, 1200));
    assert_int_equal(take_all(&rate, 1200 + 6000), 10);
}

static void asking_in_vain_costs_nothing(void **state)
{
    struct rate rate;
    (void)state;
    rate_init(&rate, 60, 60000, 1, 0);
    assert_true(rate_take(&rate, 0));
    for (uint64_t now_ms = 0; now_ms < 1000; now_ms++)
        assert_false(rate_take(&rate, now_ms));
    assert_true(rate_take(&rate, 1000));
}

static void a_minute_gives_the_rate_whatever_the_steps(void **state)
{
    static const uint64_t steps_ms[] = {1, 7, 100, 999, 30000};
    (void)state;
    for (size_t i = 0; i < COUNT(steps_ms); i++) {
        struct rate rate;
        unsigned count = 0;
        rate_init(&rate, 100, 60000, 100, 0);
        (void)take_all(&rate, 0);
        for (uint64_t now_ms = steps_ms[i]; now_ms <= 60000; now_ms += steps_ms[i])
            count += take_all(&rate, now_ms);
        assert_in_range(count, 98, 100); /* the last step may end before the minute does */
    }
}

static void the_wait_is_exactly_until_the_next_token(void **state)
{
    struct rate rate;
    (void)state;
    rate_init(&rate, 7, 60000, 1, 0);
    assert_int_equal(rate_wait_ms(&rate), 0);
    assert_true(rate_take(&rate, 0));
    const uint64_t wait_ms = rate_wait_ms(&rate);
    assert_false(rate_take(&rate, wait_ms - 1));
    assert_true(rate_take(&rate, wait_ms));
}

static void a_very_long_idle_fills_the_bucket_once(void **state)
{
    struct rate rate;
    (void)state;
    rate_init(&rate, UINT32_MAX, 60000, 1, 0);
    assert_true(rate_take(&rate, 0));
    assert_true(rate_take(&rate, UINT64_MAX));
    assert_false(rate_take(&rate, UINT64_MAX));
}

static void the_largest_bucket_does_not_overflow(void **state)
{
    struct rate rate;
    (void)state;
    rate_init(&rate, 1, 60000, UINT32_MAX, 0);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(rate_take(&rate, i));
    assert_false(rate_idle(&rate, 1000));
    assert_true(rate_idle(&rate, UINT64_MAX));
}

static void a_bucket_is_idle_when_it_is_full_again(void **state)
{
    struct rate rate;
    (void)state;
    rate_init(&rate, 60, 60000, 2, 0);
    assert_true(rate_idle(&rate, 0));
    assert_true(rate_take(&rate, 0));
    assert_false(rate_idle(&rate, 999));
    assert_true(rate_idle(&rate, 1000 + 1)); /* a part of a millisecond may be missing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_bucket_gives_its_burst_at_once_and_no_more),
        cmocka_unit_test(tokens_come_back_at_the_rate_per_minute),
        cmocka_unit_test(asking_in_vain_costs_nothing),
        cmocka_unit_test(a_minute_gives_the_rate_whatever_the_steps),
        cmocka_unit_test(the_wait_is_exactly_until_the_next_token),
        cmocka_unit_test(a_very_long_idle_fills_the_bucket_once),
        cmocka_unit_test(the_largest_bucket_does_not_overflow),
        cmocka_unit_test(a_bucket_is_idle_when_it_is_full_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
