/* A token bucket. */

#include "chat/rate.h"

#include <assert.h>

void rate_init(struct rate *rate, uint32_t amount, uint32_t period_ms, uint32_t burst,
               uint64_t now_ms)
{
    assert(amount > 0 && period_ms > 0);
    assert(burst > 0);
    const uint64_t full = (uint64_t)burst * period_ms;
    *rate = (struct rate){amount, period_ms, full, full, now_ms};
}

static void refill(struct rate *rate, uint64_t now_ms)
{
    assert(now_ms >= rate->refilled_ms); /* the loop's clock never runs backwards */

    const uint64_t elapsed_ms = now_ms - rate->refilled_ms;
    const uint64_t missing = rate->full - rate->left;

    /* Divide instead of multiplying: after a long idle the product could overflow. */
    if (elapsed_ms > missing / rate->amount)
        rate->left = rate->full;
    else
        rate->left += elapsed_ms * rate->amount;
    rate->refilled_ms = now_ms;
}

bool rate_take(struct rate *rate, uint64_t now_ms)
{
    refill(rate, now_ms);
    if (rate->left < rate->token)
        return false;
    rate->left -= rate->token;
    return true;
}

void rate_give_back(struct rate *rate)
{
    const uint64_t missing = rate->full - rate->left;
    rate->left += missing < rate->token ? missing : rate->token;
}

uint64_t rate_wait_ms(const struct rate *rate)
{
    if (rate->left >= rate->token)
        return 0;
    return (rate->token - rate->left + rate->amount - 1) / rate->amount;
}

bool rate_idle(struct rate *rate, uint64_t now_ms)
{
    refill(rate, now_ms);
    return rate->left == rate->full;
}
