/* The operations on channels and their members. */

#include "chat/channels.h"
#include "rpc/args.h"
#include "rpc/rpc_op.h"
#include "rpc/write.h"
#include "store/store.h"

#define LIST_LIMIT 100u
#define LIST_MAX 500u

/* What these operations take and find; each uses its part. */
struct channel_call {
    uint64_t channel;
    struct slice name;
    struct slice topic;
    bool is_private;
    uint64_t after;
    size_t limit;
    uint64_t *others;
    size_t others_len;

    struct channel found;
    bool changed; /* became a member, made the channel */
};

static struct channel_call *new_data(struct rpc_call *call)
{
    call->data = arena_zalloc(&call->arena, sizeof(struct channel_call));
    return call->data;
}

static void reply_channel(struct rpc_call *call, const struct channel_call *data)
{
    json_name(&call->out, SLICE("channel"));
    write_channel(&call->out, &data->found);
}

static void notify_joined(struct rpc_call *call, uint64_t user)
{
    const struct channel_call *data = call->data;
    const struct notice notice = {.kind = NOTICE_JOINED, .channel = data->found.id};
    chat_notify(call->chat, user, &notice);
}

static enum err check_channel(struct rpc_call *call)
{
    return args_id(call, SLICE("channel"), &new_data(call)->channel);
}

static enum err check_page(struct rpc_call *call)
{
    struct channel_call *data = new_data(call);
    const enum err err = args_u64(call, SLICE("after"), 0, &data->after);
    return err != ERR_NONE ? err : args_limit(call, LIST_LIMIT, LIST_MAX, &data->limit);
}

/* ---- createChannel ---- */

static enum err check_create(struct rpc_call *call)
{
    struct channel_call *data = new_data(call);
    enum err err = args_string(call, SLICE("name"), 1024, &data->name);
    if (err == ERR_NONE)
        err = args_string_or_empty(call, SLICE("topic"), 4096, &data->topic);
    if (err == ERR_NONE)
        err = args_bool(call, SLICE("private"), &data->is_private);
    return err;
}

static enum err work_create(struct rpc_call *call, struct store *store)
{
    struct channel_call *data = call->data;
    const char *problem = "";
    const enum err err =
        channel_create(store, call->user, data->is_private ? CHANNEL_PRIVATE : CHANNEL_PUBLIC,
                       data->name, data->topic, &call->arena, &data->found, &problem);
    if (err != ERR_NONE)
        return rpc_refuse(call, err, slice_str(problem));
    reply_channel(call, data);
    return ERR_NONE;
}

static void finish_create(struct rpc_call *call)
{
    const struct channel_call *data = call->data;
    notify_joined(call, call->user);
    chat_announce(call->chat, EVENT_CREATE, data->found.id, call->user, SLICE_EMPTY);
    rpc_complete(call);
}

/* ---- joinChannel, leaveChannel ---- */

static enum err work_join(struct rpc_call *call, struct store *store)
{
    struct channel_call *data = call->data;
    const enum err err =
        channel_join(store, call->user, data->channel, &call->arena, &data->found, &data->changed);
    if (err == ERR_NONE)
        reply_channel(call, data);
    return err;
}

static void finish_join(struct rpc_call *call)
{
    const struct channel_call *data = call->data;
    if (data->changed) {
        notify_joined(call, call->user);
        chat_announce(call->chat, EVENT_JOIN, data->channel, call->user, SLICE_EMPTY);
    }
    rpc_complete(call);
}

static enum err work_leave(struct rpc_call *call, struct store *store)
{
    const struct channel_call *data = call->data;
    const enum err err = channel_leave(store, call->user, data->channel);
    if (err == ERR_FORBIDDEN)
        return rpc_refuse(call, err, SLICE("A direct conversation cannot be left."));
    return err;
}

