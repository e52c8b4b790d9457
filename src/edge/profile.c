/* Asking the store how an account is, and telling its sockets. */

#include "edge/profile.h"

#include "base/mem.h"
#include "chat/chat.h"
#include "edge/hub.h"
#include "edge/session.h"
#include "ev/pool.h"
#include "rpc/write.h"

struct profile_check {
    struct job job;
    struct edge *edge;
    struct edge_user *user; /* NULL: is gone */
    uint64_t user_id;       /* for the store thread */
    bool again;             /* there was another notice meanwhile */

    /* What the store says. */
    struct arena arena;
    struct user found;
    enum err err;
};

static void ask(struct profile_check *check);

static void finish(struct profile_check *check)
{
    if (check->user != NULL)
        check->user->profile = NULL;
    arena_fini(&check->arena);
    mem_free(check);
}

static void tell(const struct profile_check *check)
{
    struct buf json = {0};
    struct json_writer w;
    json_writer_init(&w, &json);
    json_object_begin(&w);
    write_member_string(&w, SLICE("ev"), SLICE("user"));
    json_name(&w, SLICE("user"));
    write_user(&w, &check->found);
    json_object_end(&w);
    struct bytes *frame = session_frame(buf_slice(&json));
    const struct list *all = &check->user->sessions;
    for (struct list *link = all->next; link != all; link = link->next) {
        struct session *session = LIST_ITEM(link, struct session, user_link);
        if (session->state == SESSION_LIVE)
            (void)session_push(session, frame, CLASS_LIVE);
    }
    bytes_unref(frame);
    buf_fini(&json);
}

static void done(struct job *job)
{
    struct profile_check *check = LIST_ITEM(job, struct profile_check, job);
    check->edge->checks--;
    if (check->user != NULL && check->again) {
        ask(check);
        return;
    }
    /* When it cannot be read now, the next hello tells it. */
    if (check->user != NULL && check->err == ERR_NONE)
        tell(check);
    finish(check);
}

static void work(struct job *job, void *store)
{
    struct profile_check *check = LIST_ITEM(job, struct profile_check, job);
    check->err = store_user_get(store, check->user_id, &check->arena, &check->found);
}

static void ask(struct profile_check *check)
{
    struct chat *chat = check->edge->chat;
    arena_fini(&check->arena);
    check->again = false;
    check->edge->checks++;
    if (pool_submit(chat->stores, chat->loop, &check->job, work, done) == ERR_NONE)
        return;
    check->edge->checks--;
    finish(check);
}

void profile_check(struct edge *edge, struct edge_user *user)
{
    if (user->profile != NULL) {
        user->profile->again = true;
        return;
    }
    struct profile_check *check = mem_zalloc(sizeof(*check));
    check->edge = edge;
    check->user = user;
    check->user_id = user->id;
    user->profile = check;
    ask(check);
}

void profile_forget(struct edge_user *user)
{
    if (user->profile != NULL)
        user->profile->user = NULL;
    user->profile = NULL;
}
