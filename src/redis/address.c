/* Redis servers as the configuration names them. */

#include "redis/address.h"

#include "base/hash.h"
#include "base/slice.h"

static bool copy_text(struct slice text, char out[REDIS_TEXT_MAX])
{
    if (text.len >= REDIS_TEXT_MAX)
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static bool parse_one(struct slice text, struct redis_address *out)
{
    struct slice password = SLICE_EMPTY;
    struct slice user;
    struct slice host;
    struct slice port;
    uint64_t number;
    *out = (struct redis_address){0};
    if (slice_starts(text, SLICE("redis://")))
        text = slice_skip(text, 8);
    if (slice_cut(text, '@', &user, &text) && !slice_cut(user, ':', &user, &password))
        return false;
    if (!slice_cut(text, ':', &host, &port) || host.len == 0 || !slice_to_u64(port, &number) ||
        number == 0 || number > UINT16_MAX)
        return false;
    out->port = (uint16_t)number;
    return copy_text(host, out->host) && copy_text(password, out->password);
}

enum err redis_servers_parse(const char *text, struct redis_servers *out)
{
    struct slice rest = slice_str(text);
    struct slice one;
    out->count = 0;
    while (rest.len > 0) {
        if (!slice_cut(rest, ',', &one, &rest)) {
            one = rest;
            rest = SLICE_EMPTY;
        }
        if (out->count == REDIS_SERVERS_MAX || !parse_one(slice_trim(one), &out->items[out->count]))
            return ERR_INVALID;
        out->count++;
    }
    return out->count > 0 ? ERR_NONE : ERR_INVALID;
}

size_t redis_server_of(const struct redis_servers *servers, uint64_t id)
{
    return (size_t)(hash_mix64(id) % servers->count);
}
