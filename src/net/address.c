/* Addresses and networks. */

#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define TEXT_MAX 64u
#define V4_PREFIX 96u

static const uint8_t v4_mark[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static bool is_v4(const struct address *address)
{
    return memcmp(address->bytes, v4_mark, sizeof(v4_mark)) == 0;
}

bool address_parse(struct slice text, struct address *out)
{
    char copy[TEXT_MAX];
    struct in_addr v4;
    struct in6_addr v6;
    if (text.len > 2 && text.ptr[0] == '[' && text.ptr[text.len - 1] == ']')
        text = slice_from(text.ptr + 1, text.len - 2);
    if (text.len == 0 || text.len >= sizeof(copy) || memchr(text.ptr, '\0', text.len) != NULL)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, &v4) == 1) {
        memcpy(out->bytes, v4_mark, sizeof(v4_mark));
        memcpy(out->bytes + sizeof(v4_mark), &v4, sizeof(v4));
        return true;
    }
    if (inet_pton(AF_INET6, copy, &v6) != 1)
        return false;
    memcpy(out->bytes, &v6, sizeof(v6));
    return true;
}

struct slice address_key(const struct address *address)
{
    return slice_from(address->bytes, is_v4(address) ? 16 : 8);
}

/* ---- networks ---- */

static bool parse_network(struct slice text, struct network *out)
{
    struct slice host = text;
    struct slice bits = SLICE_EMPTY;
    const bool has_bits = slice_cut(text, '/', &host, &bits);
    if (!address_parse(host, &out->address))
        return false;
    const unsigned base = is_v4(&out->address) ? V4_PREFIX : 0;
    uint64_t prefix = 128 - base;
    if (has_bits && (!slice_to_u64(bits, &prefix) || prefix > 128 - base))
        return false;
    out->prefix = base + (unsigned)prefix;
    return true;
}

enum err networks_parse(struct slice list, struct networks *out)
{
    struct networks networks = {.count = 0};
    struct slice item;
    struct slice rest = list;
    bool more = slice_trim(list).len > 0;
    while (more) {
        more = slice_cut(rest, ',', &item, &rest);
        if (networks.count == NETWORKS_MAX ||
            !parse_network(slice_trim(more ? item : rest), &networks.items[networks.count++]))
            return ERR_INVALID;
    }
    *out = networks;
    return ERR_NONE;
}

static bool in_network(const struct network *network, const struct address *address)
{
    const unsigned whole = network->prefix / 8;
    const unsigned rest = network->prefix % 8;
    if (memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    const unsigned mask = (0xff00u >> rest) & 0xffu;
    return ((network->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

bool networks_have(const struct networks *networks, const struct address *address)
{
    for (size_t i = 0; i < networks->count; i++) {
        if (in_network(&networks->items[i], address))
            return true;
    }
    return false;
}

/* The last item of a list with commas, taken off its end; false when nothing is left. */
static bool take_last(struct slice *list, struct slice *item)
{
    size_t at = list->len;
    if (at == 0)
        return false;
    while (at > 0 && list->ptr[at - 1] != ',')
        at--;
    *item = slice_trim(slice_skip(*list, at));
    list->len = at > 0 ? at - 1 : 0;
    return true;
}

struct address address_behind(const struct networks *trusted, struct address peer,
                              struct slice forwarded)
{
    struct address found = peer;
    struct slice item;
    while (networks_have(trusted, &found) && take_last(&forwarded, &item)) {
        struct address next;
        if (!address_parse(item, &next))
            break; /* the proxy before it wrote nonsense: that proxy it is */
        found = next;
    }
    return found;
}
