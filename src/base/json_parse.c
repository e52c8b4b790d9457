/*
 * Checking JSON. json_parse() goes over the text once, without recursion: one bit per open
 * container says whether it is an object. json_walk.c relies on what is checked here.
 */

#include "base/json.h"

#include <assert.h>

#include "base/json_text.h"
#include "base/utf8.h"
#include "base/word.h"

#define DEPTH_LIMIT 64u

struct scan {
    const char *at;
    const char *end;
    uint64_t objects; /* bit d - 1: the container at depth d is an object */
    unsigned depth;
    unsigned depth_max;
    bool fresh; /* the innermost container was opened just now */
};

static bool take(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool take_word(struct scan *s, struct slice word)
{
    if (!slice_starts(slice_from(s->at, (size_t)(s->end - s->at)), word))
        return false;
    s->at += word.len;
    return true;
}

static bool take_digits(struct scan *s)
{
    const char *begin = s->at;
    while (s->at < s->end && json_is_digit(*s->at))
        s->at++;
    return s->at > begin;
}

static bool scan_number(struct scan *s)
{
    take(s, '-');
    if (!take(s, '0') && !take_digits(s))
        return false;
    if (take(s, '.') && !take_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            take(s, '-');
        return take_digits(s);
    }
    return true;
}

/* What follows "\u": four digits, or a whole pair of surrogates. */
static bool scan_unicode(struct scan *s)
{
    uint32_t code;
    if (s->end - s->at < 4 || !json_hex4(s->at, &code))
        return false;
    s->at += 4;
    if (code < 0xD800 || code > 0xDFFF)
        return true;

    uint32_t low;
    if (code > 0xDBFF || !take_word(s, SLICE("\\u")) || s->end - s->at < 4 ||
        !json_hex4(s->at, &low))
        return false;
    s->at += 4;
    return low >= 0xDC00 && low <= 0xDFFF;
}

static bool scan_escape(struct scan *s)
{
    if (s->at == s->end)
        return false;
    const char c = *s->at++;
    return c == 'u' ? scan_unicode(s) : json_unescape(c) != '\0';
}

static bool scan_high(struct scan *s)
{
    const char *begin = s->at;
    while (s->at < s->end && (uint8_t)*s->at >= 0x80)
        s->at++;
    return utf8_valid(slice_from(begin, (size_t)(s->at - begin)));
}

/* To the first byte that ends the string, escapes, is forbidden or is not ASCII. */
static const char *skip_plain(const char *at, const char *end)
{
    while ((size_t)(end - at) >= WORD_BYTES) {
        const uint64_t word = word_load(at);
        const uint64_t found = word_find(word, '"') | word_find(word, '\\') |
                               word_find_below(word, 0x20) | word_find_high(word);
        if (found != 0)
            return at + word_first(found);
        at += WORD_BYTES;
    }
    while (at < end && *at != '"' && *at != '\\' && (uint8_t)*at >= 0x20 && (uint8_t)*at < 0x80)
        at++;
    return at;
}

/* A string from behind its opening quote. */
static bool scan_string(struct scan *s)
{
    for (;;) {
        s->at = skip_plain(s->at, s->end);
        if (take(s, '"'))
            return true;
        if (s->at == s->end || (uint8_t)*s->at < 0x20)
            return false;
        if (take(s, '\\') ? !scan_escape(s) : !scan_high(s))
            return false;
    }
}

static bool scan_open(struct scan *s, bool object)
{
    if (s->depth == s->depth_max)
        return false;
    const uint64_t bit = 1ULL << s->depth;
    s->objects = object ? s->objects | bit : s->objects & ~bit;
    s->depth++;
    s->fresh = true;
    return true;
}

/* A whole scalar, or the opening of a container. */
static bool scan_value(struct scan *s)
{
    if (take(s, '"'))
        return scan_string(s);
    if (take(s, '{'))
        return scan_open(s, true);
    if (take(s, '['))
        return scan_open(s, false);
    if (s->at < s->end && (*s->at == '-' || json_is_digit(*s->at)))
        return scan_number(s);
    return take_word(s, SLICE("true")) || take_word(s, SLICE("false")) ||
           take_word(s, SLICE("null"));
}

static bool scan_name(struct scan *s)
{
    s->at = json_skip_space(s->at, s->end);
    if (!take(s, '"') || !scan_string(s))
        return false;
    s->at = json_skip_space(s->at, s->end);
    return take(s, ':');
}

/* Inside a container: its end, or the next item of it. */
static bool scan_step(struct scan *s)
{
    const bool object = (s->objects >> (s->depth - 1) & 1) != 0;
    const bool fresh = s->fresh;
    s->fresh = false;

    s->at = json_skip_space(s->at, s->end);
    if (take(s, object ? '}' : ']')) {
        s->depth--;
        return true;
    }
    if (!fresh && !take(s, ','))
        return false;
    if (object && !scan_name(s))
        return false;
    s->at = json_skip_space(s->at, s->end);
    return scan_value(s);
}

bool json_parse(struct slice text, unsigned depth_max, struct json *out)
{
    assert(depth_max >= 1 && depth_max <= DEPTH_LIMIT);
    const char *end = text.ptr + text.len;
    const char *begin = json_skip_space(text.ptr, end);
    struct scan s = {.at = begin, .end = end, .depth_max = depth_max};

    if (!scan_value(&s))
        return false;
    while (s.depth > 0) {
        if (!scan_step(&s))
            return false;
    }
    if (json_skip_space(s.at, end) != end)
        return false;
    *out = json_between(begin, s.at);
    return true;
}
