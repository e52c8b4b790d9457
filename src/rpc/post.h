#ifndef RPC_POST_H
#define RPC_POST_H

/*
 * Post: what the operations have in common that add an event to a channel - `channel` and `cmid`,
 * the membership, the rate limit, the journal, the answer. Private to src/rpc.
 */

#include "rpc/rpc_op.h"

struct post {
    struct journal_entry entry;
    struct rpc_call *call;
};

/* Start the call's event with `channel` and `cmid`; the operation's `check` reads the rest. */
NODISCARD enum err post_begin(struct rpc_call *call, enum event_kind kind, struct event **out);

/* Read `text`, as it may be in messages. */
NODISCARD enum err post_text(struct rpc_call *call, struct event *event);

/* The `work` and `finish` of these operations, which have the flag RPC_MEMBERSHIP. */
enum err post_work(struct rpc_call *call, struct store *store);
void post_finish(struct rpc_call *call);

#endif
