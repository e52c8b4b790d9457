/* Histograms: classes, sums, the text for Prometheus. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/histogram.h"

static void a_time_counts_in_its_class_and_all_above(void **state)
{
    struct histogram histogram = {0};
    struct buf text = {0};
    (void)state;

    histogram_add(&histogram, 100);
    histogram_add(&histogram, 101);
    histogram_add(&histogram, UINT32_MAX);
    histogram_write(&histogram, "x", "s", &text);
    const char *out = buf_cstr(&text);
    assert_non_null(strstr(out, "x_bucket{stage=\"s\",le=\"0.0001\"} 1\n"));
    assert_non_null(strstr(out, "x_bucket{stage=\"s\",le=\"0.00025\"} 2\n"));
    assert_non_null(strstr(out, "x_bucket{stage=\"s\",le=\"2.5\"} 2\n"));
    assert_non_null(strstr(out, "x_bucket{stage=\"s\",le=\"+Inf\"} 3\n"));
    assert_non_null(strstr(out, "x_count{stage=\"s\"} 3\n"));
    buf_fini(&text);
}

static void merging_adds_up(void **state)
{
    struct histogram one = {0};
    struct histogram two = {0};
    (void)state;

    histogram_add(&one, 7);
    histogram_add(&two, 8);
    histogram_merge(&one, &two);
    assert_int_equal(one.counts[0], 2);
    assert_int_equal(one.sum_us, 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_counts_in_its_class_and_all_above),
        cmocka_unit_test(merging_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
