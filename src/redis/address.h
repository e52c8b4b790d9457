#ifndef REDIS_ADDRESS_H
#define REDIS_ADDRESS_H

/*
 * Redis servers as the configuration names them, several with commas between:
 *
 *   host:port                    a server
 *   redis://:password@host:port  a server with a password
 *   sentinel://:password@host:port+host:port/name?sentinel-password=password
 *                                the server that these sentinels call the primary `name` now; both
 *                                passwords may be left out, the first one is the server's
 *
 * A channel lives on one of them, chosen by its id, and everybody must use the same list in the
 * same order. Passwords have neither comma nor at sign.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define REDIS_SERVERS_MAX 16u
#define REDIS_SENTINELS_MAX 8u
#define REDIS_TEXT_MAX 256u

struct redis_host {
    char name[REDIS_TEXT_MAX];
    uint16_t port;
};

struct redis_address {
    struct redis_host server;      /* when there are no sentinels */
    char password[REDIS_TEXT_MAX]; /* empty: none */
    struct redis_host sentinels[REDIS_SENTINELS_MAX];
    size_t sentinels_len;
    char primary[REDIS_TEXT_MAX]; /* the name that the sentinels know it by */
    char sentinel_password[REDIS_TEXT_MAX];
};

struct redis_servers {
    struct redis_address items[REDIS_SERVERS_MAX];
    size_t count;
};

/* ERR_INVALID when the text is not such a list. */
NODISCARD enum err redis_servers_parse(const char *text, struct redis_servers *out);

/* What is wrong with the text, for the operator; NULL when nothing is. */
const char *redis_servers_problem(const char *text);

/* Which of the servers an id belongs to. */
size_t redis_server_of(const struct redis_servers *servers, uint64_t id);

#endif
