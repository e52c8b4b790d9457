#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

/* What checking and walking JSON have in common; private to the two. */

#include <stdbool.h>
#include <stdint.h>

#include "base/hex.h"
#include "base/json.h"

static inline const char *json_skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static inline bool json_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The four digits of \uXXXX at `at`, which has them. */
static inline bool json_hex4(const char *at, uint32_t *out)
{
    uint32_t code = 0;
    for (unsigned i = 0; i < 4; i++) {
        const int value = hex_value(at[i]);
        if (value < 0)
            return false;
        code = code << 4 | (uint32_t)value;
    }
    *out = code;
    return true;
}

/* The byte that the escape "\c" stands for, or '\0' when there is no such escape. */
static inline char json_unescape(char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
        return c;
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return '\0';
    }
}

static inline enum json_type json_type_of(char first)
{
    switch (first) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

static inline struct json json_between(const char *begin, const char *end)
{
    return (struct json){json_type_of(*begin), slice_from(begin, (size_t)(end - begin))};
}

#endif
