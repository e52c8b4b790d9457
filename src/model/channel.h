#ifndef MODEL_CHANNEL_H
#define MODEL_CHANNEL_H

/* Channel: one conversation, and what makes its parts valid. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define CHANNEL_NAME_MAX 80u /* bytes */
#define CHANNEL_TOPIC_MAX 1000u
#define DIRECT_USERS_MAX 9u

enum channel_kind {
    CHANNEL_PUBLIC = 1,
    CHANNEL_DIRECT = 2,  /* a fixed set of people; its key is that set */
    CHANNEL_PRIVATE = 3, /* only its members know of it */
};

/* All slices and arrays are borrowed. */
struct channel {
    uint64_t id;
    enum channel_kind kind;
    struct slice name;
    struct slice topic;
    uint64_t creator; /* 0: unknown */
    bool archived;    /* nothing more is sent to it */
    uint64_t members;
    uint64_t last_seq; /* of its newest event; 0: none */
    uint64_t last_n;
    uint64_t users[DIRECT_USERS_MAX]; /* of a direct channel, ascending */
    size_t users_len;

    /* As seen by one user. */
    bool member;
    uint64_t read_seq;
    uint64_t read_n;
};

static inline uint64_t channel_unread(const struct channel *channel)
{
    return channel->last_n > channel->read_n ? channel->last_n - channel->read_n : 0;
}

struct slice channel_kind_name(enum channel_kind kind);

/*
 * Check a name and write it with small ASCII letters: 1 to 80 bytes of letters of any script,
 * digits,
 * '-' and '_'. `out` has room for name.len bytes. False when it is no valid name.
 */
bool channel_name_normalize(struct slice name, char *out);

/* Up to 1,000 bytes of UTF-8 without control characters but newline. */
bool channel_topic_valid(struct slice topic);

#endif
