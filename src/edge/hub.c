/* The edge's indexes of its sockets, and the fan-out over them. */

#include "edge/hub.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "bus/bus.h"
#include "chat/chat.h"
#include "edge/profile.h"
#include "edge/repair.h"
#include "edge/session.h"
#include "edge/standing.h"
#include "edge/typing.h"
#include "edge/watch.h"
#include "model/event.h"
#include "rpc/write.h"

/* ---- events of a channel ---- */

/* `packed` is the same compressed, for those who can read that; NULL: it is not worth it. */
static void fan_out(struct edge *edge, struct edge_channel *channel, struct bytes *frame,
                    struct bytes *packed)
{
    for (uint32_t i = 0; i < channel->places_len; i++) {
        const struct channel_place *place = &channel->places[i];
        struct session *session = place->session;
        if (session->state != SESSION_LIVE)
            continue; /* loading: its hello will tell of this event; closing: too late */
        struct bytes *fitting = session->compresses && packed != NULL ? packed : frame;
        if (session_push(session, fitting, CLASS_HISTORY)) {
            edge->stats.deliveries++;
        } else {
            session->channels[place->membership].missed = true;
            edge->stats.left_out++;
        }
    }
}

/* Encoded once, the same bytes for every socket. */
void hub_deliver_event(struct edge *edge, struct edge_channel *channel, const struct event *event)
{
    if (event->seq <= channel->last_seq)
        return; /* a repair was faster */
    channel->last_seq = event->seq;
    channel->last_n = event->n;
    if (event->kind == EVENT_ARCHIVE || event->kind == EVENT_UNARCHIVE)
        channel->archived = event->kind == EVENT_ARCHIVE;
    struct json_writer w;
    buf_clear(&edge->scratch);
    json_writer_init(&w, &edge->scratch);
    write_event(&w, event);
    struct bytes *frame = session_frame(buf_slice(&edge->scratch));
    struct bytes *packed = session_frame_compressed(edge, buf_slice(&edge->scratch));
    fan_out(edge, channel, frame, packed);
    bytes_unref(packed);
    bytes_unref(frame);
}

void hub_deliver(struct edge *edge, struct edge_channel *channel, struct bytes *payload)
{
    struct event event;
    if (event_decode(bytes_slice(payload), &event))
        hub_deliver_event(edge, channel, &event);
}

void hub_compare_channel(struct edge_channel *here, struct channel *channel)
{
    if (here->last_seq > channel->last_seq) {
        channel->last_seq = here->last_seq;
        channel->last_n = here->last_n;
        return;
    }
    here->archived = channel->archived;
    if (here->last_seq == 0) {
        here->last_seq = channel->last_seq;
        here->last_n = channel->last_n;
    }
}

static void note_arrival(struct edge *edge, const struct event *event)
{
    const int64_t age_us = clock_wall_us() - event->ts_us;
    histogram_add(&edge->stats.bus, age_us > 0 ? (uint64_t)age_us : 0);
    if (edge->arrived_ns == 0)
        edge->arrived_ns = clock_mono_ns();
}

static void on_channel_event(struct bus_topic topic, struct bytes *payload, void *arg)
{
    struct edge *edge = arg;
    struct edge_channel *channel = map_get(&edge->channels, topic.id);
    struct event event;
    if (channel == NULL || typing_pass_on(channel, bytes_slice(payload)) ||
        !event_decode(bytes_slice(payload), &event))
        return;
    edge->stats.events++;
    note_arrival(edge, &event);
    const bool hole = channel->last_seq != 0 && event.prev > channel->last_seq;
    if (hole)
        repair_channel(edge, channel);
    if (channel->repairing)
        repair_hold(channel, payload);
    else
        hub_deliver_event(edge, channel, &event);
}

/* ---- what concerns one person ---- */

static struct bytes *left_frame(uint64_t channel)
{
    struct buf json = {0};
    struct json_writer w;
    json_writer_init(&w, &json);
    json_object_begin(&w);
    write_member_string(&w, SLICE("ev"), SLICE("left"));
    write_member_u64(&w, SLICE("channel"), channel);
    json_object_end(&w);
    struct bytes *frame = session_frame(buf_slice(&json));
    buf_fini(&json);
    return frame;
}

void hub_leave(struct edge_user *user, uint64_t channel)
{
    struct bytes *frame = left_frame(channel);
    for (struct list *link = user->sessions.next; link != &user->sessions; link = link->next) {
        struct session *session = LIST_ITEM(link, struct session, user_link);
        struct membership *membership = hub_find(session, channel);
        if (session->state != SESSION_LIVE || membership == NULL)
            continue;
        hub_remove_channel(session, membership);
        (void)session_push(session, frame, CLASS_ANSWER);
    }
    bytes_unref(frame);
}

