/* Presence at an edge: telling of its own people, and passing on what is told of others. */

#include "edge/watch.h"

#include "base/mem.h"
#include "bus/bus.h"
#include "chat/chat.h"
#include "edge/hub.h"
#include "edge/session.h"
#include "presence/presence.h"
#include "rpc/args.h"
#include "rpc/rpc.h"
#include "rpc/write.h"

/* A person whom somebody here watches. */
struct watched {
    struct presence_seen seen; /* `at` 0: not known yet */
    struct bus_sub *sub;
    struct list watchers;
};

/* One session that watches one person. */
struct watcher {
    struct list of_watched;
    struct list of_session;
    struct watched *watched;
    struct session *session;
};

/* The first of the session's watchers; NULL, which is its list then, when it never had any. */
static struct list *first_of(const struct session *session)
{
    return session->watching == NULL ? NULL : session->watching->next;
}

/* ---- telling ---- */

void watch_announce(struct edge *edge, struct edge_user *user)
{
    enum presence_state state = PRESENCE_GONE;
    for (struct list *link = user->sessions.next; link != &user->sessions; link = link->next) {
        if (!LIST_ITEM(link, struct session, user_link)->away)
            state = PRESENCE_ONLINE;
        else if (state == PRESENCE_GONE)
            state = PRESENCE_AWAY;
    }
    if (state == user->presence)
        return;
    presence_set(edge->chat->presence, user->id, user->presence, state);
    user->presence = state;
}

static void on_lost(void *arg)
{
    struct edge *edge = arg;
    size_t at = 0;
    uint64_t id;
    void *user;
    while (map_next(&edge->userIdToSocket, &at, &id, &user))
        presence_repeat(edge->chat->presence, id, ((struct edge_user *)user)->presence);
}

void watch_start(struct edge *edge)
{
    presence_on_lost(edge->chat->presence, on_lost, edge);
}

static void reply(struct session *session, struct rpc_call *call)
{
    session_push_json(session, buf_slice(&call->reply), CLASS_ANSWER);
    rpc_destroy(call);
}

static void refuse(struct session *session, struct rpc_call *call, enum err err)
{
    buf_clear(&call->reply);
    rpc_write_error(&call->reply, true, call->id, err, call->problem, 0);
    reply(session, call);
}

static void begin_reply(struct rpc_call *call)
{
    json_writer_init(&call->out, &call->reply);
    json_object_begin(&call->out);
    write_member_u64(&call->out, SLICE("re"), call->id);
}

void watch_set(struct session *session, struct rpc_call *call)
{
    struct slice state;
    const enum err err = args_string(call, SLICE("state"), 16, &state);
    const bool away = slice_eq(state, SLICE("away"));
    if (err != ERR_NONE || (!away && !slice_eq(state, SLICE("online")))) {
        call->problem = SLICE("state must be \"online\" or \"away\".");
        refuse(session, call, ERR_INVALID);
        return;
    }
    session->away = away;
    watch_announce(session->edge, session->user);
    begin_reply(call);
    json_object_end(&call->out);
    reply(session, call);
}

/* ---- passing on ---- */

static struct bytes *presence_frame(const struct presence_seen *seen)
{
    struct buf json = {0};
    struct json_writer w;
    json_writer_init(&w, &json);
    json_object_begin(&w);
    write_member_string(&w, SLICE("ev"), SLICE("presence"));
    write_member_u64(&w, SLICE("user"), seen->user);
    write_member_string(&w, SLICE("state"), presence_name(seen->state));
    json_object_end(&w);
    struct bytes *frame = session_frame(buf_slice(&json));
    buf_fini(&json);
    return frame;
}

static void learn(struct watched *watched, const struct presence_seen *seen)
{
    if (seen->at <= watched->seen.at)
        return;
    const bool changed = watched->seen.at != 0 && watched->seen.state != seen->state;
    watched->seen = *seen;
    if (!changed)
        return;
    struct bytes *frame = presence_frame(seen);
    for (struct list *link = watched->watchers.next; link != &watched->watchers;
         link = link->next) {
        struct session *session = LIST_ITEM(link, struct watcher, of_watched)->session;
        if (!session_push(session, frame, CLASS_LIVE))
            session->presence_missed = true;
    }
    bytes_unref(frame);
}

static void on_presence(struct bus_topic topic, struct bytes *payload, void *arg)
{
    struct edge *edge = arg;
    struct watched *watched = map_get(&edge->watched, topic.id);
    struct presence_seen seen;
    if (watched != NULL && presence_decode(topic.id, bytes_slice(payload), &seen))
        learn(watched, &seen);
}

void watch_catch_up(struct session *session)
{
    session->presence_missed = false;
    for (struct list *link = first_of(session); link != session->watching; link = link->next) {
        const struct watched *watched = LIST_ITEM(link, struct watcher, of_session)->watched;
        if (watched->seen.at == 0)
            continue;
        struct bytes *frame = presence_frame(&watched->seen);
        if (!session_push(session, frame, CLASS_LIVE))
            session->presence_missed = true;
        bytes_unref(frame);
    }
}

/* ---- who watches whom ---- */

static struct watched *watched_open(struct edge *edge, uint64_t user)
{
    struct watched *watched = mem_zalloc(sizeof(*watched));
    watched->seen.user = user;
    list_init(&watched->watchers);
    if (bus_subscribe(edge->chat->bus, (struct bus_topic){BUS_PRESENCE, user}, on_presence, edge,
                      &watched->sub) != ERR_NONE) {
        mem_free(watched);
        return NULL;
    }
    map_put(&edge->watched, user, watched);
    return watched;
}

