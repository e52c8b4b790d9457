/* The web client's files. */

#include "api/api_parts.h"
#include "api/assets.h"
#include "httpd/httpd.h"
#include "proto/http1.h"

static const struct asset *find(struct slice path)
{
    for (size_t i = 0; i < assets_len; i++) {
        if (slice_eq(assets[i].path, path))
            return &assets[i];
    }
    return NULL;
}

/* Nothing inline, nothing from elsewhere, no framing. */
#define CONTENT_SECURITY                                                                           \
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "         \
    "frame-ancestors 'none'; form-action 'self'"

/* Whether the browser has it already. A proxy that compresses marks our tags as weak. */
static bool is_known(const struct http_request *request, struct slice etag)
{
    const struct slice header = SLICE("If-None-Match");
    struct buf weak = {0};
    buf_append(&weak, SLICE("W/"));
    buf_append(&weak, etag);
    const bool known = http_header_has_token(request, header, etag) ||
                       http_header_has_token(request, header, buf_slice(&weak)) ||
                       http_header_has_token(request, header, SLICE("*"));
    buf_fini(&weak);
    return known;
}

static void answer_file(struct api *api, struct http_exchange *x, const struct asset *asset)
{
    const struct http_request *request = http_exchange_request(x);
    const bool named_by_content = slice_starts(asset->path, SLICE("/assets/"));
    http_answer_header(x, SLICE("Cache-Control"),
                       named_by_content ? SLICE("public, max-age=31536000, immutable")
                                        : SLICE("no-cache"));
    http_answer_header(x, SLICE("ETag"), asset->etag);
    http_answer_header(x, SLICE("Vary"), SLICE("Accept-Encoding"));
    http_answer_header(x, SLICE("Content-Security-Policy"), SLICE(CONTENT_SECURITY));
    if (api->options->secure_cookies) /* nobody comes by HTTP any more */
        http_answer_header(x, SLICE("Strict-Transport-Security"), SLICE("max-age=31536000"));
    if (is_known(request, asset->etag)) {
        http_answer(x, 304, SLICE_EMPTY, SLICE_EMPTY);
        return;
    }
    if (http_header_has_token(request, SLICE("Accept-Encoding"), SLICE("gzip"))) {
        http_answer_header(x, SLICE("Content-Encoding"), SLICE("gzip"));
        http_answer(x, 200, asset->type, asset->gzip);
    } else {
        http_answer(x, 200, asset->type, asset->plain);
    }
}

void api_on_file(struct http_exchange *x, void *arg)
{
    const struct http_request *request = http_exchange_request(x);
    if (!slice_eq(request->method, SLICE("GET")) && !slice_eq(request->method, SLICE("HEAD"))) {
        http_answer_header(x, SLICE("Allow"), SLICE("GET, HEAD"));
        http_answer_text(x, 405, "Only GET works here.");
        return;
    }
    const struct asset *asset = find(request->path);
    /* Paths of the client's own, such as /c/5, all give its page. */
    if (asset == NULL && !slice_starts(request->path, SLICE("/assets/")))
        asset = find(SLICE("/index.html"));
    if (asset == NULL)
        http_answer_text(x, 404, "There is nothing at this path.");
    else
        answer_file(arg, x, asset);
}