static void tell_read(struct edge_user *user, const struct notice *notice)
{
    struct buf json = {0};
    struct json_writer w;
    json_writer_init(&w, &json);
    json_object_begin(&w);
    write_member_string(&w, SLICE("ev"), SLICE("read"));
    write_member_u64(&w, SLICE("channel"), notice->channel);
    write_member_u64(&w, SLICE("read_seq"), notice->read_seq);
    write_member_u64(&w, SLICE("read_n"), notice->read_n);
    write_member_u64(&w, SLICE("unread"), notice->unread);
    json_object_end(&w);
    struct bytes *frame = session_frame(buf_slice(&json));
    for (struct list *link = user->sessions.next; link != &user->sessions; link = link->next) {
        struct session *session = LIST_ITEM(link, struct session, user_link);
        if (session->state == SESSION_LIVE)
            (void)session_push(session, frame, CLASS_LIVE);
    }
    bytes_unref(frame);
    buf_fini(&json);
}

static void end_session(struct edge_user *user, uint64_t key)
{
    /* Closing a session only takes it out of the list when its connection is gone, later. */
    for (struct list *link = user->sessions.next; link != &user->sessions; link = link->next) {
        struct session *session = LIST_ITEM(link, struct session, user_link);
        if (session->state == SESSION_CLOSING || !session->has_token ||
            token_session_key(session->token_hash) != key)
            continue;
        session_end(session);
    }
}

static void end_other_sessions(struct edge_user *user, uint64_t kept)
{
    for (struct list *link = user->sessions.next; link != &user->sessions; link = link->next) {
        struct session *session = LIST_ITEM(link, struct session, user_link);
        if (kept == 0 || token_session_key(session->token_hash) != kept)
            session_end(session);
    }
}

static void on_user_notice(struct bus_topic topic, struct bytes *payload, void *arg)
{
    struct edge *edge = arg;
    struct edge_user *user = map_get(&edge->userIdToSocket, topic.id);
    struct notice notice;
    if (user == NULL || !notice_decode(bytes_slice(payload), &notice))
        return;

    /* What is being loaded may be older than this: it is loaded again. */
    for (struct list *link = user->sessions.next; link != &user->sessions; link = link->next)
        LIST_ITEM(link, struct session, user_link)->changed = true;

    switch (notice.kind) {
    case NOTICE_JOINED:
        standing_check(edge, user, notice.channel);
        break;
    case NOTICE_LEFT:
        hub_leave(user, notice.channel); /* at once: nothing more of it follows */
        standing_check(edge, user, notice.channel);
        break;
    case NOTICE_READ:
        tell_read(user, &notice);
        break;
    case NOTICE_LOGGED_OUT:
        end_session(user, notice.session);
        break;
    case NOTICE_REVOKED:
        end_other_sessions(user, notice.session);
        break;
    case NOTICE_USER:
        profile_check(edge, user);
        break;
    }
}

/* ---- user -> sockets ---- */

enum err hub_add_user(struct session *session, uint64_t id)
{
    struct edge *edge = session->edge;
    struct edge_user *user = map_get(&edge->userIdToSocket, id);
    if (!limits_enter(edge->chat->limits, OPEN_USER, slice_from(&id, sizeof(id))))
        return ERR_RATE_LIMITED;
    if (user == NULL) {
        user = mem_zalloc(sizeof(*user));
        user->id = id;
        list_init(&user->sessions);
        list_init(&user->checks);
        if (bus_subscribe(edge->chat->bus, (struct bus_topic){BUS_USER, id}, on_user_notice, edge,
                          &user->sub) != ERR_NONE) {
            mem_free(user);
            limits_leave(edge->chat->limits, OPEN_USER, slice_from(&id, sizeof(id)));
            return ERR_UNAVAILABLE;
        }
        map_put(&edge->userIdToSocket, id, user);
        edge->stats.users++;
    }
    list_push(&user->sessions, &session->user_link);
    session->user = user;
    watch_announce(edge, user);
    return ERR_NONE;
}

