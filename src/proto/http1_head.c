/*
 * The head of a request: its lines, the request line and the fields (RFC 9112 sections 2 to 5).
 *
 * The bytes are looked at in the order of the wire and never past a limit, so the verdict is the
 * same however they were cut into reads.
 */

#include "base/word.h"
#include "proto/http1_text.h"

struct head {
    struct slice in;
    size_t at;
    struct http_request *request;
    struct http_refusal why;
};

static enum parse refuse(struct head *h, int status, const char *problem)
{
    return http_refuse(&h->why, status, problem);
}

/* The first byte that no line may have inside: a control character that is not the tab. */
static const char *find_control(const char *at, const char *end)
{
    for (; at < end; at++) {
        while ((size_t)(end - at) >= WORD_BYTES) {
            const uint64_t word = word_load(at);
            if ((word_find_below(word, 0x20) | word_find(word, 0x7F)) != 0)
                break;
            at += WORD_BYTES;
        }
        if (at < end && !http_is_field_char(*at))
            return at;
    }
    return end;
}

/* The next line without its CRLF; `too_long` is the status when it has no end within the limits. */
static enum parse take_line(struct head *h, int too_long, struct slice *line)
{
    const size_t total_left = HTTP_HEAD_MAX - h->at;
    const size_t limit = total_left < HTTP_LINE_MAX ? total_left : HTTP_LINE_MAX;
    const size_t here = h->in.len - h->at;
    const size_t len = here < limit ? here : limit;
    if (len == 0)
        return limit == 0 ? refuse(h, 431, "The head is too long.") : PARSE_MORE;

    const char *begin = h->in.ptr + h->at;
    const char *end = begin + len;
    const char *control = find_control(begin, end);

    /* Nothing but CRLF may end the line; a CR that came last may still become one. */
    if (control + 1 < end && control[0] == '\r' && control[1] == '\n') {
        *line = slice_from(begin, (size_t)(control - begin));
        h->at += line->len + 2;
        return PARSE_DONE;
    }
    if (control < end && (control + 1 < end || *control != '\r'))
        return refuse(h, 400, "There is a control character or a line that does not end in CRLF.");
    if (len == limit)
        return refuse(h, too_long, "A line or the whole head is too long.");
    return PARSE_MORE;
}

static enum parse check_version(struct head *h, struct slice version)
{
    if (version.len != 8 || !slice_starts(version, SLICE("HTTP/")) || version.ptr[6] != '.')
        return refuse(h, 400, "The request line does not end in a version of HTTP.");
    const char major = version.ptr[5];
    const char minor = version.ptr[7];
    if (major < '0' || major > '9' || minor < '0' || minor > '9')
        return refuse(h, 400, "The request line does not end in a version of HTTP.");
    if (major != '1' || minor > '1')
        return refuse(h, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.");
    h->request->minor = (unsigned)(minor - '0');
    return PARSE_DONE;
}

/* Origin-form in visible ASCII. A fragment has no business in a request: some would cut it off. */
static bool target_valid(struct slice target)
{
    for (size_t i = 0; i < target.len; i++) {
        if (target.ptr[i] <= 0x20 || target.ptr[i] >= 0x7F || target.ptr[i] == '#')
            return false;
    }
    return target.len > 0 && target.ptr[0] == '/';
}

static enum parse parse_request_line(struct head *h, struct slice line)
{
    struct http_request *r = h->request;
    struct slice rest;
    struct slice version;

    if (!slice_cut(line, ' ', &r->method, &rest) || !http_is_token(r->method))
        return refuse(h, 400, "The request line does not begin with a method.");
    if (!slice_cut(rest, ' ', &r->target, &version))
        return refuse(h, 400, "The request line has no version.");
    const enum parse parse = check_version(h, version);
    if (parse != PARSE_DONE)
        return parse;
    if (!target_valid(r->target))
        return refuse(h, 400, "The target of the request is not a path in ASCII.");
    if (!slice_cut(r->target, '?', &r->path, &r->query)) {
        r->path = r->target;
        r->query = SLICE_EMPTY;
    }
    return PARSE_DONE;
}

static enum parse parse_field(struct head *h, struct slice line)
{
    struct http_request *r = h->request;
    struct http_header header;

    if (!slice_cut(line, ':', &header.name, &header.value) || !http_is_token(header.name))
        return refuse(h, 400, "A header line does not begin with a name and a colon.");
    if (r->headers_len == HTTP_HEADERS_MAX)
        return refuse(h, 431, "There are too many header lines.");
    header.value = slice_trim(header.value);
    r->headers[r->headers_len++] = header;
    return PARSE_DONE;
}

static enum parse parse_fields(struct head *h)
{
    for (;;) {
        struct slice line;
        enum parse parse = take_line(h, 431, &line);
        if (parse != PARSE_DONE || line.len == 0)
            return parse;
        parse = parse_field(h, line);
        if (parse != PARSE_DONE)
            return parse;
    }
}

static enum parse parse_head(struct head *h)
{
    struct slice line;
    enum parse parse = take_line(h, 414, &line);

    /* One empty line may be left over from the body before (RFC 9112 section 2.2). */
    if (parse == PARSE_DONE && line.len == 0)
        parse = take_line(h, 414, &line);
    if (parse == PARSE_DONE)
        parse = parse_request_line(h, line);
    if (parse == PARSE_DONE)
        parse = parse_fields(h);
    if (parse == PARSE_DONE)
        parse = http_check_framing(h->request, &h->why);
    return parse;
}

enum parse http_head_parse(struct slice in, struct http_request *out, size_t *used, int *status,
                           const char **problem)
{
    struct head h = {.in = in, .request = out};
    out->headers_len = 0;

    const enum parse parse = parse_head(&h);
    if (parse == PARSE_DONE) {
        *used = h.at;
    } else if (parse != PARSE_MORE) {
        *status = h.why.status;
        *problem = h.why.problem;
    }
    return parse;
}
