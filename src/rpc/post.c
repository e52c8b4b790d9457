/* Adding an event to a channel. */

#include "rpc/post.h"

#include "base/uuid.h"
#include "rpc/args.h"
#include "rpc/write.h"
#include "store/store.h"

enum err post_begin(struct rpc_call *call, enum event_kind kind, struct event **out)
{
    struct post *post = arena_zalloc(&call->arena, sizeof(*post));
    struct event *event = &post->entry.event;
    struct slice cmid;
    call->data = post;
    post->call = call;
    event->kind = kind;
    event->text = SLICE_EMPTY;
    enum err err = args_id(call, SLICE("channel"), &event->channel);
    if (err == ERR_NONE)
        err = args_string(call, SLICE("cmid"), UUID_TEXT_LEN, &cmid);
    if (err != ERR_NONE)
        return err;
    if (!uuid_parse(cmid, event->cmid))
        return args_refuse(call, ERR_INVALID, SLICE("cmid"),
                           "must be a UUID that you make once per message.");
    *out = event;
    return ERR_NONE;
}

enum err post_text(struct rpc_call *call, struct event *event)
{
    const enum err err = args_string(call, SLICE("text"), EVENT_TEXT_MAX, &event->text);
    if (err == ERR_NONE && !event_text_valid(event->text))
        return args_refuse(call, ERR_INVALID, SLICE("text"),
                           "must not be empty and must not hold U+0000.");
    return err;
}

enum err post_work(struct rpc_call *call, struct store *store)
{
    const struct post *post = call->data;
    const enum err err = store_send_check(store, post->entry.event.channel, call->user);
    return err == ERR_FORBIDDEN ? rpc_refuse(call, err, SLICE("The channel is archived.")) : err;
}

/* Why the journal did not take it, in a sentence. */
static enum err explain(struct rpc_call *call, enum err err, enum event_kind kind)
{
    if (err == ERR_NOT_FOUND && event_is_change(kind))
        return rpc_refuse(
            call, err, SLICE("There is no such message in this channel, or it has been deleted."));
    if (err == ERR_NOT_FOUND)
        return rpc_refuse(call, ERR_INVALID,
                          SLICE("thread must be the seq of a message in this channel."));
    if (err == ERR_FORBIDDEN && kind == EVENT_EDIT)
        return rpc_refuse(call, err, SLICE("Only who wrote a message may edit it."));
    if (err == ERR_FORBIDDEN && kind == EVENT_DELETE)
        return rpc_refuse(call, err, SLICE("Only who wrote a message may delete it."));
    return err;
}

static void posted(struct journal_entry *entry)
{
    struct rpc_call *call = LIST_ITEM(entry, struct post, entry)->call;
    const struct event *event = &entry->event;
    call->err = explain(call, entry->result, event->kind);
    if (call->err == ERR_NONE) {
        write_member_u64(&call->out, SLICE("channel"), event->channel);
        write_member_u64(&call->out, SLICE("seq"), event->seq);
        write_member_u64(&call->out, SLICE("prev"), event->prev);
        write_member_u64(&call->out, SLICE("n"), event->n);
        write_member_i64(&call->out, SLICE("ts_us"), event->ts_us);
        if (entry->duplicate)
            write_member_bool(&call->out, SLICE("duplicate"), true);
    }
    rpc_complete(call);
}

void post_finish(struct rpc_call *call)
{
    struct post *post = call->data;
    post->entry.event.sender = call->user;
    if (!chat_may_send(call->chat, call->user, &call->retry_after_ms))
        call->err = ERR_RATE_LIMITED;
    else
        call->err = chat_post(call->chat, &post->entry, posted);
    if (call->err != ERR_NONE)
        rpc_complete(call);
}
