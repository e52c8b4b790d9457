/* Telling who is writing. */

#include "edge/typing.h"

#include "bus/bus.h"
#include "chat/chat.h"
#include "chat/typing.h"
#include "edge/hub.h"
#include "edge/session.h"
#include "rpc/args.h"
#include "rpc/write.h"

#define TICK_MS 100u
#define EVERY_TICKS 30u

static void answer(struct session *session, struct rpc_call *call, enum err err)
{
    if (err != ERR_NONE) {
        rpc_write_error(&call->reply, true, call->id, err, call->problem, 0);
    } else {
        json_writer_init(&call->out, &call->reply);
        json_object_begin(&call->out);
        write_member_u64(&call->out, SLICE("re"), call->id);
        json_object_end(&call->out);
    }
    session_push_json(session, buf_slice(&call->reply), CLASS_ANSWER);
    rpc_destroy(call);
}

/* Whether it is long enough since the session said so last; 16 bits come round in two hours. */
static bool is_due(const struct session *session, struct membership *membership)
{
    const uint16_t now = (uint16_t)(loop_now_ms(session->edge->chat->loop) / TICK_MS);
    if (membership->typed && (uint16_t)(now - membership->typed_tick) < EVERY_TICKS)
        return false;
    membership->typed = true;
    membership->typed_tick = now;
    return true;
}

static void publish(struct session *session, uint64_t channel, uint64_t thread)
{
    const struct typing typing = {session->user->id, thread};
    struct bytes *payload = typing_encode(&typing);
    const struct bus_message message = {{BUS_CHANNEL, channel}, payload};
    err_ignore(bus_publish(session->edge->chat->bus, &message, 1)); /* it will be said again */
    bytes_unref(payload);
}

void typing_send(struct session *session, struct rpc_call *call)
{
    uint64_t channel;
    uint64_t thread;
    enum err err = args_id(call, SLICE("channel"), &channel);
    if (err == ERR_NONE)
        err = args_u64(call, SLICE("thread"), 0, &thread);
    struct membership *membership = err == ERR_NONE ? hub_find(session, channel) : NULL;
    if (err == ERR_NONE && membership == NULL)
        err = ERR_NOT_MEMBER;
    if (err == ERR_NONE && is_due(session, membership))
        publish(session, channel, thread);
    answer(session, call, err);
}

static struct bytes *frame_of(const struct edge_channel *channel, const struct typing *typing)
{
    struct buf json = {0};
    struct json_writer w;
    json_writer_init(&w, &json);
    json_object_begin(&w);
    write_member_string(&w, SLICE("ev"), SLICE("typing"));
    write_member_u64(&w, SLICE("channel"), channel->id);
    write_member_u64(&w, SLICE("from"), typing->user);
    if (typing->thread != 0)
        write_member_u64(&w, SLICE("thread"), typing->thread);
    json_object_end(&w);
    struct bytes *frame = session_frame(buf_slice(&json));
    buf_fini(&json);
    return frame;
}

bool typing_pass_on(const struct edge_channel *channel, struct slice payload)
{
    struct typing typing;
    if (!typing_decode(payload, &typing))
        return false;
    struct bytes *frame = frame_of(channel, &typing);
    for (uint32_t i = 0; i < channel->places_len; i++) {
        struct session *session = channel->places[i].session;
        if (session->state == SESSION_LIVE && session->user->id != typing.user)
            (void)session_push(session, frame, CLASS_LIVE);
    }
    bytes_unref(frame);
    return true;
}
