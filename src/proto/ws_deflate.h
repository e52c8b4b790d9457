#ifndef PROTO_WS_DEFLATE_H
#define PROTO_WS_DEFLATE_H

/*
 * permessage-deflate (RFC 7692): agreeing on it, and compressing and expanding whole messages.
 *
 * Both sides always begin each message without context (server_no_context_takeover,
 * client_no_context_takeover). So one compressed broadcast fits every connection, a connection owns
 * no zlib state, and one struct ws_deflate serves all connections of a loop.
 */

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/parse.h"
#include "base/slice.h"

struct http_request;
struct ws_deflate;

/* What is sent is compressed within a window of so many bits: 4 KiB, which any client can hold. */
#define WS_DEFLATE_WINDOW_BITS 12

/*
 * Whether one of the request's offers can be accepted: it has only known parameters with valid
 * values, each once, and does not want a smaller window than ours. Then the answer has
 * WS_DEFLATE_ACCEPT in Sec-WebSocket-Extensions.
 */
bool ws_deflate_offered(const struct http_request *request);

#define WS_DEFLATE_ACCEPT                                                                          \
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "                 \
    "server_max_window_bits=12"

/* About 60 KiB. It belongs to one thread. */
struct ws_deflate *ws_deflate_create(void);

/* NULL is allowed. */
void ws_deflate_destroy(struct ws_deflate *d);

/* Append the payload of a frame whose head has WS_COMPRESSED. */
void ws_deflate_compress(struct ws_deflate *d, struct slice message, struct buf *out);

/*
 * Append the message that was sent as `payload`, at most `message_max` bytes: PARSE_DONE.
 * PARSE_BAD: it is not compressed data, or is cut short; PARSE_TOO_BIG: found out before more is
 * stored.
 */
enum parse ws_deflate_expand(struct ws_deflate *d, struct slice payload, size_t message_max,
                             struct buf *out);

#endif
