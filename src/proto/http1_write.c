/* Writing the head of an answer. */

#include <assert.h>

#include "proto/http1_text.h"

const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } REASONS[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {426, "Upgrade Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++) {
        if (REASONS[i].status == status)
            return REASONS[i].reason;
    }
    return "Unknown";
}

void http_write_status(struct buf *out, int status)
{
    assert(status >= 100 && status <= 999);
    buf_append(out, SLICE("HTTP/1.1 "));
    buf_u64(out, (uint64_t)status);
    buf_byte(out, ' ');
    buf_append(out, slice_str(http_reason(status)));
    buf_append(out, SLICE("\r\n"));
}

static bool value_valid(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (!http_is_field_char(value.ptr[i]))
            return false;
    }
    return true;
}

void http_write_header(struct buf *out, struct slice name, struct slice value)
{
    assert(http_is_token(name) && value_valid(value));
    buf_append(out, name);
    buf_append(out, SLICE(": "));
    buf_append(out, value);
    buf_append(out, SLICE("\r\n"));
}

void http_write_header_u64(struct buf *out, struct slice name, uint64_t value)
{
    assert(http_is_token(name));
    buf_append(out, name);
    buf_append(out, SLICE(": "));
    buf_u64(out, value);
    buf_append(out, SLICE("\r\n"));
}

void http_write_head_end(struct buf *out)
{
    buf_append(out, SLICE("\r\n"));
}
