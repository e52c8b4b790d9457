#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* The two clocks. Most code gets its time as an argument instead, so that tests own it. */

#include <stdint.h>

/* Monotonic nanoseconds since some fixed moment; never goes backwards. */
uint64_t clock_mono_ns(void);

/* Wall-clock microseconds since 1970, UTC; may jump when the operator sets the clock. */
int64_t clock_wall_us(void);

#endif
