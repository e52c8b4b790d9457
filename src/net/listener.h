#ifndef NET_LISTENER_H
#define NET_LISTENER_H

/*
 * Listener: accepts TCP connections for one loop. Several loops listen on one address
 * (SO_REUSEPORT), and the kernel spreads the connections over them.
 */

#include <stdint.h>

#include "base/err.h"

struct loop;
struct listener;

#define LISTEN_ADDRESS_MAX 80u

/* A numeric address to listen on. */
struct listen_address {
    char host[LISTEN_ADDRESS_MAX]; /* without brackets */
    uint16_t port;                 /* 0: any free one */
};

/*
 * From "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (every IPv4 interface) or "8080"
 * (127.0.0.1). ERR_INVALID for all else.
 */
NODISCARD enum err listen_address_parse(const char *text, struct listen_address *out);

/*
 * Make sure that nobody listens there (several processes could share the port otherwise), and put
 * the port that is taken into an address with port 0. ERR_EXISTS: somebody does; ERR_INVALID: no
 * such address on this machine; ERR_FORBIDDEN: it takes more rights.
 */
NODISCARD enum err listen_address_claim(struct listen_address *address);

/* A connection, non-blocking; the callee owns `fd`. */
typedef void listener_accept_fn(int fd, void *arg);

NODISCARD enum err listener_open(struct loop *loop, const struct listen_address *address,
                                 listener_accept_fn *accept, void *arg, struct listener **out);

/* Stop accepting. NULL is allowed. It frees itself in a later turn of the loop. */
void listener_close(struct listener *listener);

#endif
