/* Looking up header fields, tokens in them, and cookies. */

#include "proto/http1_text.h"

/* The next header `name` from index *at on; NULL behind the last. */
static const struct http_header *next_named(const struct http_request *request, struct slice name,
                                            size_t *at)
{
    while (*at < request->headers_len) {
        const struct http_header *header = &request->headers[(*at)++];
        if (slice_eq_nocase(header->name, name))
            return header;
    }
    return NULL;
}

bool http_header_get(const struct http_request *request, struct slice name, struct slice *value)
{
    size_t at = 0;
    const struct http_header *header = next_named(request, name, &at);
    if (header == NULL)
        return false;
    *value = header->value;
    return true;
}

size_t http_header_count(const struct http_request *request, struct slice name)
{
    size_t count = 0;
    for (size_t at = 0; next_named(request, name, &at) != NULL;)
        count++;
    return count;
}

static bool list_has(struct slice list, struct slice token)
{
    struct slice element;
    while (http_list_next(&list, &element)) {
        if (slice_eq_nocase(element, token))
            return true;
    }
    return false;
}

bool http_header_has_token(const struct http_request *request, struct slice name,
                           struct slice token)
{
    const struct http_header *header;
    for (size_t at = 0; (header = next_named(request, name, &at)) != NULL;) {
        if (list_has(header->value, token))
            return true;
    }
    return false;
}

/* The value of `name` in one line of "a=1; b=2". */
static bool cookie_find(struct slice line, struct slice name, struct slice *value)
{
    struct slice pair;
    struct slice left;
    struct slice right;
    for (bool more = true; more;) {
        more = slice_cut(line, ';', &pair, &line);
        if (slice_cut(more ? pair : line, '=', &left, &right) && slice_eq(slice_trim(left), name)) {
            *value = slice_trim(right);
            return true;
        }
    }
    return false;
}

bool http_cookie_get(const struct http_request *request, struct slice name, struct slice *value)
{
    const struct http_header *header;
    for (size_t at = 0; (header = next_named(request, SLICE("cookie"), &at)) != NULL;) {
        if (cookie_find(header->value, name, value))
            return true;
    }
    return false;
}
