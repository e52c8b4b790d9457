/* Redis servers as the configuration names them. */

#include "redis/address.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/slice.h"

#define A_SERVER "a server is written HOST:PORT or redis://:PASSWORD@HOST:PORT"
#define A_SENTINEL                                                                                 \
    "sentinels are written sentinel://HOST:26379+HOST:26379/NAME, with the name of the primary "   \
    "that they watch"
#define TOO_MANY_SENTINELS "there are more than 8 sentinels of one primary"
#define TOO_MANY_SERVERS "there are more than 16 servers"
#define NO_SERVER "there is no server"

static bool copy_text(struct slice text, char out[REDIS_TEXT_MAX])
{
    if (text.len >= REDIS_TEXT_MAX)
        return false;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return true;
}

static bool parse_host(struct slice text, struct redis_host *out)
{
    struct slice name;
    struct slice port;
    uint64_t number;
    if (!slice_cut(text, ':', &name, &port) || name.len == 0 || !slice_to_u64(port, &number) ||
        number == 0 || number > UINT16_MAX)
        return false;
    out->port = (uint16_t)number;
    return copy_text(name, out->name);
}

/* Take ":password@" from the front of the text, when it is there. */
static bool take_password(struct slice *text, char out[REDIS_TEXT_MAX])
{
    struct slice login;
    struct slice user;
    struct slice password;
    if (!slice_cut(*text, '@', &login, text))
        return true;
    return slice_cut(login, ':', &user, &password) && copy_text(password, out);
}

/* The names that a sentinel takes. */
static bool is_primary(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '.' && c != '-' && c != '_')
            return false;
    }
    return name.len > 0;
}

/* "name" or "name?sentinel-password=password" */
static bool parse_primary(struct slice text, struct redis_address *out)
{
    static const char option[] = "sentinel-password=";
    struct slice name = text;
    struct slice query;
    if (slice_cut(text, '?', &name, &query) &&
        (!slice_starts(query, slice_str(option)) ||
         !copy_text(slice_skip(query, sizeof(option) - 1), out->sentinel_password)))
        return false;
    return is_primary(name) && copy_text(name, out->primary);
}

/* What is wrong with it; NULL when nothing is. */
static const char *parse_sentinels(struct slice text, struct redis_address *out)
{
    struct slice hosts;
    struct slice primary;
    struct slice one;
    if (!take_password(&text, out->password) || !slice_cut(text, '/', &hosts, &primary) ||
        !parse_primary(primary, out))
        return A_SENTINEL;
    for (bool more = true; more;) {
        more = slice_cut(hosts, '+', &one, &hosts);
        if (out->sentinels_len == REDIS_SENTINELS_MAX)
            return TOO_MANY_SENTINELS;
        if (!parse_host(more ? one : hosts, &out->sentinels[out->sentinels_len]))
            return A_SENTINEL;
        out->sentinels_len++;
    }
    return NULL;
}

static const char *parse_one(struct slice text, struct redis_address *out)
{
    *out = (struct redis_address){0};
    if (slice_starts(text, SLICE("sentinel://")))
        return parse_sentinels(slice_skip(text, 11), out);
    if (slice_starts(text, SLICE("redis://")))
        text = slice_skip(text, 8);
    return take_password(&text, out->password) && parse_host(text, &out->server) ? NULL : A_SERVER;
}

static const char *parse(const char *text, struct redis_servers *out)
{
    struct slice rest = slice_str(text);
    struct slice one;
    out->count = 0;
    while (rest.len > 0) {
        if (!slice_cut(rest, ',', &one, &rest)) {
            one = rest;
            rest = SLICE_EMPTY;
        }
        if (out->count == REDIS_SERVERS_MAX)
            return TOO_MANY_SERVERS;
        const char *problem = parse_one(slice_trim(one), &out->items[out->count]);
        if (problem != NULL)
            return problem;
        out->count++;
    }
    return out->count > 0 ? NULL : NO_SERVER;
}

enum err redis_servers_parse(const char *text, struct redis_servers *out)
{
    return parse(text, out) == NULL ? ERR_NONE : ERR_INVALID;
}

const char *redis_servers_problem(const char *text)
{
    struct redis_servers *servers = mem_alloc(sizeof(*servers));
    const char *problem = parse(text, servers);
    mem_free(servers);
    return problem;
}

size_t redis_server_of(const struct redis_servers *servers, uint64_t id)
{
    return (size_t)(hash_mix64(id) % servers->count);
}
