/* The way of a call through its steps. */

#include "rpc/rpc.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "rpc/rpc_op.h"
#include "store/store.h"

/* ---- errors ---- */

/* What a person is told when the operation has nothing better to say. */
static struct slice usual_problem(enum err err)
{
    switch (err) {
    case ERR_INVALID:
        return SLICE("An argument is missing or malformed.");
    case ERR_UNAUTHENTICATED:
        return SLICE("You are not logged in, or your session has ended. Log in again.");
    case ERR_WRONG_PASSWORD:
        return SLICE("The name is unknown or the password is wrong.");
    case ERR_FORBIDDEN:
        return SLICE("You may not do that.");
    case ERR_NOT_MEMBER:
        return SLICE("You are not a member of that channel.");
    case ERR_NOT_FOUND:
        return SLICE("There is no such thing, or it is not visible to you.");
    case ERR_EXISTS:
        return SLICE("That name is taken. Choose another one.");
    case ERR_TOO_BIG:
        return SLICE("That is too long.");
    case ERR_RATE_LIMITED:
        return SLICE("Too many requests. Wait a moment.");
    case ERR_UNAVAILABLE:
    case ERR_UNCERTAIN:
        return SLICE("The server is overloaded or a part of it is down. Try again.");
    case ERR_DISK_FULL:
        return SLICE("The server's disk is full. Nothing new can be stored until there is room.");
    case ERR_NONE:
    case ERR_IO:
    case ERR_CORRUPT:
    case ERR_INTERNAL:
        break;
    }
    return SLICE("The server could not do that because of a fault of its own.");
}

void rpc_write_error(struct buf *out, bool has_id, uint64_t id, enum err err, struct slice problem,
                     uint64_t retry_after_ms)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_object_begin(&w);
    if (has_id) {
        json_name(&w, SLICE("re"));
        json_write_u64(&w, id);
    }
    json_name(&w, SLICE("error"));
    json_write_string(&w, slice_str(err_name(err)));
    json_name(&w, SLICE("message"));
    json_write_string(&w, problem.len > 0 ? problem : usual_problem(err));
    if (retry_after_ms > 0) {
        json_name(&w, SLICE("retry_after_ms"));
        json_write_u64(&w, retry_after_ms);
    }
    json_object_end(&w);
}

enum err rpc_refuse(struct rpc_call *call, enum err err, struct slice problem)
{
    call->problem = problem;
    return err;
}

/* ---- finding ---- */

static const struct rpc_op *const tables[] = {rpc_message_ops, rpc_change_ops,   rpc_channel_ops,
                                              rpc_account_ops, rpc_presence_ops, rpc_team_ops,
                                              rpc_keeping_ops};

const struct rpc_op *rpc_find(struct slice name)
{
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        for (const struct rpc_op *op = tables[i]; op->name.len > 0; op++) {
            if (slice_eq(op->name, name))
                return op;
        }
    }
    return NULL;
}

bool rpc_reads(const struct rpc_op *op)
{
    return (op->flags & RPC_READS) != 0;
}

bool rpc_ends_session(const struct rpc_op *op)
{
    return (op->flags & RPC_ENDS) != 0;
}

bool rpc_posts(const struct rpc_op *op)
{
    return (op->flags & RPC_MEMBERSHIP) != 0;
}

/* ---- life cycle ---- */

struct rpc_call *rpc_create(struct chat *chat, struct slice text)
{
    assert(text.len <= RPC_TEXT_MAX);
    struct rpc_call *call = mem_zalloc(sizeof(*call));
    call->chat = chat;
    if (!json_parse(arena_copy(&call->arena, text), RPC_DEPTH_MAX, &call->args) ||
        call->args.type != JSON_OBJECT) {
        rpc_destroy(call);
        return NULL;
    }
    return call;
}

void rpc_set_id(struct rpc_call *call, uint64_t id)
{
    call->has_id = true;
    call->id = id;
}

void rpc_set_token(struct rpc_call *call, struct slice token)
{
    call->has_token = token_hash(token, call->token_hash);
}

void rpc_set_from(struct rpc_call *call, struct slice key)
{
    assert(key.len <= sizeof(call->from));
    memcpy(call->from, key.ptr, key.len);
    call->from_len = key.len;
}

void rpc_destroy(struct rpc_call *call)
{
    if (call == NULL)
        return;
    arena_fini(&call->arena);
    buf_fini(&call->reply);
    mem_free(call);
}

/* ---- the steps ---- */

static void complete_later(struct task *task)
{
    rpc_complete(LIST_ITEM(task, struct rpc_call, task));
}

void rpc_complete(struct rpc_call *call)
{
    if (call->starting) {
        call->task.run = complete_later;
        loop_post(call->chat->loop, &call->task);
        return;
    }
    if (call->err == ERR_NONE) {
        json_object_end(&call->out);
    } else {
        buf_clear(&call->reply);
        rpc_write_error(&call->reply, call->has_id, call->id, call->err, call->problem,
                        call->retry_after_ms);
    }
    call->done(call);
}

static enum err identify(struct rpc_call *call, struct store *store)
{
    const unsigned flags = call->op->flags;
    const bool known = call->user != 0 && (flags & RPC_TOKEN) == 0;
    if (known || (flags & RPC_ANONYMOUS) != 0)
        return ERR_NONE;
    if (!call->has_token)
        return ERR_UNAUTHENTICATED;
    struct store_session session;
    const enum err err = account_of_token(store, call->token_hash, &session);
    if (err == ERR_NONE)
        call->user = session.user;
    return err;
}

static void work(struct job *job, void *context)
{
    struct rpc_call *call = LIST_ITEM(job, struct rpc_call, job);
    struct store *store = context;
    call->err = identify(call, store);
    if (call->err == ERR_NONE)
        call->err = call->op->work(call, store);
}

static void worked(struct job *job)
{
    struct rpc_call *call = LIST_ITEM(job, struct rpc_call, job);
    if (call->err == ERR_NONE && call->op->finish != NULL)
        call->op->finish(call);
    else
        rpc_complete(call);
}

/* Whether the caller has vouched for all that `work` would find out. */
static bool vouched(const struct rpc_call *call)
{
    return call->user != 0 && call->member_of != 0 && (call->op->flags & RPC_MEMBERSHIP) != 0;
}

static void run_steps(struct rpc_call *call)
{
    call->err = call->op->check == NULL ? ERR_NONE : call->op->check(call);
    if (call->err == ERR_NONE && vouched(call)) {
        call->op->finish(call);
        return;
    }
    struct pool *pool =
        (call->op->flags & RPC_PASSWORD) != 0 ? call->chat->passwords : call->chat->stores;
    enum err err = call->err;
    if (err == ERR_NONE)
        err = pool_submit(pool, call->chat->loop, &call->job, work, worked);
    if (err == ERR_NONE)
        return; /* call->err is the other thread's now: it may have refused already */
    call->err = err;
    rpc_complete(call);
}

void rpc_start(struct rpc_call *call)
{
    json_writer_init(&call->out, &call->reply);
    json_object_begin(&call->out);
    if (call->has_id) {
        json_name(&call->out, SLICE("re"));
        json_write_u64(&call->out, call->id);
    }
    call->starting = true;
    run_steps(call);
    call->starting = false;
}
