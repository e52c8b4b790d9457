#ifndef CHAT_TYPING_H
#define CHAT_TYPING_H

/*
 * Typing: that somebody is writing in a channel at this moment. It travels on the bus under the
 * channel's topic, among its events, and is never stored.
 *
 * The binary form: 't', which begins no event, then little-endian u64 user, u64 thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/slice.h"

struct typing {
    uint64_t user;
    uint64_t thread; /* seq of the thread's first message; 0: in no thread */
};

/* A new `bytes` that the caller owns. */
struct bytes *typing_encode(const struct typing *typing);

/* False when `in` is something else. */
bool typing_decode(struct slice in, struct typing *out);

#endif
