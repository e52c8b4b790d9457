/*
 * Fuzz target: a body gives the same payload and verdict whether it comes at once or in pieces,
 * never more than its limit, and is done exactly where the next request begins.
 *
 * The first byte of the input chooses length or chunks, the rest is the wire.
 */

#include <assert.h>

#include "base/mem.h"
#include "proto/http1.h"

#define BODY_MAX 200u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct result {
    enum parse parse;
    size_t used;
    struct buf payload;
};

static struct result feed(const struct http_request *request, struct slice wire, size_t step)
{
    struct result r = {0};
    struct http_body body;
    http_body_init(&body, request, BODY_MAX);
    do {
        const size_t left = wire.len - r.used;
        const size_t len = step < left ? step : left;
        size_t used;
        char *part = mem_alloc(len);
        memcpy(part, wire.ptr + r.used, len);
        r.parse = http_body_feed(&body, slice_from(part, len), &used, &r.payload);
        mem_free(part);
        assert(used <= len && (r.parse != PARSE_MORE || used == len));
        r.used += used;
    } while (r.parse == PARSE_MORE && r.used < wire.len);
    assert(r.payload.len <= BODY_MAX);
    return r;
}

static void compare(const struct http_request *request, struct slice wire, size_t step)
{
    struct result whole = feed(request, wire, wire.len + 1);
    struct result stepped = feed(request, wire, step);
    assert(whole.parse == stepped.parse && whole.used == stepped.used);
    assert(slice_eq(buf_slice(&whole.payload), buf_slice(&stepped.payload)));
    if (whole.parse == PARSE_DONE && !request->chunked)
        assert(whole.used == request->content_length);
    buf_fini(&whole.payload);
    buf_fini(&stepped.payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct slice wire = slice_from(data + 1, size - 1);
    const struct http_request chunked = {.chunked = true};
    const struct http_request known = {.content_length = data[0]};
    compare((data[0] & 1) != 0 ? &chunked : &known, wire, 1);
    compare((data[0] & 1) != 0 ? &chunked : &known, wire, 2 + data[0] % 7u);
    return 0;
}
