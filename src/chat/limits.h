#ifndef CHAT_LIMITS_H
#define CHAT_LIMITS_H

/*
 * Limits: how often somebody may do something, counted for the whole process: for all of its loops
 * together. Buckets are made as they are needed and forgotten when they are full again; their
 * number is bounded.
 *
 * This is the one thing that loops share and change. A call takes a lock for some hundred
 * nanoseconds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum limit {
    LIMIT_MESSAGES,      /* of one user */
    LIMIT_LOGINS_NAME,   /* failed ones, for one name */
    LIMIT_LOGINS_FROM,   /* failed ones, from one address */
    LIMIT_SIGN_UPS_FROM, /* from one address */
    LIMIT_PASSWORDS,     /* wrong ones that one session gave */
};
#define LIMITS_COUNT 5u

/* `burst` at once, and `amount` more in each period; both at least 1. */
struct limit_rate {
    uint32_t amount;
    uint32_t period_ms;
    uint32_t burst;
};

/* What may be open at the same time. */
enum limit_open {
    OPEN_HTTP_FROM,    /* connections that speak HTTP, from one address */
    OPEN_SOCKETS_FROM, /* WebSockets from one address */
    OPEN_USER,         /* WebSockets of one user */
};
#define LIMITS_OPEN_COUNT 3u

struct limits_options {
    struct limit_rate rates[LIMITS_COUNT];
    uint32_t open_max[LIMITS_OPEN_COUNT];
};

struct limits;

struct limits *limits_create(const struct limits_options *options);

/* NULL is allowed. */
void limits_destroy(struct limits *limits);

/* Take one; when there is none, how long until there is. */
bool limits_take(struct limits *limits, enum limit limit, struct slice key,
                 uint64_t *retry_after_ms);

/* It did not count after all. */
void limits_give_back(struct limits *limits, enum limit limit, struct slice key);

/* One more is open, until limits_leave(); false when there are too many. */
bool limits_enter(struct limits *limits, enum limit_open open, struct slice key);
void limits_leave(struct limits *limits, enum limit_open open, struct slice key);

#endif
