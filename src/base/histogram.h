#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

/*
 * Histogram: how long something took, counted in fixed classes from 0.1 ms to 2.5 s, as Prometheus
 * wants it. All zero is an empty one. One thread at a time; copies may be added up.
 */

#include <stdint.h>

#include "base/buf.h"

#define HISTOGRAM_CLASSES 15u

struct histogram {
    uint64_t counts[HISTOGRAM_CLASSES]; /* the last one has no upper end */
    uint64_t sum_us;
};

void histogram_add(struct histogram *histogram, uint64_t us);

/* Add the counts of `other`. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* Append its lines in Prometheus' text format, with the label stage="<stage>". */
void histogram_write(const struct histogram *histogram, const char *name, const char *stage,
                     struct buf *out);

#endif
