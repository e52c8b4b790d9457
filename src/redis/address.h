#ifndef REDIS_ADDRESS_H
#define REDIS_ADDRESS_H

/*
 * Redis servers as the configuration names them: "host:port" or "redis://:password@host:port",
 * several with commas between. A channel lives on one of them, chosen by its id, and everybody must
 * use the same list in the same order.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define REDIS_SERVERS_MAX 16u
#define REDIS_TEXT_MAX 256u

struct redis_address {
    char host[REDIS_TEXT_MAX];
    char password[REDIS_TEXT_MAX]; /* empty: none */
    uint16_t port;
};

struct redis_servers {
    struct redis_address items[REDIS_SERVERS_MAX];
    size_t count;
};

/* ERR_INVALID when the text is not such a list. */
NODISCARD enum err redis_servers_parse(const char *text, struct redis_servers *out);

/* Which of the servers an id belongs to. */
size_t redis_server_of(const struct redis_servers *servers, uint64_t id);

#endif
