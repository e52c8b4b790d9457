#ifndef EDGE_HUB_H
#define EDGE_HUB_H

/*
 * Hub: the edge's indexes of its sockets, and the fan-out over them. Private to src/edge.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "base/map.h"
#include "edge/edge.h"
#include "ev/loop.h"
#include "presence/presence.h"

struct bus_sub;
struct bytes;
struct channel;
struct event;
struct session;
struct ws_deflate;

struct edge {
    struct chat *chat;
    struct net *net;
    const struct edge_options *options;
    struct list sessions;
    struct map userIdToSocket; /* user id -> struct edge_user */
    struct map channels;       /* channel id -> struct edge_channel */
    struct map watched;        /* user id -> struct watched, watch.c's */
    struct buf scratch;        /* the event being encoded */
    struct ws_deflate *deflate;
    size_t compressing;  /* sessions that agreed on it */
    struct buf expanded; /* the compressed request that is being handled */
    struct edge_stats stats;
    size_t repairs;   /* under way */
    size_t checks;    /* of memberships and accounts, under way */
    size_t questions; /* about presence, under way */
    struct timer repair_timer;
    uint64_t repair_tick;
    uint64_t arrived_ns; /* of the first event that is not written yet; 0: none */
    bool draining;
};

/* A person with at least one socket here. */
struct edge_user {
    uint64_t id;
    struct bus_sub *sub;
    struct list sessions;
    struct list checks;            /* standing.c's */
    struct profile_check *profile; /* profile.c's; NULL: nothing is being asked */
    enum presence_state presence;  /* watch.c's: as it was said last */
};

/* A session's place among a channel's. */
struct channel_place {
    struct session *session;
    uint32_t membership; /* in the session's array */
};

/* A channel with at least one member here. */
struct edge_channel {
    uint64_t id;
    uint64_t last_seq; /* of the newest event seen since the subscription; 0: none yet */
    uint64_t last_n;
    struct bus_sub *sub;
    struct channel_place *places;
    uint32_t places_len;
    uint32_t places_cap;
    bool archived;  /* so far as is known here: then the store decides about each send */
    uint32_t holds; /* it stays open without places */

    /* repair.c's. */
    bool repairing;
    uint32_t held_len;
    struct bytes **held; /* encoded events that came meanwhile; NULL: none */
};

/* Hand an event to all sockets of the channel, unless they had it. */
void hub_deliver_event(struct edge *edge, struct edge_channel *channel, const struct event *event);
void hub_deliver(struct edge *edge, struct edge_channel *channel, struct bytes *payload);

/* What the store says of a channel meets what has been seen here: the newer one counts. */
void hub_compare_channel(struct edge_channel *here, struct channel *channel);

/* Put the session among its user's. ERR_UNAVAILABLE: the bus refuses; ERR_RATE_LIMITED: too many.
 */
NODISCARD enum err hub_add_user(struct session *session, uint64_t user);
void hub_remove_user(struct session *session);

/* The session hears the channel from now on. *fresh is set when nobody here did before. */
bool hub_add_channel(struct session *session, uint64_t channel, bool *fresh);

/* The same without a session, until hub_release_channel(); NULL when the bus refuses. */
struct edge_channel *hub_hold_channel(struct edge *edge, uint64_t channel, bool *fresh);
void hub_release_channel(struct edge *edge, struct edge_channel *channel);

/* The user's live sessions do not hear the channel any more; those that did are told. */
void hub_leave(struct edge_user *user, uint64_t channel);

/* The session's membership in `channel`, or NULL. */
struct membership *hub_find(struct session *session, uint64_t channel);

/* The session does not hear that channel any more; the array's last membership takes its place. */
void hub_remove_channel(struct session *session, struct membership *membership);
void hub_remove_all_channels(struct session *session);

#endif
