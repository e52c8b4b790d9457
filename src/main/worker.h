#ifndef MAIN_WORKER_H
#define MAIN_WORKER_H

/*
 * Worker: one loop on its own thread with everything that lives on it - listener, connections, bus,
 * edge and api. Loops share the journal, the pools and immutable bytes, nothing else.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"
#include "base/err.h"
#include "chat/chat.h"
#include "edge/edge.h"
#include "main/board.h"
#include "net/address.h"
#include "net/listener.h"

struct pool;
struct tls_context;

/* What all workers have in common; it outlives them. */
struct worker_shared {
    struct listen_address address;
    const char *bus_url;
    const char *presence_url;
    bool serves_edge;
    bool serves_api;
    struct journal *journal;
    struct pool *stores;
    struct pool *passwords;
    struct limits *limits;
    struct networks trusted_proxies;
    uint64_t http_head_ms;
    uint64_t http_body_ms;
    uint64_t http_idle_ms;
    struct chat_options chat;
    struct edge_options edge;
    struct api_options api;
    struct board *board;
    struct tls_context *tls; /* NULL: no encryption */
};

struct worker;

/* Set up a loop and start its thread. */
NODISCARD enum err worker_start(const struct worker_shared *shared, unsigned index,
                                struct worker **out);

/* New connections get this certificate. Takes a reference. */
void worker_set_tls(struct worker *worker, struct tls_context *context);

/* How a worker stops. */
struct worker_drain {
    uint64_t grace_ms;   /* still taking connections, while /healthz says to go elsewhere */
    uint64_t window_ms;  /* in which the clients are told to connect again */
    bool at_once;        /* close all of them at once */
    uint64_t timeout_ms; /* for all of it */
};

/*
 * Take no new connections, send the clients away. `idle` is posted to `loop` when all are gone, or
 * after the time limit.
 */
void worker_drain(struct worker *worker, const struct worker_drain *drain, struct loop *loop,
                  struct task *idle);

/* End the loop's thread; whether no client was left. */
bool worker_stop(struct worker *worker);

/* Free everything, after the journal and the pools are closed, when no client was left. */
void worker_destroy(struct worker *worker);

#endif
