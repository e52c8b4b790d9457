#ifndef RPC_RPC_OP_H
#define RPC_RPC_OP_H

/* What an operation consists of. Private to src/rpc. */

#include "rpc/rpc.h"

struct store;

enum rpc_flag {
    RPC_ANONYMOUS = 1,   /* needs no session */
    RPC_READS = 2,       /* changes nothing */
    RPC_PASSWORD = 4,    /* hashes a password: runs on the threads for that */
    RPC_TOKEN = 8,       /* works on the session itself: needs the token, not only the user */
    RPC_MEMBERSHIP = 16, /* posts: `work` finds out nothing but the membership in `channel` */
    RPC_ENDS = 32,       /* ends the session that asks */
};

struct rpc_op {
    struct slice name;
    unsigned flags;
    enum err (*check)(struct rpc_call *call);
    enum err (*work)(struct rpc_call *call, struct store *store);
    /* Ends with rpc_complete(), now or later. */
    void (*finish)(struct rpc_call *call);
};

/* Tables that end with an empty name. */
extern const struct rpc_op rpc_account_ops[];
extern const struct rpc_op rpc_channel_ops[];
extern const struct rpc_op rpc_keeping_ops[];
extern const struct rpc_op rpc_message_ops[];
extern const struct rpc_op rpc_change_ops[];
extern const struct rpc_op rpc_presence_ops[];
extern const struct rpc_op rpc_team_ops[];

/* The call is over with call->err; `done` is called. */
void rpc_complete(struct rpc_call *call);

/* Refuse with a sentence: return rpc_refuse(call, ERR_INVALID, SLICE("...")). The sentence is
 * static. */
enum err rpc_refuse(struct rpc_call *call, enum err err, struct slice problem);

#endif