void hub_remove_user(struct session *session)
{
    struct edge *edge = session->edge;
    struct edge_user *user = session->user;
    if (user == NULL)
        return;
    session->user = NULL;
    limits_leave(edge->chat->limits, OPEN_USER, slice_from(&user->id, sizeof(user->id)));
    list_remove(&session->user_link);
    watch_announce(edge, user);
    if (!list_empty(&user->sessions))
        return;
    bus_unsubscribe(edge->chat->bus, user->sub);
    map_remove(&edge->userIdToSocket, user->id);
    standing_forget(user);
    profile_forget(user);
    mem_free(user);
    edge->stats.users--;
}

/* ---- channel -> sockets ---- */

static struct edge_channel *channel_open(struct edge *edge, uint64_t id)
{
    struct edge_channel *channel = mem_zalloc(sizeof(*channel));
    channel->id = id;
    if (bus_subscribe(edge->chat->bus, (struct bus_topic){BUS_CHANNEL, id}, on_channel_event, edge,
                      &channel->sub) != ERR_NONE) {
        mem_free(channel);
        return NULL;
    }
    map_put(&edge->channels, id, channel);
    edge->stats.channels++;
    return channel;
}

static void channel_close(struct edge *edge, struct edge_channel *channel)
{
    bus_unsubscribe(edge->chat->bus, channel->sub);
    map_remove(&edge->channels, channel->id);
    repair_forget(channel);
    mem_free(channel->places);
    mem_free(channel);
    edge->stats.channels--;
}

static void close_if_unused(struct edge *edge, struct edge_channel *channel)
{
    if (channel->places_len == 0 && channel->holds == 0)
        channel_close(edge, channel);
}

struct edge_channel *hub_hold_channel(struct edge *edge, uint64_t id, bool *fresh)
{
    struct edge_channel *channel = map_get(&edge->channels, id);
    if (channel == NULL) {
        channel = channel_open(edge, id);
        *fresh = true;
    }
    if (channel != NULL)
        channel->holds++;
    return channel;
}

void hub_release_channel(struct edge *edge, struct edge_channel *channel)
{
    channel->holds--;
    close_if_unused(edge, channel);
}

/* Room for one more; arrays of memberships grow by little, for most people have few channels. */
static void reserve_membership(struct session *session)
{
    if (session->channels_len < session->channels_cap)
        return;
    const uint32_t cap = session->channels_cap;
    session->channels_cap = cap + (cap < 16 ? 5 : cap / 2);
    session->channels =
        mem_realloc_array(session->channels, session->channels_cap, sizeof(*session->channels));
}

static void reserve_place(struct edge_channel *channel)
{
    if (channel->places_len < channel->places_cap)
        return;
    const uint32_t cap = channel->places_cap;
    channel->places_cap = cap < 4 ? 4 : cap + cap / 2;
    channel->places =
        mem_realloc_array(channel->places, channel->places_cap, sizeof(*channel->places));
}

bool hub_add_channel(struct session *session, uint64_t id, bool *fresh)
{
    struct edge *edge = session->edge;
    if (hub_find(session, id) != NULL)
        return true;
    struct edge_channel *channel = map_get(&edge->channels, id);
    if (channel == NULL) {
        channel = channel_open(edge, id);
        if (channel == NULL)
            return false;
        *fresh = true;
    }
    reserve_membership(session);
    reserve_place(channel);
    session->channels[session->channels_len] =
        (struct membership){.channel = channel, .place = channel->places_len};
    channel->places[channel->places_len] = (struct channel_place){session, session->channels_len};
    session->channels_len++;
    channel->places_len++;
    return true;
}

struct membership *hub_find(struct session *session, uint64_t id)
{
    struct edge_channel *channel = map_get(&session->edge->channels, id);
    if (channel == NULL)
        return NULL;
    for (uint32_t i = 0; i < session->channels_len; i++) {
        if (session->channels[i].channel == channel)
            return &session->channels[i];
    }
    return NULL;
}

void hub_remove_channel(struct session *session, struct membership *membership)
{
    struct edge_channel *channel = membership->channel;

    /* The last place of the channel moves into the one that becomes free, */
    const struct channel_place moved = channel->places[--channel->places_len];
    channel->places[membership->place] = moved;
    moved.session->channels[moved.membership].place = membership->place;

    /* and so does the last membership of the session. */
    const struct membership last = session->channels[--session->channels_len];
    if (membership != &session->channels[session->channels_len]) {
        *membership = last;
        last.channel->places[last.place].membership = (uint32_t)(membership - session->channels);
    }
    close_if_unused(session->edge, channel);
}

void hub_remove_all_channels(struct session *session)
{
    while (session->channels_len > 0)
        hub_remove_channel(session, &session->channels[session->channels_len - 1]);
    mem_free(session->channels);
    session->channels = NULL;
    session->channels_cap = 0;
}
