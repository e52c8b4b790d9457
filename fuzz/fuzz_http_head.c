/*
 * Fuzz target: the verdict on a head does not depend on how its bytes were cut; what is accepted
 * lies inside the input and keeps its promises; looking things up in it is safe.
 */

#include <assert.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "proto/http1.h"
#include "proto/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct verdict {
    enum parse parse;
    int status;
    size_t used;
};

static struct verdict parse_prefix(struct slice in, size_t len, struct http_request *request)
{
    struct verdict v = {0};
    const char *problem = NULL;
    v.parse = http_head_parse(slice_from(in.ptr, len), request, &v.used, &v.status, &problem);
    assert((problem != NULL) == (v.parse == PARSE_BAD || v.parse == PARSE_TOO_BIG));
    assert(v.used <= len);
    return v;
}

static void check_inside(struct slice part, struct slice in)
{
    assert(part.len == 0 || (part.ptr >= in.ptr && part.ptr + part.len <= in.ptr + in.len));
}

static void check_request(const struct http_request *r, struct slice in)
{
    struct slice value;
    check_inside(r->method, in);
    check_inside(r->target, in);
    assert(r->method.len > 0 && r->target.len > 0 && r->target.ptr[0] == '/');
    assert(r->minor <= 1 && r->headers_len <= HTTP_HEADERS_MAX);
    assert(!r->chunked || (r->content_length == 0 && r->minor == 1));
    assert(r->minor == 0 || http_header_count(r, SLICE("host")) == 1);
    for (size_t i = 0; i < r->headers_len; i++) {
        check_inside(r->headers[i].name, in);
        check_inside(r->headers[i].value, in);
        assert(r->headers[i].name.len > 0);
        assert(http_header_get(r, r->headers[i].name, &value));
        assert(memchr(r->headers[i].value.ptr, '\n', r->headers[i].value.len) == NULL);
    }
}

static void look_up(const struct http_request *r)
{
    struct slice value;
    struct buf out = {0};
    char accept[WS_ACCEPT_LEN];
    const char *problem = NULL;
    (void)http_cookie_get(r, SLICE("a"), &value);
    (void)http_header_has_token(r, SLICE("connection"), SLICE("close"));
    if (http_path_decode(r->path, &out))
        assert(utf8_valid(buf_slice(&out)));
    buf_clear(&out);
    if (http_query_get(r->query, SLICE("q"), &out))
        assert(utf8_valid(buf_slice(&out)));
    buf_fini(&out);
    const enum ws_handshake verdict = ws_handshake_check(r, accept, &problem);
    assert((verdict == WS_HANDSHAKE_OK) == (problem == NULL));
    assert(verdict != WS_HANDSHAKE_OK || r->has_upgrade);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_request request;
    const struct slice in = slice_from(data, size);
    const struct verdict whole = parse_prefix(in, size, &request);
    if (whole.parse == PARSE_DONE) {
        check_request(&request, in);
        look_up(&request);
    }

    /* The first verdict on a growing prefix is the verdict on the whole. */
    const size_t step = 1 + size / 64;
    struct verdict v = {.parse = PARSE_MORE};
    for (size_t len = 0; len < size && v.parse == PARSE_MORE; len += step)
        v = parse_prefix(in, len, &request);
    if (v.parse == PARSE_MORE)
        v = parse_prefix(in, size, &request);
    assert(v.parse == whole.parse && v.status == whole.status && v.used == whole.used);
    return 0;
}
