/* The operations that keep channels in order: names, who is in, archives. */

#include "chat/channels.h"
#include "rpc/args.h"
#include "rpc/rpc_op.h"
#include "rpc/write.h"

/* What these operations take and find; each uses its part. */
struct keeping_call {
    uint64_t channel;
    uint64_t user;
    uint64_t *others;
    size_t others_len;
    struct slice name;
    struct slice topic;

    struct channel_changes changes;
    struct channel_invited invited;
};

static enum err check_channel(struct rpc_call *call)
{
    struct keeping_call *data = arena_zalloc(&call->arena, sizeof(*data));
    call->data = data;
    return args_id(call, SLICE("channel"), &data->channel);
}

static void reply_channel(struct rpc_call *call, const struct channel *channel)
{
    json_name(&call->out, SLICE("channel"));
    write_channel(&call->out, channel);
}

static void announce(struct rpc_call *call, enum event_kind kind, struct slice text)
{
    const struct keeping_call *data = call->data;
    chat_announce(call->chat, kind, data->channel, call->user, text);
}

/* ---- updateChannel ---- */

static enum err check_update(struct rpc_call *call)
{
    enum err err = check_channel(call);
    struct keeping_call *data = call->data;
    if (err == ERR_NONE)
        err = args_string_or_empty(call, SLICE("name"), 1024, &data->name);
    if (err == ERR_NONE)
        err = args_string_or_empty(call, SLICE("topic"), 4096, &data->topic);
    return err;
}

static enum err work_update(struct rpc_call *call, struct store *store)
{
    struct keeping_call *data = call->data;
    const char *problem = "";
    const enum err err = channel_update(store, call->user, data->channel,
                                        args_has(call, SLICE("name")) ? &data->name : NULL,
                                        args_has(call, SLICE("topic")) ? &data->topic : NULL,
                                        &call->arena, &data->changes, &problem);
    if (err != ERR_NONE)
        return rpc_refuse(call, err, slice_str(problem));
    reply_channel(call, &data->changes.channel);
    return ERR_NONE;
}

static void finish_update(struct rpc_call *call)
{
    const struct keeping_call *data = call->data;
    if (data->changes.renamed)
        announce(call, EVENT_RENAME, data->changes.channel.name);
    if (data->changes.retopiced)
        announce(call, EVENT_TOPIC, data->changes.channel.topic);
    rpc_complete(call);
}

/* ---- inviteToChannel, removeFromChannel ---- */

static enum err check_invite(struct rpc_call *call)
{
    enum err err = check_channel(call);
    struct keeping_call *data = call->data;
    if (err == ERR_NONE)
        err = args_ids(call, SLICE("users"), CHANNEL_INVITES_MAX, &data->others, &data->others_len);
    if (err == ERR_NONE && data->others_len == 0)
        return args_refuse(call, ERR_INVALID, SLICE("users"), "is missing: an array of ids.");
    return err;
}

static enum err work_invite(struct rpc_call *call, struct store *store)
{
    struct keeping_call *data = call->data;
    const char *problem = "";
    const enum err err = channel_invite(store, call->user, data->channel, data->others,
                                        data->others_len, &call->arena, &data->invited, &problem);
    if (err != ERR_NONE)
        return rpc_refuse(call, err, slice_str(problem));
    reply_channel(call, &data->invited.channel);
    json_name(&call->out, SLICE("added"));
    json_array_begin(&call->out);
    for (size_t i = 0; i < data->invited.added_len; i++)
        json_write_u64(&call->out, data->invited.added[i]);
    json_array_end(&call->out);
    return ERR_NONE;
}

static void finish_invite(struct rpc_call *call)
{
    const struct keeping_call *data = call->data;
    const struct notice notice = {.kind = NOTICE_JOINED, .channel = data->channel};
    for (size_t i = 0; i < data->invited.added_len; i++) {
        const uint64_t user = data->invited.added[i];
        chat_notify(call->chat, user, &notice);
        chat_announce(call->chat, EVENT_JOIN, data->channel, user, SLICE_EMPTY);
    }
    rpc_complete(call);
}

static enum err check_remove(struct rpc_call *call)
{
    const enum err err = check_channel(call);
    struct keeping_call *data = call->data;
    return err != ERR_NONE ? err : args_id(call, SLICE("user"), &data->user);
}

static enum err work_remove(struct rpc_call *call, struct store *store)
{
    const struct keeping_call *data = call->data;
    const char *problem = "";
    const enum err err = channel_remove(store, call->user, data->channel, data->user, &problem);
    return err == ERR_NONE ? err : rpc_refuse(call, err, slice_str(problem));
}

static void finish_remove(struct rpc_call *call)
{
    const struct keeping_call *data = call->data;
    /* First the sockets stop hearing the channel, then the others hear that the person left. */
    const struct notice notice = {.kind = NOTICE_LEFT, .channel = data->channel};
    chat_notify(call->chat, data->user, &notice);
    chat_announce(call->chat, EVENT_LEAVE, data->channel, data->user, SLICE_EMPTY);
    rpc_complete(call);
}

/* ---- archiveChannel, unarchiveChannel ---- */

static enum err set_archived(struct rpc_call *call, struct store *store, bool archived)
{
    struct keeping_call *data = call->data;
    const char *problem = "";
    const enum err err = channel_set_archived(store, call->user, data->channel, archived,
                                              &call->arena, &data->changes, &problem);
    if (err != ERR_NONE)
        return rpc_refuse(call, err, slice_str(problem));
    reply_channel(call, &data->changes.channel);
    return ERR_NONE;
}

static enum err work_archive(struct rpc_call *call, struct store *store)
{
    return set_archived(call, store, true);
}

static enum err work_unarchive(struct rpc_call *call, struct store *store)
{
    return set_archived(call, store, false);
}

static void finish_archived(struct rpc_call *call)
{
    const struct keeping_call *data = call->data;
    if (data->changes.archived)
        announce(call, data->changes.channel.archived ? EVENT_ARCHIVE : EVENT_UNARCHIVE,
                 SLICE_EMPTY);
    rpc_complete(call);
}

const struct rpc_op rpc_keeping_ops[] = {
    {{"updateChannel", 13}, 0, check_update, work_update, finish_update},
    {{"inviteToChannel", 15}, 0, check_invite, work_invite, finish_invite},
    {{"removeFromChannel", 17}, 0, check_remove, work_remove, finish_remove},
    {{"archiveChannel", 14}, 0, check_channel, work_archive, finish_archived},
    {{"unarchiveChannel", 16}, 0, check_channel, work_unarchive, finish_archived},
    {{"", 0}, 0, NULL, NULL, NULL},
};
