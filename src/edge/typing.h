#ifndef EDGE_TYPING_H
#define EDGE_TYPING_H

/*
 * Typing: who is writing in a channel at this moment, told to its other members. Private to
 * src/edge.
 *
 * A session tells it once in 3 seconds for each channel; what it says in between is answered and
 * goes no further.
 */

#include <stdbool.h>

#include "base/slice.h"

struct edge_channel;
struct rpc_call;
struct session;

/* Handle {"op":"sendTyping","channel":..}. */
void typing_send(struct session *session, struct rpc_call *call);

/* Pass it on when the message on the channel's topic says so; else false. */
bool typing_pass_on(const struct edge_channel *channel, struct slice payload);

#endif
