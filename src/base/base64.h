#ifndef BASE_BASE64_H
#define BASE_BASE64_H

/* Base64 (RFC 4648 section 4), with padding. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define BASE64_LEN(bytes) (((bytes) + 2) / 3 * 4)

/* Write BASE64_LEN(bytes.len) characters, no NUL. */
void base64_encode(struct slice bytes, char *out);

/*
 * Decode into `out`, which has room for text.len / 4 * 3 bytes. False unless `text` is canonical:
 * whole groups of four, right padding, no white space, unused bits zero.
 */
bool base64_decode(struct slice text, uint8_t *out, size_t *len);

#endif