static void finish_leave(struct rpc_call *call)
{
    const struct channel_call *data = call->data;
    /* First the sockets stop hearing the channel, then the others hear that the person left. */
    const struct notice notice = {.kind = NOTICE_LEFT, .channel = data->channel};
    chat_notify(call->chat, call->user, &notice);
    chat_announce(call->chat, EVENT_LEAVE, data->channel, call->user, SLICE_EMPTY);
    rpc_complete(call);
}

/* ---- openDirect ---- */

static enum err check_direct(struct rpc_call *call)
{
    struct channel_call *data = new_data(call);
    const enum err err =
        args_ids(call, SLICE("users"), DIRECT_USERS_MAX, &data->others, &data->others_len);
    if (err == ERR_NONE && data->others_len == 0)
        return args_refuse(call, ERR_INVALID, SLICE("users"), "is missing: an array of ids.");
    return err;
}

static enum err work_direct(struct rpc_call *call, struct store *store)
{
    struct channel_call *data = call->data;
    const char *problem = "";
    const enum err err = channel_open_direct(store, call->user, data->others, data->others_len,
                                             &call->arena, &data->found, &data->changed, &problem);
    if (err != ERR_NONE)
        return rpc_refuse(call, err, slice_str(problem));
    reply_channel(call, data);
    return ERR_NONE;
}

static void finish_direct(struct rpc_call *call)
{
    const struct channel_call *data = call->data;
    if (data->changed) {
        for (size_t i = 0; i < data->found.users_len; i++)
            notify_joined(call, data->found.users[i]);
        chat_announce(call->chat, EVENT_CREATE, data->found.id, call->user, SLICE_EMPTY);
    }
    rpc_complete(call);
}

/* ---- lists ---- */

static enum err work_list(struct rpc_call *call, struct store *store)
{
    const struct channel_call *data = call->data;
    struct store_channels page;
    const enum err err =
        store_channels_page(store, call->user, data->after, data->limit, &call->arena, &page);
    if (err != ERR_NONE)
        return err;
    write_channels(&call->out, SLICE("channels"), &page);
    if (page.count == data->limit)
        write_member_u64(&call->out, SLICE("next"), page.items[page.count - 1].id);
    return ERR_NONE;
}

static enum err work_mine(struct rpc_call *call, struct store *store)
{
    struct store_channels mine;
    const enum err err = store_channels_of(store, call->user, &call->arena, &mine);
    if (err == ERR_NONE)
        write_channels(&call->out, SLICE("channels"), &mine);
    return err;
}

static enum err check_members(struct rpc_call *call)
{
    const enum err err = check_page(call);
    struct channel_call *data = call->data;
    return err != ERR_NONE ? err : args_id(call, SLICE("channel"), &data->channel);
}

static enum err work_members(struct rpc_call *call, struct store *store)
{
    const struct channel_call *data = call->data;
    struct store_users page;
    const enum err err = channel_members(store, call->user, data->channel, data->after, data->limit,
                                         &call->arena, &page);
    if (err != ERR_NONE)
        return err;
    write_users(&call->out, SLICE("users"), &page);
    if (page.count == data->limit)
        write_member_u64(&call->out, SLICE("next"), page.items[page.count - 1].id);
    return ERR_NONE;
}

const struct rpc_op rpc_channel_ops[] = {
    {{"createChannel", 13}, 0, check_create, work_create, finish_create},
    {{"listChannels", 12}, RPC_READS, check_page, work_list, NULL},
    {{"getChannels", 11}, RPC_READS, NULL, work_mine, NULL},
    {{"getMembers", 10}, RPC_READS, check_members, work_members, NULL},
    {{"joinChannel", 11}, 0, check_channel, work_join, finish_join},
    {{"leaveChannel", 12}, 0, check_channel, work_leave, finish_leave},
    {{"openDirect", 10}, 0, check_direct, work_direct, finish_direct},
    {{"", 0}, 0, NULL, NULL, NULL},
};
