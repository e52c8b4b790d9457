/* The operations that change a message: editing, deleting and reacting. */

#include "rpc/args.h"
#include "rpc/post.h"

static enum err begin_change(struct rpc_call *call, enum event_kind kind, struct event **out)
{
    const enum err err = post_begin(call, kind, out);
    return err != ERR_NONE ? err : args_id(call, SLICE("target"), &(*out)->thread);
}

static enum err check_edit(struct rpc_call *call)
{
    struct event *event;
    const enum err err = begin_change(call, EVENT_EDIT, &event);
    return err != ERR_NONE ? err : post_text(call, event);
}

static enum err check_delete(struct rpc_call *call)
{
    struct event *event;
    return begin_change(call, EVENT_DELETE, &event);
}

static enum err begin_reaction(struct rpc_call *call, enum event_kind kind)
{
    struct event *event;
    enum err err = begin_change(call, kind, &event);
    if (err == ERR_NONE)
        err = args_string(call, SLICE("emoji"), EVENT_EMOJI_MAX, &event->text);
    if (err == ERR_NONE && !event_emoji_valid(event->text))
        return args_refuse(call, ERR_INVALID, SLICE("emoji"),
                           "must be a character, or its name without spaces.");
    return err;
}

static enum err check_add(struct rpc_call *call)
{
    return begin_reaction(call, EVENT_REACT);
}

static enum err check_remove(struct rpc_call *call)
{
    return begin_reaction(call, EVENT_UNREACT);
}

const struct rpc_op rpc_change_ops[] = {
    {{"editMessage", 11}, RPC_MEMBERSHIP, check_edit, post_work, post_finish},
    {{"deleteMessage", 13}, RPC_MEMBERSHIP, check_delete, post_work, post_finish},
    {{"addReaction", 11}, RPC_MEMBERSHIP, check_add, post_work, post_finish},
    {{"removeReaction", 14}, RPC_MEMBERSHIP, check_remove, post_work, post_finish},
    {{"", 0}, 0, NULL, NULL, NULL},
};
