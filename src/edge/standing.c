/* Asking the store whether a person is a member of a channel, and acting on it. */

#include "edge/standing.h"

#include "base/arena.h"
#include "base/mem.h"
#include "chat/chat.h"
#include "edge/hub.h"
#include "edge/session.h"
#include "ev/pool.h"
#include "rpc/write.h"
#include "store/store.h"

struct check {
    struct list link; /* of the user's checks; unlinked: the user is gone */
    struct job job;
    struct edge *edge;
    struct edge_user *user;
    uint64_t user_id; /* for the store thread */
    uint64_t channel;
    struct edge_channel *held; /* kept open without a session; NULL: not yet */
    bool again;                /* there was another notice meanwhile */

    /* What the store says. */
    struct arena arena;
    struct channel found;
    enum err err;
};

static void ask(struct check *check);

/* ---- acting on the answer ---- */

static void finish(struct check *check)
{
    if (check->held != NULL)
        hub_release_channel(check->edge, check->held);
    list_remove(&check->link);
    arena_fini(&check->arena);
    mem_free(check);
}

/* It cannot be found out: whoever connects again hears what is true then. */
static void give_up(struct check *check)
{
    struct edge_user *user = check->user;
    for (struct list *link = user->sessions.next; link != &user->sessions; link = link->next) {
        struct session *session = LIST_ITEM(link, struct session, user_link);
        if (session->state == SESSION_LIVE)
            session_close(session, WS_CLOSE_TRY_LATER, SLICE("The memberships cannot be read."));
    }
    finish(check);
}

static struct bytes *joined_frame(struct check *check)
{
    struct channel *channel = &check->found;
    hub_compare_channel(check->held, channel);
    struct buf json = {0};
    struct json_writer w;
    json_writer_init(&w, &json);
    json_object_begin(&w);
    write_member_string(&w, SLICE("ev"), SLICE("joined"));
    json_name(&w, SLICE("channel"));
    write_channel(&w, channel);
    json_object_end(&w);
    struct bytes *frame = session_frame(buf_slice(&json));
    buf_fini(&json);
    return frame;
}

/* The channel is held open, so no session can be the first that subscribes to it. */
static void add_all(struct check *check)
{
    struct edge_user *user = check->user;
    struct bytes *frame = joined_frame(check);
    for (struct list *link = user->sessions.next; link != &user->sessions; link = link->next) {
        struct session *session = LIST_ITEM(link, struct session, user_link);
        bool fresh;
        if (session->state == SESSION_LIVE && hub_find(session, check->channel) == NULL &&
            hub_add_channel(session, check->channel, &fresh))
            (void)session_push(session, frame, CLASS_ANSWER);
    }
    bytes_unref(frame);
    finish(check);
}

static void done(struct job *job)
{
    struct check *check = LIST_ITEM(job, struct check, job);
    check->edge->checks--;
    if (!list_linked(&check->link)) {
        finish(check);
    } else if (check->again) {
        ask(check);
    } else if (check->err != ERR_NONE && check->err != ERR_NOT_FOUND) {
        give_up(check);
    } else if (check->err == ERR_NOT_FOUND || !check->found.member) {
        hub_leave(check->user, check->channel);
        finish(check);
    } else if (check->held != NULL) {
        add_all(check);
    } else {
        /* What the store said last must not be older than the subscription. */
        bool fresh = false;
        check->held = hub_hold_channel(check->edge, check->channel, &fresh);
        if (check->held == NULL)
            give_up(check);
        else if (fresh)
            ask(check);
        else
            add_all(check);
    }
}

/* ---- asking ---- */

static void work(struct job *job, void *store)
{
    struct check *check = LIST_ITEM(job, struct check, job);
    check->err =
        store_channel_get(store, check->channel, check->user_id, &check->arena, &check->found);
}

static void ask(struct check *check)
{
    struct chat *chat = check->edge->chat;
    arena_fini(&check->arena);
    check->again = false;
    check->edge->checks++;
    if (pool_submit(chat->stores, chat->loop, &check->job, work, done) == ERR_NONE)
        return;
    check->edge->checks--;
    give_up(check);
}

void standing_check(struct edge *edge, struct edge_user *user, uint64_t channel)
{
    for (struct list *link = user->checks.next; link != &user->checks; link = link->next) {
        struct check *check = LIST_ITEM(link, struct check, link);
        if (check->channel == channel) {
            check->again = true;
            return;
        }
    }
    struct check *check = mem_zalloc(sizeof(*check));
    check->edge = edge;
    check->user = user;
    check->user_id = user->id;
    check->channel = channel;
    list_push(&user->checks, &check->link);
    ask(check);
}

void standing_forget(struct edge_user *user)
{
    while (list_pop(&user->checks) != NULL)
        ;
}
