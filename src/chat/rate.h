#ifndef CHAT_RATE_H
#define CHAT_RATE_H

/*
 * Rate: a token bucket. No clock, no allocation: time comes in as an argument.
 */

#include <stdbool.h>
#include <stdint.h>

struct rate {
    uint64_t amount; /* parts of a token that a millisecond brings */
    uint64_t token;  /* parts of one token: the period's milliseconds */
    uint64_t full;   /* of the bucket, in parts */
    uint64_t left;
    uint64_t refilled_ms;
};

/* A full bucket of `burst` tokens that gets `amount` more in each period; all at least 1. */
void rate_init(struct rate *rate, uint32_t amount, uint32_t period_ms, uint32_t burst,
               uint64_t now_ms);

/* Take one token; false when there is none. */
bool rate_take(struct rate *rate, uint64_t now_ms);

/* Put one back that was taken. */
void rate_give_back(struct rate *rate);

/* How long until a token is there, 0 when one is. */
uint64_t rate_wait_ms(const struct rate *rate);

/* Whether the bucket is full at `now_ms`: then it says nothing that a new one would not. */
bool rate_idle(struct rate *rate, uint64_t now_ms);

#endif
