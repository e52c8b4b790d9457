/* permessage-deflate (RFC 7692), without context between messages (zlib). */

#include "proto/ws_deflate.h"

#include <assert.h>
#include <zlib.h>

#include "base/mem.h"
#include "proto/http1.h"

#define CHUNK 4096u
#define MEM_LEVEL 7

/* What ends each message and is left out on the wire (section 7.2.1). */
static const unsigned char tail[] = {0x00, 0x00, 0xff, 0xff};

struct ws_deflate {
    z_stream out;
    z_stream in;
};

/* ---- agreeing ---- */

/* The value of a parameter, which may stand in quotes; false when it is no number of 8 to 15. */
static bool window_bits(struct slice value, unsigned *out)
{
    uint64_t bits;
    if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
        value = slice_from(value.ptr + 1, value.len - 2);
    if (value.len > 2 || value.len == 0 || value.ptr[0] == '0' || !slice_to_u64(value, &bits) ||
        bits < 8 || bits > 15)
        return false;
    *out = (unsigned)bits;
    return true;
}

enum parameter {
    SERVER_NO_CONTEXT = 1,
    CLIENT_NO_CONTEXT = 2,
    SERVER_WINDOW = 4,
    CLIENT_WINDOW = 8,
};

/* Look at one parameter; false when the offer cannot be accepted with it. */
static bool accept_parameter(struct slice text, unsigned *seen)
{
    struct slice name = text;
    struct slice value = SLICE_EMPTY;
    const bool has_value = slice_cut(text, '=', &name, &value);
    unsigned bits = 15;
    unsigned which = 0;
    name = slice_trim(name);
    value = slice_trim(value);
    if (slice_eq_nocase(name, SLICE("server_no_context_takeover")))
        which = has_value ? 0 : SERVER_NO_CONTEXT;
    else if (slice_eq_nocase(name, SLICE("client_no_context_takeover")))
        which = has_value ? 0 : CLIENT_NO_CONTEXT;
    else if (slice_eq_nocase(name, SLICE("server_max_window_bits")))
        which = window_bits(value, &bits) && bits >= WS_DEFLATE_WINDOW_BITS ? SERVER_WINDOW : 0;
    else if (slice_eq_nocase(name, SLICE("client_max_window_bits")))
        which = !has_value || window_bits(value, &bits) ? CLIENT_WINDOW : 0;
    if (which == 0 || (*seen & which) != 0)
        return false;
    *seen |= which;
    return true;
}

static bool accept_offer(struct slice offer)
{
    struct slice part;
    unsigned seen = 0;
    bool more = slice_cut(offer, ';', &part, &offer);
    if (!slice_eq_nocase(slice_trim(more ? part : offer), SLICE("permessage-deflate")))
        return false;
    while (more) {
        more = slice_cut(offer, ';', &part, &offer);
        if (!accept_parameter(slice_trim(more ? part : offer), &seen))
            return false;
    }
    return true;
}

bool ws_deflate_offered(const struct http_request *request)
{
    for (size_t i = 0; i < request->headers_len; i++) {
        if (!slice_eq_nocase(request->headers[i].name, SLICE("sec-websocket-extensions")))
            continue;
        struct slice rest = request->headers[i].value;
        struct slice offer;
        for (bool more = true; more;) {
            more = slice_cut(rest, ',', &offer, &rest);
            if (accept_offer(more ? offer : rest))
                return true;
        }
    }
    return false;
}

/* ---- zlib ---- */

static void *zalloc(void *arg, unsigned count, unsigned size)
{
    (void)arg;
    return mem_zalloc((size_t)count * size);
}

static void zfree(void *arg, void *memory)
{
    (void)arg;
    mem_free(memory);
}

struct ws_deflate *ws_deflate_create(void)
{
    struct ws_deflate *d = mem_zalloc(sizeof(*d));
    d->out.zalloc = zalloc;
    d->out.zfree = zfree;
    d->in.zalloc = zalloc;
    d->in.zfree = zfree;
    /* Negative bits: no header of zlib's around it. What comes in may use any window. */
    int rc = deflateInit2(&d->out, Z_BEST_SPEED, Z_DEFLATED, -WS_DEFLATE_WINDOW_BITS, MEM_LEVEL,
                          Z_DEFAULT_STRATEGY);
    assert(rc == Z_OK);
    rc = inflateInit2(&d->in, -15);
    assert(rc == Z_OK);
    return d;
}

void ws_deflate_destroy(struct ws_deflate *d)
{
    if (d == NULL)
        return;
    (void)deflateEnd(&d->out);
    (void)inflateEnd(&d->in);
    mem_free(d);
}

void ws_deflate_compress(struct ws_deflate *d, struct slice message, struct buf *out)
{
    z_stream *z = &d->out;
    int rc = deflateReset(z);
    assert(rc == Z_OK && message.len <= UINT32_MAX / 2);
    /* Room enough for one call: the bound, and what a flush adds. */
    const size_t room = deflateBound(z, message.len) + 16;
    z->next_in = (unsigned char *)(uintptr_t)message.ptr;
    z->avail_in = (unsigned)message.len;
    z->next_out = (unsigned char *)buf_room(out, room);
    z->avail_out = (unsigned)room;
    rc = deflate(z, Z_SYNC_FLUSH);
    assert(rc == Z_OK && z->avail_in == 0 && z->avail_out > 0);
    const size_t len = room - z->avail_out;
    assert(len > sizeof(tail));
    buf_grown(out, len - sizeof(tail));
}

/* Expand what `z` has to read; false when that is not compressed data. */
static enum parse expand(z_stream *z, size_t message_max, size_t *len, struct buf *out)
{
    for (;;) {
        const size_t left = message_max - *len;
        const unsigned room = left < CHUNK ? (unsigned)left + 1 : CHUNK;
        z->next_out = (unsigned char *)buf_room(out, room);
        z->avail_out = room;
        const int rc = inflate(z, Z_SYNC_FLUSH);
        if (room - z->avail_out > left)
            return PARSE_TOO_BIG;
        buf_grown(out, room - z->avail_out);
        *len += room - z->avail_out;
        if (rc == Z_STREAM_END && inflateReset(z) != Z_OK)
            return PARSE_BAD;
        if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
            return PARSE_BAD;
        if (z->avail_out > 0 && (z->avail_in == 0 || rc == Z_BUF_ERROR))
            return PARSE_DONE;
    }
}

enum parse ws_deflate_expand(struct ws_deflate *d, struct slice payload, size_t message_max,
                             struct buf *out)
{
    z_stream *z = &d->in;
    size_t len = 0;
    const int rc = inflateReset(z);
    assert(rc == Z_OK && payload.len <= UINT32_MAX);
    z->next_in = (unsigned char *)(uintptr_t)payload.ptr;
    z->avail_in = (unsigned)payload.len;
    enum parse parse = payload.len == 0 ? PARSE_DONE : expand(z, message_max, &len, out);
    if (parse != PARSE_DONE)
        return parse;
    z->next_in = (unsigned char *)(uintptr_t)tail;
    z->avail_in = sizeof(tail);
    parse = expand(z, message_max, &len, out);
    /* Behind the tail a block has ended: else the message was cut short. */
    if (parse == PARSE_DONE && (z->avail_in > 0 || (z->data_type & 128) == 0))
        return PARSE_BAD;
    return parse;
}
