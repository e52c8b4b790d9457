/*
 * Hello: who is it, which channels are theirs, and no gap between what the answer says and what is
 * pushed after it.
 *
 * The store is asked, then the session subscribes, and if that subscription was the first of its
 * channel here, or if memberships changed meanwhile, the store is asked again: what the last answer
 * says is then not older than the subscriptions. What the loop itself has seen since counts as
 * well.
 */

#include "base/clock.h"
#include "base/mem.h"
#include "chat/chat.h"
#include "edge/hub.h"
#include "edge/session.h"
#include "edge/validity.h"
#include "net/conn.h"
#include "rpc/rpc.h"
#include "rpc/write.h"
#include "store/store.h"

#define LOADS_MAX 8u
#define CROWD_RETRY_MS 10000u

struct load {
    struct job job;
    struct session *session;
    struct rpc_call *call;
    unsigned loads;
    enum err err;

    /* What the store says. */
    struct arena arena;
    struct store_session login;
    struct user user;
    struct store_channels channels;
};

static void run_load(struct load *load);

/* ---- on a store thread ---- */

static enum err ask(struct load *load, struct store *store)
{
    if (!load->call->has_token)
        return ERR_UNAUTHENTICATED;
    enum err err = account_of_token(store, load->call->token_hash, &load->login);
    const uint64_t id = load->login.user;
    if (err == ERR_NONE)
        err = store_user_get(store, id, &load->arena, &load->user);
    if (err == ERR_NONE)
        err = store_channels_of(store, id, &load->arena, &load->channels);
    return err;
}

static void work(struct job *job, void *context)
{
    struct load *load = LIST_ITEM(job, struct load, job);
    load->err = ask(load, context);
}

/* ---- on the loop ---- */

static void finish(struct load *load)
{
    struct session *session = load->session;
    if (session->conn != NULL && session->state != SESSION_CLOSING)
        session_push_json(session, buf_slice(&load->call->reply), CLASS_ANSWER);
    rpc_destroy(load->call);
    arena_fini(&load->arena);
    mem_free(load);
    session_release(session);
}

static void fail(struct load *load, enum err err)
{
    struct session *session = load->session;
    if (session->state == SESSION_LOADING) {
        session->state = SESSION_NEW; /* it may try again, in what is left of its time */
        hub_remove_all_channels(session);
        hub_remove_user(session);
    }
    const bool crowd = err == ERR_RATE_LIMITED;
    rpc_write_error(&load->call->reply, true, load->call->id, err,
                    crowd ? SLICE("Too many connections of yours are open.") : SLICE_EMPTY,
                    crowd ? CROWD_RETRY_MS : 0);
    finish(load);
}

/*
 * The loop may have seen a newer event than the store's answer; and where it has seen none yet, it
 * knows from the answer what the next one must follow.
 */
static void compare_heads(struct load *load)
{
    for (size_t i = 0; i < load->channels.count; i++) {
        struct channel *channel = &load->channels.items[i];
        struct edge_channel *here = map_get(&load->session->edge->channels, channel->id);
        if (here != NULL)
            hub_compare_channel(here, channel);
    }
}

static void answer(struct load *load)
{
    struct session *session = load->session;
    struct rpc_call *call = load->call;
    struct json_writer w;
    compare_heads(load);
    json_writer_init(&w, &call->reply);
    json_object_begin(&w);
    write_member_u64(&w, SLICE("re"), call->id);
    json_name(&w, SLICE("user"));
    write_user(&w, &load->user);
    write_channels(&w, SLICE("channels"), &load->channels);
    json_name(&w, SLICE("server"));
    json_object_begin(&w);
    write_member_string(&w, SLICE("version"), session->edge->options->version);
    json_object_end(&w);
    json_object_end(&w);
    session->state = SESSION_LIVE;
    validity_begin(session, load->login.expires_us);
    session_arm(session);
    finish(load);
}

static bool listed(const struct store_channels *channels, uint64_t id)
{
    /* Ascending by id. */
    size_t low = 0;
    size_t high = channels->count;
    while (low < high) {
        const size_t mid = low + (high - low) / 2;
        if (channels->items[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < channels->count && channels->items[low].id == id;
}

/* Make the session's channels those that the store named. ERR_UNAVAILABLE: the bus refuses. */
static enum err subscribe(struct load *load, bool *fresh)
{
    struct session *session = load->session;
    const enum err err = session->user == NULL ? hub_add_user(session, load->user.id) : ERR_NONE;
    if (err != ERR_NONE)
        return err;
    for (uint32_t i = session->channels_len; i > 0; i--) {
        struct membership *membership = &session->channels[i - 1];
        if (!listed(&load->channels, membership->channel->id))
            hub_remove_channel(session, membership);
    }
    for (size_t i = 0; i < load->channels.count; i++) {
        if (!hub_add_channel(session, load->channels.items[i].id, fresh))
            return ERR_UNAVAILABLE;
    }
    return ERR_NONE;
}

static void loaded(struct job *job)
{
    struct load *load = LIST_ITEM(job, struct load, job);
    struct session *session = load->session;
    if (session->conn == NULL || session->state != SESSION_LOADING) {
        finish(load);
        return;
    }
    if (load->err != ERR_NONE) {
        fail(load, load->err);
        return;
    }
    /* The first time nothing was subscribed to when the store was asked, not even the user. */
    bool again = session->user == NULL || session->changed;
    session->changed = false;
    const enum err err = subscribe(load, &again);
    if (err != ERR_NONE)
        fail(load, err);
    else if (!again)
        answer(load);
    else if (load->loads >= LOADS_MAX)
        fail(load, ERR_UNAVAILABLE); /* memberships change faster than they can be read */
    else
        run_load(load);
}

static void run_load(struct load *load)
{
    struct chat *chat = load->session->edge->chat;
    load->loads++;
    arena_fini(&load->arena);
    const enum err err = pool_submit(chat->stores, chat->loop, &load->job, work, loaded);
    if (err != ERR_NONE)
        fail(load, err);
}

/* ---- the request ---- */

static bool take_token(struct session *session, struct rpc_call *call)
{
    struct json value;
    struct buf token = {0};
    if (json_get(call->args, SLICE("token"), &value) && value.type != JSON_NULL) {
        (void)json_string(value, &token);
        rpc_set_token(call, buf_slice(&token));
        buf_fini(&token);
    } else {
        call->has_token = session->has_token;
        memcpy(call->token_hash, session->token_hash, TOKEN_HASH_BYTES);
    }
    return call->has_token;
}

void session_hello(struct session *session, struct rpc_call *call)
{
    struct load *load = mem_zalloc(sizeof(*load));
    load->session = session;
    load->call = call;
    session->in_flight++;
    if (session->state != SESSION_NEW) {
        rpc_write_error(&call->reply, true, call->id, ERR_INVALID, SLICE("hello was said already."),
                        0);
        finish(load);
        return;
    }
    if (!take_token(session, call)) {
        fail(load, ERR_UNAUTHENTICATED);
        return;
    }
    session->state = SESSION_LOADING;
    session->changed = false;
    session->has_token = true;
    memcpy(session->token_hash, call->token_hash, TOKEN_HASH_BYTES);
    run_load(load);
}
