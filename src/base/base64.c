/* Base64 with padding, canonical forms only. */

#include "base/base64.h"

#define BAD 0xFFu

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Four characters for one to three bytes. */
static void encode_group(const char *in, size_t len, char out[4])
{
    const uint32_t bits = (uint32_t)(uint8_t)in[0] << 16 |
                          (len > 1 ? (uint32_t)(uint8_t)in[1] << 8 : 0) |
                          (len > 2 ? (uint32_t)(uint8_t)in[2] : 0);
    out[0] = ALPHABET[bits >> 18];
    out[1] = ALPHABET[bits >> 12 & 63];
    out[2] = len > 1 ? ALPHABET[bits >> 6 & 63] : '=';
    out[3] = len > 2 ? ALPHABET[bits & 63] : '=';
}

void base64_encode(struct slice bytes, char *out)
{
    for (; bytes.len > 3; out += 4) {
        encode_group(bytes.ptr, 3, out);
        bytes = slice_skip(bytes, 3);
    }
    if (bytes.len > 0)
        encode_group(bytes.ptr, bytes.len, out);
}

static uint32_t value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : BAD;
}

/* One to three bytes from the `count` (2 to 4) characters of a group that are no padding. */
static bool decode_group(const char *in, unsigned count, uint8_t *out)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < 4; i++) {
        const uint32_t value = i < count ? value_of(in[i]) : 0;
        if (value == BAD)
            return false;
        bits = bits << 6 | value;
    }
    const uint32_t unused = count == 2 ? 0xFFFF : count == 3 ? 0xFF : 0;
    if ((bits & unused) != 0)
        return false;
    for (unsigned i = 0; i + 1 < count; i++)
        out[i] = (uint8_t)(bits >> (16 - 8 * i));
    return true;
}

bool base64_decode(struct slice text, uint8_t *out, size_t *len)
{
    if (text.len % 4 != 0)
        return false;

    size_t done = 0;
    while (text.len > 0) {
        unsigned count = 4;
        if (text.len == 4 && text.ptr[3] == '=')
            count = text.ptr[2] == '=' ? 2 : 3;
        if (!decode_group(text.ptr, count, out + done))
            return false;
        done += count - 1;
        text = slice_skip(text, 4);
    }
    *len = done;
    return true;
}
