/* Percent-encoding in paths and queries (RFC 3986 section 2.1). */

#include "base/hex.h"
#include "base/utf8.h"
#include "proto/http1.h"

/* Take one decoded byte off *rest, which is not empty; -1 when it is badly encoded. */
static int take_byte(struct slice *rest, bool plus_is_space)
{
    const char c = rest->ptr[0];
    if (c != '%') {
        *rest = slice_skip(*rest, 1);
        return c == '+' && plus_is_space ? ' ' : (unsigned char)c;
    }
    const int high = rest->len < 3 ? -1 : hex_value(rest->ptr[1]);
    const int low = rest->len < 3 ? -1 : hex_value(rest->ptr[2]);
    if (high < 0 || low < 0)
        return -1;
    *rest = slice_skip(*rest, 3);
    return high * 16 + low;
}

/* Append what `text` decodes to; false, and `out` is as it was, when it is bad or not UTF-8. */
static bool decode(struct slice text, bool plus_is_space, struct buf *out)
{
    const size_t begin = out->len;
    while (text.len > 0) {
        const int byte = take_byte(&text, plus_is_space);
        if (byte < 0) {
            out->len = begin;
            return false;
        }
        buf_byte(out, (char)byte);
    }
    if (!utf8_valid(slice_skip(buf_slice(out), begin))) {
        out->len = begin;
        return false;
    }
    return true;
}

static bool decodes_to(struct slice text, struct slice name)
{
    while (text.len > 0) {
        const int byte = take_byte(&text, true);
        if (byte < 0 || name.len == 0 || byte != (unsigned char)name.ptr[0])
            return false;
        name = slice_skip(name, 1);
    }
    return name.len == 0;
}

bool http_query_get(struct slice query, struct slice name, struct buf *out)
{
    for (bool more = true; more;) {
        struct slice pair;
        struct slice key;
        struct slice value;
        more = slice_cut(query, '&', &pair, &query);
        if (!more)
            pair = query;
        if (!slice_cut(pair, '=', &key, &value)) {
            key = pair;
            value = SLICE_EMPTY;
        }
        if (key.len > 0 && decodes_to(key, name))
            return decode(value, true, out);
    }
    return false;
}

bool http_path_decode(struct slice path, struct buf *out)
{
    const size_t begin = out->len;
    if (!decode(path, false, out))
        return false;
    const struct slice decoded = slice_skip(buf_slice(out), begin);
    if (decoded.len > 0 && memchr(decoded.ptr, '\0', decoded.len) != NULL) {
        out->len = begin;
        return false;
    }
    return true;
}
