#ifndef PROTO_HTTP1_H
#define PROTO_HTTP1_H

/*
 * HTTP/1.1 (RFC 9110, RFC 9112) for a server, strict: whatever two implementations could read
 * differently is refused (request smuggling), and after a refusal nothing more of the connection
 * may be read. No socket, no clock.
 *
 * A request is read in two steps: http_head_parse() on the bytes so far until the whole head is
 * there, then http_body_feed() until the body is complete. Request lines are origin-form only
 * ("/path"); absolute-form, authority-form and "*" are refused. Bare LF, obs-fold, spaces before a
 * colon, NUL, control characters and bytes above 0x7F in names are refused; one empty line (CRLF)
 * before a request is allowed. Only HTTP/1.1 and HTTP/1.0.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/parse.h"
#include "base/slice.h"

#define HTTP_HEAD_MAX (16u * 1024u)
#define HTTP_LINE_MAX (8u * 1024u) /* with its CRLF */
#define HTTP_HEADERS_MAX 100u

struct http_header {
    struct slice name;
    struct slice value; /* without white space around it */
};

/* All slices are borrowed from the parsed bytes. */
struct http_request {
    struct slice method;
    struct slice target; /* as sent, begins with '/' */
    struct slice path;   /* the target up to '?', as sent */
    struct slice query;  /* behind '?', or empty */
    unsigned minor;      /* 1, or 0 for HTTP/1.0 */
    bool keep_alive;
    bool chunked;
    bool expect_continue; /* and a body is announced */
    bool has_upgrade;     /* Connection names "upgrade" and an Upgrade header is there */
    uint64_t content_length;
    size_t headers_len;
    struct http_header headers[HTTP_HEADERS_MAX];
};

/*
 * Parse the head at the start of `in`. PARSE_DONE: *used bytes were the head. PARSE_MORE: it is not
 * complete yet; call again with more from the same start. PARSE_BAD or PARSE_TOO_BIG: *status is
 * the answer to give (400, 414, 417, 431, 501 for unknown transfer codings, 505), *problem a
 * sentence why, and the connection must be closed. Until PARSE_DONE, *out means nothing. The
 * verdict does not depend on how the bytes were cut into calls; a bad line is refused without
 * waiting for the rest of the head.
 */
enum parse http_head_parse(struct slice in, struct http_request *out, size_t *used, int *status,
                           const char **problem);

/* The value of the first header `name`, any case; false when it is absent. */
bool http_header_get(const struct http_request *request, struct slice name, struct slice *value);

/* How many headers are called `name`. */
size_t http_header_count(const struct http_request *request, struct slice name);

/* Whether a comma-separated header has `token`, any case, over all headers of that name. */
bool http_header_has_token(const struct http_request *request, struct slice name,
                           struct slice token);

/* The value of `name` in a Cookie header; false when absent. */
bool http_cookie_get(const struct http_request *request, struct slice name, struct slice *value);

/*
 * The decoded value (percent-encoding, '+' as space) of `name` in a query, appended to `out`; false
 * when it is absent, badly encoded or not UTF-8.
 */
bool http_query_get(struct slice query, struct slice name, struct buf *out);

/* Decode percent-encoding in a path; false when it is bad, has NUL, or is not UTF-8. */
bool http_path_decode(struct slice path, struct buf *out);

/* A body being read. The members are the parser's own. */
struct http_body {
    uint64_t left; /* of the chunk, or of the whole */
    size_t max;
    size_t total; /* payload so far */
    uint8_t state;
    uint8_t digits; /* of the chunk-size line */
    uint16_t line;  /* bytes of the chunk extension or trailer line */
    uint16_t extra; /* bytes of extensions and trailers in all: bounded too */
};

/* For the body that `request` announces, at most `max` bytes of payload. */
void http_body_init(struct http_body *body, const struct http_request *request, size_t max);

/*
 * Take from `in`; *used says how much; payload is appended to `out`. PARSE_DONE: the body is
 * complete (also at once when there is none). PARSE_BAD: 400 and close. PARSE_TOO_BIG: 413 and
 * close; with a Content-Length past the limit this is said before any byte is taken.
 */
enum parse http_body_feed(struct http_body *body, struct slice in, size_t *used, struct buf *out);

/* The standard reason phrase: "Not Found". */
const char *http_reason(int status);

/* Append "HTTP/1.1 200 OK\r\n"; then http_write_header() for each; then http_write_head_end(). */
void http_write_status(struct buf *out, int status);

/*
 * `name` must be a token and `value` have no control characters: asserted, for they are ours. What
 * a peer has sent goes into no header.
 */
void http_write_header(struct buf *out, struct slice name, struct slice value);
void http_write_header_u64(struct buf *out, struct slice name, uint64_t value);
void http_write_head_end(struct buf *out);

#endif
