#ifndef CHAT_RATE_H
#define CHAT_RATE_H

/*
 * Rate: a token bucket. No clock, no allocation: time comes in as an argument.
 */

#include <stdbool.h>
#include <stdint.h>

struct rate {
    uint64_t per_minute;
    uint64_t full; /* of the bucket, in 1/60,000 of a token */
    uint64_t left;
    uint64_t refilled_ms;
};

/* A full bucket of `burst` tokens that gets `per_minute` more each minute; both at least 1. */
void rate_init(struct rate *rate, uint32_t per_minute, uint32_t burst, uint64_t now_ms);

/* Take one token; false when there is none. */
bool rate_take(struct rate *rate, uint64_t now_ms);

/* How long until a token is there, 0 when one is. */
uint64_t rate_wait_ms(const struct rate *rate);

/* Whether the bucket is full at `now_ms`: then it says nothing that a new one would not. */
bool rate_idle(struct rate *rate, uint64_t now_ms);

#endif
