#ifndef BASE_UUID_H
#define BASE_UUID_H

/* UUIDs as text (RFC 9562), any version. */

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define UUID_BYTES 16u
#define UUID_TEXT_LEN 36u

/* From 8-4-4-4-12 hexadecimal digits, either case; false for all else. */
bool uuid_parse(struct slice text, uint8_t out[UUID_BYTES]);

/* 36 small hexadecimal digits and dashes, no NUL. */
void uuid_write(const uint8_t uuid[UUID_BYTES], char out[UUID_TEXT_LEN]);

#endif
