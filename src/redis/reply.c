/* What Redis answers, without hiredis. */

#include "redis/reply.h"

#include <hiredis/hiredis.h>

struct redis_value redis_value_of(const void *from)
{
    const redisReply *reply = from;
    struct redis_value value = {.type = REDIS_VALUE_NIL};
    if (reply == NULL)
        return value;
    switch (reply->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
        value.type = reply->type == REDIS_REPLY_ERROR ? REDIS_VALUE_ERROR : REDIS_VALUE_TEXT;
        value.text = slice_from(reply->str, reply->len);
        break;
    case REDIS_REPLY_INTEGER:
        value.type = REDIS_VALUE_NUMBER;
        value.number = reply->integer;
        break;
    case REDIS_REPLY_ARRAY:
        value.type = REDIS_VALUE_LIST;
        value.list = reply->element;
        value.count = reply->elements;
        break;
    default:
        break;
    }
    return value;
}

struct redis_value redis_value_at(const struct redis_value *list, size_t at)
{
    if (list->type != REDIS_VALUE_LIST || at >= list->count)
        return (struct redis_value){.type = REDIS_VALUE_NIL};
    return redis_value_of(((const redisReply *const *)list->list)[at]);
}

struct redis_value redis_value_get(const struct redis_value *list, struct slice name)
{
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        if (slice_eq(redis_value_at(list, i).text, name))
            return redis_value_at(list, i + 1);
    }
    return (struct redis_value){.type = REDIS_VALUE_NIL};
}
