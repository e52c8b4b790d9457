/* A token bucket. */

#include "chat/rate.h"

#include <assert.h>

/* One token; a millisecond brings `per_minute` of these parts. */
#define TOKEN 60000u

void rate_init(struct rate *rate, uint32_t per_minute, uint32_t burst, uint64_t now_ms)
{
    assert(per_minute > 0);
    assert(burst > 0);
    const uint64_t full = (uint64_t)burst * TOKEN;
    *rate = (struct rate){per_minute, full, full, now_ms};
}

static void refill(struct rate *rate, uint64_t now_ms)
{
    assert(now_ms >= rate->refilled_ms); /* the loop's clock never runs backwards */

    const uint64_t elapsed_ms = now_ms - rate->refilled_ms;
    const uint64_t missing = rate->full - rate->left;

    /* Divide instead of multiplying: after a long idle the product could overflow. */
    if (elapsed_ms > missing / rate->per_minute)
        rate->left = rate->full;
    else
        rate->left += elapsed_ms * rate->per_minute;
    rate->refilled_ms = now_ms;
}

bool rate_take(struct rate *rate, uint64_t now_ms)
{
    refill(rate, now_ms);
    if (rate->left < TOKEN)
        return false;
    rate->left -= TOKEN;
    return true;
}

uint64_t rate_wait_ms(const struct rate *rate)
{
    if (rate->left >= TOKEN)
        return 0;
    return (TOKEN - rate->left + rate->per_minute - 1) / rate->per_minute;
}

bool rate_idle(struct rate *rate, uint64_t now_ms)
{
    refill(rate, now_ms);
    return rate->left == rate->full;
}
