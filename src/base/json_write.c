/* Writing JSON into a buf. */

#include <assert.h>

#include "base/json.h"
#include "base/word.h"

void json_writer_init(struct json_writer *w, struct buf *out)
{
    *w = (struct json_writer){.out = out};
}

/* The bit of the innermost container. */
static uint32_t level(const struct json_writer *w)
{
    return 1u << (w->depth - 1);
}

/* Put the comma that a further item of the innermost container needs. */
static void separate(struct json_writer *w)
{
    if (w->depth == 0)
        return;
    if ((w->not_first & level(w)) != 0)
        buf_byte(w->out, ',');
    w->not_first |= level(w);
}

static void before_value(struct json_writer *w)
{
    assert(w->after_name == (w->depth > 0 && (w->objects & level(w)) != 0));
    if (!w->after_name)
        separate(w);
    w->after_name = false;
}

static void begin(struct json_writer *w, bool object)
{
    before_value(w);
    assert(w->depth < JSON_WRITER_DEPTH_MAX);
    w->depth++;
    w->not_first &= ~level(w);
    w->objects = object ? w->objects | level(w) : w->objects & ~level(w);
    buf_byte(w->out, object ? '{' : '[');
}

static void end(struct json_writer *w, bool object)
{
    assert(w->depth > 0 && !w->after_name);
    assert(((w->objects & level(w)) != 0) == object);
    w->depth--;
    buf_byte(w->out, object ? '}' : ']');
}

void json_object_begin(struct json_writer *w)
{
    begin(w, true);
}

void json_object_end(struct json_writer *w)
{
    end(w, true);
}

void json_array_begin(struct json_writer *w)
{
    begin(w, false);
}

void json_array_end(struct json_writer *w)
{
    end(w, false);
}

void json_name(struct json_writer *w, struct slice name)
{
    assert(w->depth > 0 && (w->objects & level(w)) != 0 && !w->after_name);
    separate(w);
    w->after_name = true;

    char *room = buf_room(w->out, name.len + 3);
    room[0] = '"';
    memcpy(room + 1, name.ptr, name.len);
    room[name.len + 1] = '"';
    room[name.len + 2] = ':';
    buf_grown(w->out, name.len + 3);
}

/* How many bytes at the start of `s` need no escape. */
static size_t plain_len(struct slice s)
{
    size_t at = 0;
    for (; s.len - at >= WORD_BYTES; at += WORD_BYTES) {
        const uint64_t word = word_load(s.ptr + at);
        const uint64_t found =
            word_find(word, '"') | word_find(word, '\\') | word_find_below(word, 0x20);
        if (found != 0)
            return at + word_first(found);
    }
    while (at < s.len && s.ptr[at] != '"' && s.ptr[at] != '\\' && (uint8_t)s.ptr[at] >= 0x20)
        at++;
    return at;
}

/* The letter of the short escape for `c`, or 'u'. */
static char escape_letter(char c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 'u';
    }
}

static void write_escape(struct buf *out, char c)
{
    const char letter = escape_letter(c);
    const char escape[6] = {
        '\\', letter, '0', '0', "01"[(uint8_t)c >> 4 & 1], "0123456789abcdef"[(uint8_t)c & 15]};
    buf_append(out, slice_from(escape, letter == 'u' ? 6 : 2));
}

void json_write_string(struct json_writer *w, struct slice s)
{
    before_value(w);
    buf_room(w->out, s.len + 2);
    buf_byte(w->out, '"');
    while (s.len > 0) {
        const size_t plain = plain_len(s);
        buf_append(w->out, slice_from(s.ptr, plain));
        s = slice_skip(s, plain);
        if (s.len == 0)
            break;
        write_escape(w->out, s.ptr[0]);
        s = slice_skip(s, 1);
    }
    buf_byte(w->out, '"');
}

void json_write_u64(struct json_writer *w, uint64_t value)
{
    before_value(w);
    buf_u64(w->out, value);
}

void json_write_i64(struct json_writer *w, int64_t value)
{
    before_value(w);
    if (value < 0)
        buf_byte(w->out, '-');
    buf_u64(w->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void json_write_bool(struct json_writer *w, bool value)
{
    before_value(w);
    buf_append(w->out, value ? SLICE("true") : SLICE("false"));
}

void json_write_null(struct json_writer *w)
{
    before_value(w);
    buf_append(w->out, SLICE("null"));
}

void json_write_raw(struct json_writer *w, struct slice json)
{
    before_value(w);
    buf_append(w->out, json);
}
