/* The operations on messages: sending, history, catching up, read markers. */

#include "chat/history.h"
#include "rpc/args.h"
#include "rpc/post.h"
#include "rpc/write.h"
#include "store/store.h"

/* ---- sendMessage ---- */

static enum err check_send(struct rpc_call *call)
{
    struct event *event;
    enum err err = post_begin(call, EVENT_MESSAGE, &event);
    if (err == ERR_NONE)
        err = post_text(call, event);
    return err != ERR_NONE ? err : args_u64(call, SLICE("thread"), 0, &event->thread);
}

/* ---- getMessages ---- */

struct page_call {
    uint64_t channel;
    uint64_t target; /* or the thread */
    struct store_range range;
};

static enum err check_position(struct rpc_call *call, struct store_range *range)
{
    static const struct {
        struct slice name;
        enum store_from from;
    } positions[] = {
        {{"before", 6}, STORE_BEFORE}, {{"after", 5}, STORE_AFTER}, {{"around", 6}, STORE_AROUND}};

    for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
        if (!args_has(call, positions[i].name))
            continue;
        if (range->from != STORE_NEWEST)
            return rpc_refuse(call, ERR_INVALID,
                              SLICE("Give only one of before, after and around."));
        range->from = positions[i].from;
        const enum err err = args_u64(call, positions[i].name, 0, &range->seq);
        if (err != ERR_NONE)
            return err;
    }
    return ERR_NONE;
}

static enum err check_page(struct rpc_call *call)
{
    struct page_call *page = arena_zalloc(&call->arena, sizeof(*page));
    call->data = page;
    page->range = (struct store_range){.from = STORE_NEWEST, .bytes_max = HISTORY_BYTES_MAX};
    enum err err = args_id(call, SLICE("channel"), &page->channel);
    if (err == ERR_NONE)
        err = args_limit(call, 50, HISTORY_LIMIT_MAX, &page->range.limit);
    if (err == ERR_NONE)
        err = check_position(call, &page->range);
    return err;
}

static enum err work_page(struct rpc_call *call, struct store *store)
{
    const struct page_call *wanted = call->data;
    struct store_page page;
    const enum err err =
        history_page(store, call->user, wanted->channel, wanted->range, &call->arena, &page);
    if (err != ERR_NONE)
        return err;
    write_events(&call->out, SLICE("events"), &page);
    write_member_bool(&call->out, SLICE("more_before"), page.more_before);
    write_member_bool(&call->out, SLICE("more_after"), page.more_after);
    return ERR_NONE;
}

/* ---- getThread, getEdits ---- */

static enum err check_thread(struct rpc_call *call)
{
    const enum err err = check_page(call);
    struct page_call *page = call->data;
    return err != ERR_NONE ? err : args_id(call, SLICE("thread"), &page->target);
}

static enum err work_thread(struct rpc_call *call, struct store *store)
{
    struct page_call *wanted = call->data;
    struct event root;
    struct store_page page;
    const enum err err = history_thread(store, call->user, wanted->channel, wanted->target,
                                        wanted->range, &call->arena, &root, &page);
    if (err != ERR_NONE)
        return err;
    json_name(&call->out, SLICE("root"));
    write_event(&call->out, &root);
    write_events(&call->out, SLICE("events"), &page);
    write_member_bool(&call->out, SLICE("more_before"), page.more_before);
    write_member_bool(&call->out, SLICE("more_after"), page.more_after);
    return ERR_NONE;
}

static enum err check_edits(struct rpc_call *call)
{
    struct page_call *page = arena_zalloc(&call->arena, sizeof(*page));
    call->data = page;
    const enum err err = args_id(call, SLICE("channel"), &page->channel);
    return err != ERR_NONE ? err : args_id(call, SLICE("target"), &page->target);
}

static void write_version(struct json_writer *w, const struct event *event)
{
    json_object_begin(w);
    write_member_u64(w, SLICE("seq"), event->seq);
    write_member_i64(w, SLICE("ts_us"), event->ts_us);
    write_member_string(w, SLICE("text"), event->text);
    json_object_end(w);
}

static enum err work_edits(struct rpc_call *call, struct store *store)
{
    const struct page_call *wanted = call->data;
    struct event first;
    struct store_page edits;
    const enum err err = history_edits(store, call->user, wanted->channel, wanted->target,
                                       &call->arena, &first, &edits);
    if (err == ERR_NOT_FOUND)
        return rpc_refuse(
            call, err, SLICE("There is no such message in this channel, or it has been deleted."));
    if (err != ERR_NONE)
        return err;
    json_name(&call->out, SLICE("versions"));
    json_array_begin(&call->out);
    write_version(&call->out, &first);
    for (size_t i = 0; i < edits.count; i++)
        write_version(&call->out, &edits.items[i]);
    json_array_end(&call->out);
    return ERR_NONE;
}

