#ifndef RPC_RPC_H
#define RPC_RPC_H

/*
 * Rpc: the operations of docs/PROTOCOL.md as JSON in, JSON out, the same for WebSocket and HTTP.
 *
 * A role makes a call, fills in who asks and the arguments, and starts it; the call's `done` comes
 * later on the same loop, exactly once, and the role then reads the answer and destroys the call.
 *
 * A call goes through these steps, each of them a function of its operation or absent:
 *   check   on the loop: read the arguments, refuse bad ones
 *   work    on a store thread: who is it, may they, do it
 *   finish  on the loop: tell others; or post and answer when that is done
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"
#include "chat/chat.h"
#include "ev/pool.h"

#define RPC_DEPTH_MAX 16u
#define RPC_TEXT_MAX (64u * 1024u)

struct rpc_call;
struct rpc_op;

typedef void rpc_done_fn(struct rpc_call *call);

struct rpc_call {
    struct chat *chat;
    const struct rpc_op *op;
    struct arena arena;
    struct json args; /* into the arena */

    /* Who asks: a user that the caller vouches for, or else a token. */
    uint64_t user;
    bool has_token;
    uint8_t token_hash[TOKEN_HASH_BYTES];
    /* From where: address_key() of the client's address, or empty. */
    uint8_t from[16];
    size_t from_len;
    /* The call's channel, when the caller knows the user to be a member of it right now; else 0. */
    uint64_t member_of;

    /* The answer: a JSON object, complete when `done` comes. */
    struct buf reply;
    enum err err;
    uint64_t retry_after_ms;
    struct slice new_token; /* of a new session; else empty */

    rpc_done_fn *done;
    void *owner;           /* the role's */
    struct rpc_call *next; /* the role's */

    /* For the steps of the operation. */
    struct json_writer out;
    void *data;           /* the operation's own, in the arena */
    struct slice problem; /* a sentence for the person; empty: the usual one */
    struct job job;
    struct task task;
    bool starting; /* inside rpc_start(): `done` must wait */
    bool has_id;
    uint64_t id;
};

/* The operation called `name`, or NULL. */
const struct rpc_op *rpc_find(struct slice name);

/* Whether the operation only reads, so that HTTP may GET it. */
bool rpc_reads(const struct rpc_op *op);

/* Whether the operation ends the session that asks. */
bool rpc_ends_session(const struct rpc_op *op);

/* Whether it adds an event to a channel: those of one connection keep their order. */
bool rpc_posts(const struct rpc_op *op);

/*
 * A call with the arguments in `text`, which is copied. NULL when that is no JSON object of at most
 * RPC_DEPTH_MAX levels. The caller sets op, user or token, done and owner before it starts it.
 */
struct rpc_call *rpc_create(struct chat *chat, struct slice text);

/* Begin the answer with "re". */
void rpc_set_id(struct rpc_call *call, uint64_t id);

/* The token that the client showed; what cannot be one counts as none. */
void rpc_set_token(struct rpc_call *call, struct slice token);

/* The client's address, as a key. */
void rpc_set_from(struct rpc_call *call, struct slice key);

/* Go through the steps. `done` comes in a later turn of the loop. */
void rpc_start(struct rpc_call *call);

/* After `done`, or before the start. NULL is allowed. */
void rpc_destroy(struct rpc_call *call);

/* Write {"re":id,"error":...,"message":...} to `out`; an empty `problem` means the usual sentence.
 */
void rpc_write_error(struct buf *out, bool has_id, uint64_t id, enum err err, struct slice problem,
                     uint64_t retry_after_ms);

#endif
