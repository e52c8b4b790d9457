#ifndef EDGE_EDGE_H
#define EDGE_EDGE_H

/*
 * Edge: the role that holds client connections - WebSocket at /ws, the native protocol of
 * docs/PROTOCOL.md. One per loop, on its thread.
 *
 * It keeps two indexes of its own sockets: user -> sockets, and channel -> sockets. The first local
 * socket of a channel subscribes to its topic on the bus, the last one to leave unsubscribes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/slice.h"

struct chat;
struct edge;
struct httpd;
struct net;

struct edge_options {
    uint64_t hello_ms;           /* until a new socket must have said hello */
    uint64_t ping_ms;            /* of silence, then it is pinged */
    uint64_t pong_ms;            /* until it must have answered */
    uint64_t stall_ms;           /* that a socket may take nothing, then it is closed */
    bool lossy_bus;              /* other processes publish too: repair what the bus loses */
    bool compress;               /* offer permessage-deflate */
    struct slice allowed_origin; /* besides the server's own; empty: none */
    struct slice version;
};

/* Counters since the start, for /metrics. */
struct edge_stats {
    uint64_t sessions; /* open now */
    uint64_t users;    /* with a session, now */
    uint64_t channels; /* subscribed to, now */
    uint64_t requests;
    uint64_t events;         /* received from the bus */
    uint64_t deliveries;     /* of events to sockets */
    uint64_t left_out;       /* deliveries that a slow socket did not get */
    uint64_t behind;         /* times that a socket was told to catch up */
    uint64_t repairs;        /* looks for what the bus may have lost */
    uint64_t compressed_in;  /* bytes of frames, before they were compressed, */
    uint64_t compressed_out; /* and after */
    uint64_t closed_slow;
    uint64_t closed_protocol;
    uint64_t bus_up;          /* 1, or 0 while a link of the bus is down */
    struct histogram bus;     /* from the event's time until it is here */
    struct histogram written; /* from there until it is given to the sockets */
};

/* `options` outlives the edge. */
struct edge *edge_create(struct chat *chat, struct net *net, const struct edge_options *options);

/* After all sessions are gone. NULL is allowed. */
void edge_destroy(struct edge *edge);

/* Listen to the bus and to presence, which are open now. */
void edge_follow(struct edge *edge);

/* Serve /ws. */
void edge_attach(struct edge *edge, struct httpd *httpd);

/*
 * Tell every client to connect again at a random moment within the window. Each is closed at its
 * moment, or all `at_once` when there is no other server to go to.
 */
void edge_drain(struct edge *edge, uint64_t window_ms, bool at_once);

/* Sessions that exist, also those that are closing. */
size_t edge_sessions(const struct edge *edge);

/* Whether nothing of the edge is under way: no session, no repair. */
bool edge_idle(const struct edge *edge);

const struct edge_stats *edge_stats(struct edge *edge);

#endif
