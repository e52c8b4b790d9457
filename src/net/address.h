#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

/*
 * Address: IPv4 and IPv6 addresses of peers, and lists of networks. Pure: no socket. An IPv4
 * address is kept as IPv6 has it, ::ffff:a.b.c.d.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define NETWORKS_MAX 64u

/* All zero: unknown. */
struct address {
    uint8_t bytes[16];
};

/* "10.0.0.1", "::1", "[::1]"; nothing behind it. False when it is none. */
bool address_parse(struct slice text, struct address *out);

/*
 * What stands for one customer of a network provider: an IPv4 address, the first 64 bits of an IPv6
 * one, of which everybody has more than could be counted.
 */
struct slice address_key(const struct address *address);

struct network {
    struct address address;
    unsigned prefix; /* bits that count, 0 to 128 */
};

struct networks {
    struct network items[NETWORKS_MAX];
    size_t count;
};

/* "10.0.0.0/8, 127.0.0.1"; empty: none. ERR_INVALID. */
NODISCARD enum err networks_parse(struct slice list, struct networks *out);

bool networks_have(const struct networks *networks, const struct address *address);

/*
 * Who is really there: `peer` itself, unless that is one of the `trusted` proxies; then the last
 * address in `forwarded` (a header X-Forwarded-For) that is none of them. What stands before that
 * anybody may have written.
 */
struct address address_behind(const struct networks *trusted, struct address peer,
                              struct slice forwarded);

#endif
