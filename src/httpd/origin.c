/* Whether a browser's request may use the session cookie. */

#include "httpd/origin.h"

#include "proto/http1.h"

/* "http://host:port" or "https://host:port" with exactly the host that was asked for. */
static bool is_own(struct slice origin, struct slice host)
{
    if (slice_starts(origin, SLICE("http://")))
        return slice_eq_nocase(slice_skip(origin, 7), host);
    if (slice_starts(origin, SLICE("https://")))
        return slice_eq_nocase(slice_skip(origin, 8), host);
    return false;
}

bool origin_allowed(const struct http_request *request, struct slice allowed)
{
    struct slice origin;
    struct slice host;
    struct slice cookie;
    const size_t count = http_header_count(request, SLICE("Origin"));
    if (count == 0)
        return !http_cookie_get(request, SLICE("parley_session"), &cookie);
    if (count > 1 || !http_header_get(request, SLICE("Origin"), &origin) ||
        !http_header_get(request, SLICE("Host"), &host))
        return false;
    return is_own(origin, host) || (allowed.len > 0 && slice_eq(origin, allowed));
}
