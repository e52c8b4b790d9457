/* UTF-8 as a machine of eight states, with a fast way over ASCII. */

#include "base/utf8.h"

#include <assert.h>

#include "base/word.h"

/* What may come next. The forms E0, ED, F0 and F4 narrow the range of the byte behind them. */
enum {
    START,
    ONE_LEFT,
    TWO_LEFT,
    THREE_LEFT,
    AFTER_E0,
    AFTER_ED,
    AFTER_F0,
    AFTER_F4,
    REFUSED,
};

static const struct {
    uint8_t low;
    uint8_t high;
    uint8_t next;
} FOLLOW[] = {
    [ONE_LEFT] = {0x80, 0xBF, START},      [TWO_LEFT] = {0x80, 0xBF, ONE_LEFT},
    [THREE_LEFT] = {0x80, 0xBF, TWO_LEFT}, [AFTER_E0] = {0xA0, 0xBF, ONE_LEFT},
    [AFTER_ED] = {0x80, 0x9F, ONE_LEFT},   [AFTER_F0] = {0x90, 0xBF, TWO_LEFT},
    [AFTER_F4] = {0x80, 0x8F, TWO_LEFT},
};

static uint8_t after_first(uint8_t byte)
{
    if (byte < 0x80)
        return START;
    if (byte < 0xC2)
        return REFUSED;
    if (byte < 0xE0)
        return ONE_LEFT;
    if (byte < 0xF0)
        return byte == 0xE0 ? AFTER_E0 : byte == 0xED ? AFTER_ED : TWO_LEFT;
    if (byte < 0xF4)
        return byte == 0xF0 ? AFTER_F0 : THREE_LEFT;
    return byte == 0xF4 ? AFTER_F4 : REFUSED;
}

static uint8_t after(uint8_t state, uint8_t byte)
{
    if (state == START)
        return after_first(byte);
    if (byte < FOLLOW[state].low || byte > FOLLOW[state].high)
        return REFUSED;
    return FOLLOW[state].next;
}

static const char *skip_ascii(const char *at, const char *end)
{
    while ((size_t)(end - at) >= WORD_BYTES) {
        const uint64_t found = word_find_high(word_load(at));
        if (found != 0)
            return at + word_first(found);
        at += WORD_BYTES;
    }
    return at;
}

bool utf8_feed(struct utf8 *utf8, struct slice bytes)
{
    const char *at = bytes.ptr;
    const char *end = bytes.ptr + bytes.len;
    uint8_t state = utf8->state;

    while (at < end) {
        if (state == START && (uint8_t)*at < 0x80) {
            at = skip_ascii(at, end);
            if (at == end)
                break;
        }
        state = after(state, (uint8_t)*at++);
        if (state == REFUSED)
            return false;
    }
    utf8->state = state;
    return true;
}

bool utf8_valid(struct slice text)
{
    struct utf8 utf8 = {0};
    return utf8_feed(&utf8, text) && utf8_complete(&utf8);
}

uint32_t utf8_next(struct slice text, size_t *at)
{
    assert(*at < text.len);
    const uint8_t first = (uint8_t)text.ptr[(*at)++];
    if (first < 0x80)
        return first;

    const unsigned more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    assert(text.len - *at >= more);
    uint32_t code = first & (0x3Fu >> more);
    for (unsigned i = 0; i < more; i++)
        code = code << 6 | ((uint8_t)text.ptr[(*at)++] & 0x3Fu);
    return code;
}

unsigned utf8_encode(uint32_t code, char out[4])
{
    assert(code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF));
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    const unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    for (unsigned i = more; i > 0; i--) {
        out[i] = (char)(0x80u | (code & 0x3Fu));
        code >>= 6;
    }
    out[0] = (char)((0xF0u << (3 - more) & 0xF0u) | code);
    return more + 1;
}
