#ifndef PROTO_HTTP1_TEXT_H
#define PROTO_HTTP1_TEXT_H

/* The characters of HTTP/1.1 and how a refusal is carried; private to the http1 files. */

#include <stdbool.h>
#include <string.h>

#include "base/parse.h"
#include "base/slice.h"
#include "proto/http1.h"

/* Why a head is refused. */
struct http_refusal {
    int status;
    const char *problem;
};

static inline enum parse http_refuse(struct http_refusal *why, int status, const char *problem)
{
    *why = (struct http_refusal){status, problem};
    return status == 414 || status == 431 ? PARSE_TOO_BIG : PARSE_BAD;
}

static inline bool http_is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* tchar of RFC 9110 section 5.6.2. */
static inline bool http_is_tchar(char c)
{
    return http_is_alnum(c) || c == '-' || (c != '\0' && strchr("!#$%&'*+.^_`|~", c) != NULL);
}

/* What may stand in the value of a field: no control character but the tab. */
static inline bool http_is_field_char(char c)
{
    return c == '\t' || ((unsigned char)c >= 0x20 && c != 0x7F);
}

static inline bool http_is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!http_is_tchar(s.ptr[i]))
            return false;
    }
    return s.len > 0;
}

/* Take the next element off a comma-separated *list; false behind the last. */
static inline bool http_list_next(struct slice *list, struct slice *element)
{
    if (list->ptr == NULL)
        return false;
    struct slice rest = {NULL, 0};
    if (!slice_cut(*list, ',', element, &rest))
        *element = *list;
    *element = slice_trim(*element);
    *list = rest;
    return true;
}

/* Decide what the fields mean for the connection and the body; PARSE_DONE when they agree. */
enum parse http_check_framing(struct http_request *request, struct http_refusal *why);

#endif
