#ifndef EDGE_REPAIR_H
#define EDGE_REPAIR_H

/*
 * Repair: the bus may lose messages; what a channel's sockets missed is fetched from the store.
 * Private to src/edge.
 *
 * A repair begins when an event names another `prev` than expected, for all channels after a link
 * of the bus was down, and now and then for channels that are silent, whose last event may be the
 * lost one.
 */

#include <stdbool.h>

struct bytes;
struct edge;
struct edge_channel;
struct event;

/* Fetch what is missing behind the channel's last seq, and deliver it. */
void repair_channel(struct edge *edge, struct edge_channel *channel);

/* Keep an event until the repair that is under way is done. */
void repair_hold(struct edge_channel *channel, struct bytes *payload);

/* Drop what is held; the channel is closed. */
void repair_forget(struct edge_channel *channel);

/* Begin to look after the bus; end it. */
void repair_start(struct edge *edge);
void repair_stop(struct edge *edge);

#endif
