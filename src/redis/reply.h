#ifndef REDIS_REPLY_H
#define REDIS_REPLY_H

/* What Redis answers, without hiredis. Slices are borrowed from the reply. */

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct redis_value {
    enum {
        REDIS_VALUE_NIL,
        REDIS_VALUE_TEXT,
        REDIS_VALUE_NUMBER,
        REDIS_VALUE_LIST,
        REDIS_VALUE_ERROR
    } type;
    struct slice text; /* of TEXT and ERROR */
    int64_t number;
    const void *list; /* of LIST: for redis_value_at() */
    size_t count;
};

/* Of hiredis' redisReply; NIL for NULL. */
struct redis_value redis_value_of(const void *reply);

/* The item `at` of a list; NIL when there is none. */
struct redis_value redis_value_at(const struct redis_value *list, size_t at);

/* What follows `name` in a list of names and values; NIL when there is none. */
struct redis_value redis_value_get(const struct redis_value *list, struct slice name);

#endif
