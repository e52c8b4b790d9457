/* The operation that asks who is there. Watching and telling are the edge's. */

#include "presence/presence.h"
#include "rpc/args.h"
#include "rpc/rpc_op.h"
#include "rpc/write.h"

struct presence_call {
    uint64_t *users;
    size_t count;
};

static enum err check(struct rpc_call *call)
{
    struct presence_call *wanted = arena_zalloc(&call->arena, sizeof(*wanted));
    call->data = wanted;
    const enum err err =
        args_ids(call, SLICE("users"), PRESENCE_USERS_MAX, &wanted->users, &wanted->count);
    if (err == ERR_NONE && wanted->count == 0)
        return args_refuse(call, ERR_INVALID, SLICE("users"), "is missing: an array of ids.");
    return err;
}

/* Nothing but who asks. */
static enum err work(struct rpc_call *call, struct store *store)
{
    (void)call;
    (void)store;
    return ERR_NONE;
}

static void got(enum err err, const struct presence_seen *seen, size_t count, void *arg)
{
    struct rpc_call *call = arg;
    call->err = err;
    if (err == ERR_NONE)
        write_presence(&call->out, seen, count);
    rpc_complete(call);
}

static void finish(struct rpc_call *call)
{
    const struct presence_call *wanted = call->data;
    call->err = presence_get(call->chat->presence, wanted->users, wanted->count, got, call);
    if (call->err != ERR_NONE)
        rpc_complete(call);
}

const struct rpc_op rpc_presence_ops[] = {
    {{"getPresence", 11}, RPC_READS, check, work, finish},
    {{"", 0}, 0, NULL, NULL, NULL},
};
