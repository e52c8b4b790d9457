/* The opening handshake of WebSocket, the server's side (RFC 6455 section 4.2). */

#include <assert.h>
#include <openssl/evp.h>

#include "base/base64.h"
#include "proto/http1.h"
#include "proto/ws.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_LEN 24u
#define KEY_BYTES 16u
#define SHA1_BYTES 20u

static_assert(WS_ACCEPT_LEN == BASE64_LEN(SHA1_BYTES), "the accept value is a SHA-1 in base64");

static bool key_valid(struct slice key)
{
    uint8_t bytes[KEY_LEN / 4 * 3];
    size_t len;
    return key.len == KEY_LEN && base64_decode(key, bytes, &len) && len == KEY_BYTES;
}

/* SHA-1 is what the RFC says; nothing secret hangs on it. */
static void compute_accept(struct slice key, char accept[WS_ACCEPT_LEN])
{
    char text[KEY_LEN + sizeof(GUID) - 1];
    memcpy(text, key.ptr, KEY_LEN);
    memcpy(text + KEY_LEN, GUID, sizeof(GUID) - 1);

    uint8_t digest[SHA1_BYTES];
    const int ok = EVP_Digest(text, sizeof(text), digest, NULL, EVP_sha1(), NULL);
    assert(ok == 1);
    base64_encode(slice_from(digest, sizeof(digest)), accept);
}

/* The only header of that name; false when there is none or more than one. */
static bool only_header(const struct http_request *request, struct slice name, struct slice *value)
{
    return http_header_count(request, name) == 1 && http_header_get(request, name, value);
}

static bool announces_body(const struct http_request *request)
{
    return request->chunked || http_header_count(request, SLICE("content-length")) > 0;
}

/* What is wrong with the request apart from version and key; NULL when nothing. */
static const char *find_problem(const struct http_request *request)
{
    if (!slice_eq(request->method, SLICE("GET")))
        return "A WebSocket begins with GET.";
    if (request->minor != 1)
        return "A WebSocket begins with HTTP/1.1.";
    if (!http_header_has_token(request, SLICE("connection"), SLICE("upgrade")))
        return "The Connection header does not name Upgrade.";
    if (!http_header_has_token(request, SLICE("upgrade"), SLICE("websocket")))
        return "The Upgrade header does not name websocket.";
    if (announces_body(request))
        return "A WebSocket handshake has no body.";
    return NULL;
}

enum ws_handshake ws_handshake_check(const struct http_request *request, char accept[WS_ACCEPT_LEN],
                                     const char **problem)
{
    struct slice version;
    struct slice key;

    *problem = find_problem(request);
    if (*problem != NULL)
        return WS_HANDSHAKE_BAD_REQUEST;
    if (!only_header(request, SLICE("sec-websocket-version"), &version)) {
        *problem = "There must be one Sec-WebSocket-Version header.";
        return WS_HANDSHAKE_BAD_REQUEST;
    }
    if (!slice_eq(version, SLICE("13"))) {
        *problem = "Only version 13 of WebSocket is spoken here.";
        return WS_HANDSHAKE_VERSION;
    }
    if (!only_header(request, SLICE("sec-websocket-key"), &key) || !key_valid(key)) {
        *problem = "There must be one Sec-WebSocket-Key header, 16 bytes in base64.";
        return WS_HANDSHAKE_BAD_REQUEST;
    }
    compute_accept(key, accept);
    return WS_HANDSHAKE_OK;
}

void ws_write_accept(struct buf *out, const char accept[WS_ACCEPT_LEN], struct slice protocol,
                     struct slice extension)
{
    http_write_status(out, 101);
    http_write_header(out, SLICE("Upgrade"), SLICE("websocket"));
    http_write_header(out, SLICE("Connection"), SLICE("Upgrade"));
    http_write_header(out, SLICE("Sec-WebSocket-Accept"), slice_from(accept, WS_ACCEPT_LEN));
    if (protocol.len > 0)
        http_write_header(out, SLICE("Sec-WebSocket-Protocol"), protocol);
    if (extension.len > 0)
        http_write_header(out, SLICE("Sec-WebSocket-Extensions"), extension);
    http_write_head_end(out);
}
