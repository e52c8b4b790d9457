/*
 * What the fields say about the connection and about where the body ends (RFC 9112 sections 3.2,
 * 6, 7 and 9). Two readings of that by two programs are how requests get smuggled, so all but the
 * plainest spelling is refused.
 */

#include "proto/http1_text.h"

/* Host is compared and logged: only the characters of names, addresses and ports. */
static bool host_valid(struct slice host)
{
    for (size_t i = 0; i < host.len; i++) {
        const char c = host.ptr[i];
        if (!http_is_alnum(c) && (c == '\0' || strchr("-._:[]", c) == NULL))
            return false;
    }
    return host.len > 0;
}

static enum parse check_host(const struct http_request *r, struct http_refusal *why)
{
    struct slice host;
    const size_t count = http_header_count(r, SLICE("host"));
    if (count == 0 && r->minor == 0)
        return PARSE_DONE;
    if (count != 1 || !http_header_get(r, SLICE("host"), &host))
        return http_refuse(why, 400, "There must be one Host header.");
    if (!host_valid(host))
        return http_refuse(why, 400, "The Host header is not the name of a host.");
    return PARSE_DONE;
}

static enum parse check_content_length(struct http_request *r, struct http_refusal *why)
{
    struct slice value;
    r->content_length = 0;
    if (!http_header_get(r, SLICE("content-length"), &value))
        return PARSE_DONE;
    if (http_header_count(r, SLICE("content-length")) != 1)
        return http_refuse(why, 400, "There is more than one Content-Length header.");

    /* Zeros in front are refused, for some would read an octal number. */
    if (!slice_to_u64(value, &r->content_length) || (value.len > 1 && value.ptr[0] == '0'))
        return http_refuse(why, 400, "Content-Length is not a plain decimal number.");
    return PARSE_DONE;
}

/* A value of Transfer-Encoding that is not "chunked": 501 when it names what we do not have. */
static enum parse refuse_coding(struct slice value, struct http_refusal *why)
{
    bool unknown = false;
    struct slice coding;
    while (http_list_next(&value, &coding)) {
        if (!http_is_token(coding))
            return http_refuse(why, 400, "Transfer-Encoding is malformed.");
        unknown = unknown || !slice_eq_nocase(coding, SLICE("chunked"));
    }
    return unknown ? http_refuse(why, 501, "Only the transfer coding chunked is known here.")
                   : http_refuse(why, 400, "Transfer-Encoding names chunked twice.");
}

static enum parse check_transfer_encoding(struct http_request *r, struct http_refusal *why)
{
    struct slice value;
    r->chunked = false;
    if (!http_header_get(r, SLICE("transfer-encoding"), &value))
        return PARSE_DONE;
    if (http_header_count(r, SLICE("transfer-encoding")) != 1)
        return http_refuse(why, 400, "There is more than one Transfer-Encoding header.");
    if (http_header_count(r, SLICE("content-length")) != 0)
        return http_refuse(why, 400, "Transfer-Encoding and Content-Length exclude each other.");
    if (r->minor == 0)
        return http_refuse(why, 400, "HTTP/1.0 has no Transfer-Encoding.");
    if (!slice_eq_nocase(value, SLICE("chunked")))
        return refuse_coding(value, why);
    r->chunked = true;
    return PARSE_DONE;
}

static enum parse check_expect(struct http_request *r, struct http_refusal *why)
{
    struct slice value;
    r->expect_continue = false;
    if (r->minor == 0 || !http_header_get(r, SLICE("expect"), &value))
        return PARSE_DONE;
    if (http_header_count(r, SLICE("expect")) != 1 ||
        !slice_eq_nocase(value, SLICE("100-continue")))
        return http_refuse(why, 417, "Only 100-continue can be expected.");
    r->expect_continue = r->chunked || r->content_length > 0;
    return PARSE_DONE;
}

static void read_connection(struct http_request *r)
{
    const struct slice connection = SLICE("connection");
    const bool stays = r->minor == 1 || http_header_has_token(r, connection, SLICE("keep-alive"));
    r->keep_alive = stays && !http_header_has_token(r, connection, SLICE("close"));
    r->has_upgrade = r->minor == 1 && http_header_count(r, SLICE("upgrade")) > 0 &&
                     http_header_has_token(r, connection, SLICE("upgrade"));
}

enum parse http_check_framing(struct http_request *request, struct http_refusal *why)
{
    enum parse parse = check_host(request, why);
    if (parse == PARSE_DONE)
        parse = check_content_length(request, why);
    if (parse == PARSE_DONE)
        parse = check_transfer_encoding(request, why);
    if (parse == PARSE_DONE)
        parse = check_expect(request, why);
    if (parse == PARSE_DONE)
        read_connection(request);
    return parse;
}
