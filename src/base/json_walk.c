/*
 * Walking JSON that json_parse() has checked: items of containers, and what scalars mean. The ends
 * of strings and containers are known to be there.
 */

#include <assert.h>

#include "base/json_text.h"
#include "base/utf8.h"
#include "base/word.h"

static const char *find_quote_or_escape(const char *at, const char *end)
{
    while ((size_t)(end - at) >= WORD_BYTES) {
        const uint64_t word = word_load(at);
        const uint64_t found = word_find(word, '"') | word_find(word, '\\');
        if (found != 0)
            return at + word_first(found);
        at += WORD_BYTES;
    }
    while (*at != '"' && *at != '\\')
        at++;
    return at;
}

/* Behind the string that begins at `at`. */
static const char *skip_string(const char *at, const char *end)
{
    at = find_quote_or_escape(at + 1, end);
    while (*at == '\\')
        at = find_quote_or_escape(at + 2, end);
    return at + 1;
}

static const char *skip_container(const char *at, const char *end)
{
    unsigned depth = 0;
    while (at < end) {
        const char c = *at;
        if (c == '"') {
            at = skip_string(at, end);
            continue;
        }
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            break;
    }
    return at;
}

static const char *skip_scalar(const char *at, const char *end)
{
    while (at < end && (json_is_digit(*at) || (*at >= 'a' && *at <= 'z') || *at == '-' ||
                        *at == '+' || *at == '.' || *at == 'E'))
        at++;
    return at;
}

static const char *skip_value(const char *at, const char *end)
{
    if (*at == '"')
        return skip_string(at, end);
    return *at == '{' || *at == '[' ? skip_container(at, end) : skip_scalar(at, end);
}

/* Where the next item of a container begins; NULL behind the last. */
static const char *next_item(struct slice raw, size_t at)
{
    const char *end = raw.ptr + raw.len;
    const char *item = json_skip_space(raw.ptr + (at == 0 ? 1 : at), end);
    if (item < end && *item == ',')
        item = json_skip_space(item + 1, end);
    return item >= end || *item == '}' || *item == ']' ? NULL : item;
}

bool json_array_next(struct json array, size_t *at, struct json *out)
{
    if (array.type != JSON_ARRAY)
        return false;
    const char *item = next_item(array.raw, *at);
    if (item == NULL)
        return false;
    const char *behind = skip_value(item, array.raw.ptr + array.raw.len);
    *at = (size_t)(behind - array.raw.ptr);
    *out = json_between(item, behind);
    return true;
}

bool json_object_next(struct json object, size_t *at, struct json *name, struct json *out)
{
    if (object.type != JSON_OBJECT)
        return false;
    const char *item = next_item(object.raw, *at);
    if (item == NULL)
        return false;
    const char *end = object.raw.ptr + object.raw.len;
    const char *name_end = skip_string(item, end);
    const char *value = json_skip_space(json_skip_space(name_end, end) + 1, end);
    const char *behind = skip_value(value, end);
    *at = (size_t)(behind - object.raw.ptr);
    *name = json_between(item, name_end);
    *out = json_between(value, behind);
    return true;
}

bool json_get(struct json object, struct slice name, struct json *out)
{
    struct json key;
    struct json value;
    for (size_t at = 0; json_object_next(object, &at, &key, &value);) {
        if (json_string_eq(key, name)) {
            *out = value;
            return true;
        }
    }
    return false;
}

bool json_u64(struct json value, uint64_t *out)
{
    return value.type == JSON_NUMBER && slice_to_u64(value.raw, out);
}

bool json_i64(struct json value, int64_t *out)
{
    if (value.type != JSON_NUMBER)
        return false;

    const bool negative = value.raw.ptr[0] == '-';
    const uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    uint64_t size;
    if (!slice_to_u64(slice_skip(value.raw, negative ? 1 : 0), &size) || size > limit)
        return false;
    *out = negative ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}

bool json_bool(struct json value, bool *out)
{
    if (value.type != JSON_BOOL)
        return false;
    *out = value.raw.ptr[0] == 't';
    return true;
}

/* What stands between the quotes. */
static struct slice inside(struct json string)
{
    assert(string.raw.len >= 2);
    return slice_from(string.raw.ptr + 1, string.raw.len - 2);
}

/* The character of the escape at the start of *rest, which is moved behind it. */
static uint32_t take_escape(struct slice *rest)
{
    if (rest->ptr[1] != 'u') {
        const char c = json_unescape(rest->ptr[1]);
        *rest = slice_skip(*rest, 2);
        return (uint32_t)c;
    }
    uint32_t code = 0;
    uint32_t low = 0;
    json_hex4(rest->ptr + 2, &code);
    *rest = slice_skip(*rest, 6);
    if (code < 0xD800 || code > 0xDBFF)
        return code;
    json_hex4(rest->ptr + 2, &low);
    *rest = slice_skip(*rest, 6);
    return 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
}

/* Take the next run of decoded bytes off *rest: a part of it, or one escape decoded to `room`. */
static struct slice take_piece(struct slice *rest, char room[4])
{
    if (rest->ptr[0] == '\\')
        return slice_from(room, utf8_encode(take_escape(rest), room));

    const char *escape = memchr(rest->ptr, '\\', rest->len);
    const size_t len = escape == NULL ? rest->len : (size_t)(escape - rest->ptr);
    const struct slice piece = slice_from(rest->ptr, len);
    *rest = slice_skip(*rest, len);
    return piece;
}

bool json_string(struct json value, struct buf *out)
{
    if (value.type != JSON_STRING)
        return false;
    char room[4];
    for (struct slice rest = inside(value); rest.len > 0;)
        buf_append(out, take_piece(&rest, room));
    return true;
}

bool json_string_eq(struct json value, struct slice s)
{
    if (value.type != JSON_STRING)
        return false;
    char room[4];
    for (struct slice rest = inside(value); rest.len > 0;) {
        const struct slice piece = take_piece(&rest, room);
        if (!slice_starts(s, piece))
            return false;
        s = slice_skip(s, piece.len);
    }
    return s.len == 0;
}
