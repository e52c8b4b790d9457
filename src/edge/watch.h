#ifndef EDGE_WATCH_H
#define EDGE_WATCH_H

/*
 * Watch: what this edge tells of its own people's presence, and which sockets want to hear of
 * whose. Private to src/edge.
 *
 * Like a channel, a person is subscribed to on the bus from the first watcher here to the last. The
 * edge knows how it stands with all who are watched, and so the next watcher needs no question.
 */

#include <stdint.h>

struct edge;
struct edge_user;
struct rpc_call;
struct session;

/* Say how it stands with a person, by all sockets here: after one came, went or changed. */
void watch_announce(struct edge *edge, struct edge_user *user);

/* Begin to look after what was said; after the edge's presence is open. */
void watch_start(struct edge *edge);

/* {"op":"setPresence","state":"away"}: nobody touches this device, or somebody does again. */
void watch_set(struct session *session, struct rpc_call *call);

/* {"op":"watchPresence","users":[...]}: hear of these from now on, and of nobody else. */
void watch_users(struct session *session, struct rpc_call *call);

/* The session has room again: tell it what it could not take. */
void watch_catch_up(struct session *session);

/* The session watches nobody any more. */
void watch_nobody(struct session *session);

/* Ask again about one part of all who are watched: the bus may have lost changes. */
void watch_refresh(struct edge *edge, uint64_t part, uint64_t parts);

#endif
