/*
 * The body of a request, of known length or chunked (RFC 9112 sections 6 and 7). Payload is taken
 * in bulk; all around it goes byte by byte through a small machine. Chunk extensions and trailers
 * are checked, counted and thrown away.
 */

#include "base/hex.h"
#include "proto/http1_text.h"

#define SIZE_DIGITS_MAX 16u
#define EXTRA_MAX (8u * 1024u)

enum {
    DONE,
    LENGTH, /* inside a body of known length */
    SIZE,   /* in the digits of a chunk's size */
    EXTENSION,
    SIZE_LF, /* behind the CR of a size line */
    CHUNK,
    CHUNK_CR,
    CHUNK_LF,
    TRAILER, /* at the start of a line behind the last chunk */
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    BAD,
    TOO_BIG,
};

void http_body_init(struct http_body *body, const struct http_request *request, size_t max)
{
    *body = (struct http_body){.max = max, .left = request->content_length};
    if (request->chunked)
        body->state = SIZE;
    else if (request->content_length > max)
        body->state = TOO_BIG;
    else
        body->state = request->content_length > 0 ? LENGTH : DONE;
}

static uint8_t expect(char c, char wanted, uint8_t next)
{
    return c == wanted ? next : BAD;
}

/* The size of a chunk is whole: `next` unless there is none or it is past the limit. */
static uint8_t end_size(const struct http_body *body, uint8_t next)
{
    if (body->digits == 0)
        return BAD;
    return body->left > body->max - body->total ? TOO_BIG : next;
}

static uint8_t step_size(struct http_body *body, char c)
{
    if (c == '\r')
        return end_size(body, SIZE_LF);
    if (c == ';')
        return end_size(body, EXTENSION);

    const int value = hex_value(c);
    if (value < 0 || body->digits == SIZE_DIGITS_MAX)
        return BAD;
    body->digits++;
    body->left = body->left << 4 | (uint64_t)value;
    return SIZE;
}

/* One byte of text that is thrown away: `same` unless it is forbidden or one too many. */
static uint8_t step_extra(struct http_body *body, bool allowed, uint8_t same)
{
    if (!allowed || body->extra == EXTRA_MAX)
        return BAD;
    body->extra++;
    return same;
}

static uint8_t step_extension(struct http_body *body, char c)
{
    return c == '\r' ? SIZE_LF : step_extra(body, http_is_field_char(c), EXTENSION);
}

static uint8_t step_size_lf(const struct http_body *body, char c)
{
    return expect(c, '\n', body->left > 0 ? CHUNK : TRAILER);
}

static uint8_t step_chunk_lf(struct http_body *body, char c)
{
    body->digits = 0;
    return expect(c, '\n', SIZE);
}

static uint8_t step_trailer(struct http_body *body, char c)
{
    return c == '\r' ? LAST_LF : step_extra(body, http_is_tchar(c), TRAILER_NAME);
}

static uint8_t step_trailer_name(struct http_body *body, char c)
{
    if (c == ':')
        return step_extra(body, true, TRAILER_VALUE);
    return step_extra(body, http_is_tchar(c), TRAILER_NAME);
}

static uint8_t step_trailer_value(struct http_body *body, char c)
{
    return c == '\r' ? TRAILER_LF : step_extra(body, http_is_field_char(c), TRAILER_VALUE);
}

/* The state after the byte `c` that is no payload. */
static uint8_t step(struct http_body *body, char c)
{
    switch (body->state) {
    case SIZE:
        return step_size(body, c);
    case EXTENSION:
        return step_extension(body, c);
    case SIZE_LF:
        return step_size_lf(body, c);
    case CHUNK_CR:
        return expect(c, '\r', CHUNK_LF);
    case CHUNK_LF:
        return step_chunk_lf(body, c);
    case TRAILER:
        return step_trailer(body, c);
    case TRAILER_NAME:
        return step_trailer_name(body, c);
    case TRAILER_VALUE:
        return step_trailer_value(body, c);
    case TRAILER_LF:
        return expect(c, '\n', TRAILER);
    case LAST_LF:
        return expect(c, '\n', DONE);
    default:
        return BAD;
    }
}

/* Take what is there of the payload. */
static size_t take_payload(struct http_body *body, struct slice in, struct buf *out)
{
    const size_t take = body->left < in.len ? (size_t)body->left : in.len;
    buf_append(out, slice_from(in.ptr, take));
    body->left -= take;
    body->total += take;
    if (body->left == 0)
        body->state = body->state == LENGTH ? DONE : CHUNK_CR;
    return take;
}

enum parse http_body_feed(struct http_body *body, struct slice in, size_t *used, struct buf *out)
{
    size_t at = 0;
    while (at < in.len && body->state != DONE && body->state != BAD && body->state != TOO_BIG) {
        if (body->state == LENGTH || body->state == CHUNK)
            at += take_payload(body, slice_skip(in, at), out);
        else
            body->state = step(body, in.ptr[at++]);
    }
    *used = at;
    switch (body->state) {
    case DONE:
        return PARSE_DONE;
    case BAD:
        return PARSE_BAD;
    case TOO_BIG:
        return PARSE_TOO_BIG;
    default:
        return PARSE_MORE;
    }
}
