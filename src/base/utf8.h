#ifndef BASE_UTF8_H
#define BASE_UTF8_H

/*
 * UTF-8 (RFC 3629), checked as the bytes arrive: overlong forms, surrogates and what is above
 * U+10FFFF are refused at the first byte that makes them so.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* All zero: between two characters. */
struct utf8 {
    uint8_t state;
};

/* False at the first byte that cannot continue valid UTF-8. */
bool utf8_feed(struct utf8 *utf8, struct slice bytes);

/* Whether the text may end here, not inside a character. */
static inline bool utf8_complete(const struct utf8 *utf8)
{
    return utf8->state == 0;
}

bool utf8_valid(struct slice text);

/* Decode the character at *at of a valid text and move *at behind it. */
uint32_t utf8_next(struct slice text, size_t *at);

/* Append the character U+`code`, which is no surrogate, to 4 bytes; returns how many. */
unsigned utf8_encode(uint32_t code, char out[4]);

#endif
