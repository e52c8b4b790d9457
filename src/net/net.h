#ifndef NET_NET_H
#define NET_NET_H

/*
 * Net: what the connections of one loop share - the buffer that all of them read into, the nodes of
 * their send queues, the list of those with something to send. One per loop, on its thread.
 *
 * Whatever was queued during a turn is written at its end, with one vectored write per socket. When
 * that are very many sockets, it waits up to 2 ms for what else arrives.
 */

#include <stdint.h>

struct loop;
struct net;
struct tls_context;

/* Counters since the start, for /metrics. */
struct net_stats {
    uint64_t writes; /* system calls */
    uint64_t bytes_out;
    uint64_t bytes_in;
    uint64_t connections; /* open now */
};

struct net *net_create(struct loop *loop);

/* After its last connection is gone. NULL is allowed. */
void net_destroy(struct net *net);

/* Connections that are created from now on are encrypted with this certificate. Takes a reference.
 */
void net_set_tls(struct net *net, struct tls_context *context);

/* Call `fn` after each flush of what was queued. */
typedef void net_flush_fn(void *arg);
void net_on_flush(struct net *net, net_flush_fn *fn, void *arg);

struct loop *net_loop(struct net *net);
const struct net_stats *net_stats(const struct net *net);

#endif