static void close_if_unwatched(struct edge *edge, struct watched *watched)
{
    if (!list_empty(&watched->watchers))
        return;
    bus_unsubscribe(edge->chat->bus, watched->sub);
    (void)map_remove(&edge->watched, watched->seen.user);
    mem_free(watched);
}

/* Nothing when it watches that person already: then it is the first, for all were just put there.
 */
static void add(struct session *session, struct watched *watched)
{
    struct list *first = watched->watchers.next;
    if (session->watching == NULL) {
        session->watching = mem_alloc(sizeof(*session->watching));
        list_init(session->watching);
    }
    if (first != &watched->watchers &&
        LIST_ITEM(first, struct watcher, of_watched)->session == session)
        return;
    struct watcher *watcher = mem_zalloc(sizeof(*watcher));
    watcher->watched = watched;
    watcher->session = session;
    list_push(first, &watcher->of_watched); /* before the first */
    list_push(session->watching, &watcher->of_session);
}

/* Take all of the session's watchers out of the lists of whom they watch. */
static void take_all(struct session *session, struct list *out)
{
    struct list *link;
    list_init(out);
    while (session->watching != NULL && (link = list_pop(session->watching)) != NULL) {
        list_push(out, link);
        list_remove(&LIST_ITEM(link, struct watcher, of_session)->of_watched);
    }
}

static void free_all(struct edge *edge, struct list *watchers)
{
    struct list *link;
    while ((link = list_pop(watchers)) != NULL) {
        struct watcher *watcher = LIST_ITEM(link, struct watcher, of_session);
        close_if_unwatched(edge, watcher->watched);
        mem_free(watcher);
    }
}

void watch_nobody(struct session *session)
{
    struct list old;
    take_all(session, &old);
    free_all(session->edge, &old);
    mem_free(session->watching);
    session->watching = NULL;
}

/* Watch these and nobody else; whom it watched before stays subscribed to. */
static bool replace(struct session *session, const uint64_t *users, size_t count)
{
    struct edge *edge = session->edge;
    struct list old;
    bool all = true;
    take_all(session, &old);
    for (size_t i = 0; i < count; i++) {
        struct watched *watched = map_get(&edge->watched, users[i]);
        if (watched == NULL)
            watched = watched_open(edge, users[i]);
        if (watched != NULL)
            add(session, watched);
        else
            all = false;
    }
    free_all(edge, &old);
    return all;
}

/* ---- asking ---- */

/* A question about people of whom nothing is known here, or not for sure. */
struct question {
    struct edge *edge;
    struct session *session; /* who waits for the answer; NULL: nobody */
    struct rpc_call *call;
};

static void answer_watch(struct session *session, struct rpc_call *call)
{
    begin_reply(call);
    json_name(&call->out, SLICE("presence"));
    json_array_begin(&call->out);
    for (struct list *link = first_of(session); link != session->watching; link = link->next)
        write_presence_item(&call->out,
                            &LIST_ITEM(link, struct watcher, of_session)->watched->seen);
    json_array_end(&call->out);
    json_object_end(&call->out);
    reply(session, call);
}

static void end_question(struct question *question, enum err err)
{
    struct session *session = question->session;
    if (session != NULL) {
        if (err == ERR_NONE)
            answer_watch(session, question->call);
        else
            refuse(session, question->call, err);
        session_release(session);
    }
    mem_free(question);
}

static void got(enum err err, const struct presence_seen *seen, size_t count, void *arg)
{
    struct question *question = arg;
    struct edge *edge = question->edge;
    edge->questions--;
    for (size_t i = 0; i < count; i++) {
        struct watched *watched = map_get(&edge->watched, seen[i].user);
        if (watched != NULL)
            learn(watched, &seen[i]);
    }
    end_question(question, err);
}

static void ask(struct edge *edge, const uint64_t *users, size_t count, struct session *session,
                struct rpc_call *call)
{
    struct question *question = mem_alloc(sizeof(*question));
    *question = (struct question){edge, session, call};
    if (session != NULL)
        session->in_flight++;
    const enum err err = presence_get(edge->chat->presence, users, count, got, question);
    if (err == ERR_NONE)
        edge->questions++;
    else
        end_question(question, err);
}

void watch_users(struct session *session, struct rpc_call *call)
{
    uint64_t *users;
    size_t count;
    const enum err err = args_ids(call, SLICE("users"), PRESENCE_USERS_MAX, &users, &count);
    if (err != ERR_NONE) {
        refuse(session, call, err);
        return;
    }
    if (!replace(session, users, count)) {
        refuse(session, call, ERR_UNAVAILABLE);
        return;
    }
    size_t unknown = 0;
    for (size_t i = 0; i < count; i++) {
        const struct watched *watched = map_get(&session->edge->watched, users[i]);
        if (watched->seen.at == 0)
            users[unknown++] = users[i];
    }
    if (unknown == 0)
        answer_watch(session, call);
    else
        ask(session->edge, users, unknown, session, call);
}

void watch_refresh(struct edge *edge, uint64_t part, uint64_t parts)
{
    uint64_t users[PRESENCE_USERS_MAX];
    size_t count = 0;
    size_t at = 0;
    uint64_t user;
    void *watched;
    while (map_next(&edge->watched, &at, &user, &watched)) {
        if (user % parts != part)
            continue;
        users[count++] = user;
        if (count == PRESENCE_USERS_MAX) {
            ask(edge, users, count, NULL, NULL);
            count = 0;
        }
    }
    if (count > 0)
        ask(edge, users, count, NULL, NULL);
}
