/* How long things took. */

#include "base/histogram.h"

#include <stddef.h>

static const uint64_t ends_us[HISTOGRAM_CLASSES - 1] = {
    100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000};

void histogram_add(struct histogram *histogram, uint64_t us)
{
    size_t at = 0;
    while (at < HISTOGRAM_CLASSES - 1 && us > ends_us[at])
        at++;
    histogram->counts[at]++;
    histogram->sum_us += us;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    for (size_t i = 0; i < HISTOGRAM_CLASSES; i++)
        histogram->counts[i] += other->counts[i];
    histogram->sum_us += other->sum_us;
}

void histogram_write(const struct histogram *histogram, const char *name, const char *stage,
                     struct buf *out)
{
    uint64_t count = 0;
    for (size_t i = 0; i < HISTOGRAM_CLASSES; i++) {
        count += histogram->counts[i];
        if (i < HISTOGRAM_CLASSES - 1)
            buf_format(out, "%s_bucket{stage=\"%s\",le=\"%g\"} %llu\n", name, stage,
                       (double)ends_us[i] / 1e6, (unsigned long long)count);
    }
    buf_format(out, "%s_bucket{stage=\"%s\",le=\"+Inf\"} %llu\n", name, stage,
               (unsigned long long)count);
    buf_format(out, "%s_sum{stage=\"%s\"} %g\n", name, stage, (double)histogram->sum_us / 1e6);
    buf_format(out, "%s_count{stage=\"%s\"} %llu\n", name, stage, (unsigned long long)count);
}