/* ---- resume ---- */

#define RESUME_MAX 1000u

struct resume_call {
    struct history_missed *items;
    size_t count;
};

static bool read_pair(struct json pair, struct history_missed *out)
{
    struct json channel;
    struct json have;
    struct json more;
    size_t at = 0;
    return json_array_next(pair, &at, &channel) && json_array_next(pair, &at, &have) &&
           !json_array_next(pair, &at, &more) && json_u64(channel, &out->channel) &&
           json_u64(have, &out->have) && out->channel > 0 && out->channel < 1ULL << 53 &&
           out->have < 1ULL << 53;
}

static enum err check_resume(struct rpc_call *call)
{
    struct resume_call *resume = arena_zalloc(&call->arena, sizeof(*resume));
    call->data = resume;
    struct json have;
    if (!json_get(call->args, SLICE("have"), &have) || have.type != JSON_ARRAY)
        return args_refuse(call, ERR_INVALID, SLICE("have"),
                           "is missing: an array of [channel, last seq].");
    resume->items = arena_zalloc(&call->arena, RESUME_MAX * sizeof(*resume->items));
    struct json pair;
    size_t at = 0;
    while (json_array_next(have, &at, &pair)) {
        if (resume->count == RESUME_MAX)
            return args_refuse(call, ERR_TOO_BIG, SLICE("have"), "has more than 1,000 pairs.");
        if (!read_pair(pair, &resume->items[resume->count++]))
            return args_refuse(call, ERR_INVALID, SLICE("have"),
                               "must hold pairs of numbers: [channel, last seq].");
    }
    return ERR_NONE;
}

static void write_missed(struct json_writer *w, const struct history_missed *missed)
{
    json_object_begin(w);
    write_member_u64(w, SLICE("channel"), missed->channel);
    if (missed->result != ERR_NONE) {
        write_member_string(w, SLICE("error"), slice_str(err_name(missed->result)));
    } else {
        write_events(w, SLICE("events"), &missed->page);
        if (missed->page.last_seq != 0)
            write_member_u64(w, SLICE("last_seq"), missed->page.last_seq);
        write_member_bool(w, SLICE("complete"), missed->complete);
    }
    json_object_end(w);
}

static enum err work_resume(struct rpc_call *call, struct store *store)
{
    const struct resume_call *resume = call->data;
    const enum err err =
        history_resume(store, call->user, resume->items, resume->count, &call->arena);
    if (err != ERR_NONE)
        return err;
    json_name(&call->out, SLICE("channels"));
    json_array_begin(&call->out);
    for (size_t i = 0; i < resume->count; i++)
        write_missed(&call->out, &resume->items[i]);
    json_array_end(&call->out);
    return ERR_NONE;
}

/* ---- markRead ---- */

struct read_call {
    uint64_t channel;
    uint64_t seq;
    struct channel found;
};

static enum err check_read(struct rpc_call *call)
{
    struct read_call *read = arena_zalloc(&call->arena, sizeof(*read));
    call->data = read;
    const enum err err = args_id(call, SLICE("channel"), &read->channel);
    return err != ERR_NONE ? err : args_id(call, SLICE("seq"), &read->seq);
}

static enum err work_read(struct rpc_call *call, struct store *store)
{
    struct read_call *read = call->data;
    const enum err err =
        store_mark_read(store, read->channel, call->user, read->seq, &call->arena, &read->found);
    if (err != ERR_NONE)
        return err;
    write_member_u64(&call->out, SLICE("read_seq"), read->found.read_seq);
    write_member_u64(&call->out, SLICE("read_n"), read->found.read_n);
    write_member_u64(&call->out, SLICE("unread"), channel_unread(&read->found));
    return ERR_NONE;
}

static void finish_read(struct rpc_call *call)
{
    const struct read_call *read = call->data;
    const struct notice notice = {.kind = NOTICE_READ,
                                  .channel = read->channel,
                                  .read_seq = read->found.read_seq,
                                  .read_n = read->found.read_n,
                                  .unread = channel_unread(&read->found)};
    chat_notify(call->chat, call->user, &notice);
    rpc_complete(call);
}

const struct rpc_op rpc_message_ops[] = {
    {{"sendMessage", 11}, RPC_MEMBERSHIP, check_send, post_work, post_finish},
    {{"getMessages", 11}, RPC_READS, check_page, work_page, NULL},
    {{"getThread", 9}, RPC_READS, check_thread, work_thread, NULL},
    {{"getEdits", 8}, RPC_READS, check_edits, work_edits, NULL},
    {{"resume", 6}, 0, check_resume, work_resume, NULL},
    {{"markRead", 8}, 0, check_read, work_read, finish_read},
    {{"", 0}, 0, NULL, NULL, NULL},
};
