/* One WebSocket of one person: requests in, answers and events out, limits. */

#include "edge/session.h"

#include "base/json.h"
#include "base/mem.h"
#include "chat/chat.h"
#include "edge/hub.h"
#include "edge/typing.h"
#include "edge/validity.h"
#include "edge/watch.h"
#include "net/conn.h"
#include "proto/ws_deflate.h"
#include "rpc/rpc.h"
#include "rpc/write.h"

#define QUEUE_MAX (1024u * 1024u)       /* of events */
#define QUEUE_LIVE_MAX (QUEUE_MAX / 2)  /* of what is of this moment only */
#define QUEUE_HARD_MAX (4u * QUEUE_MAX) /* with answers */
#define IN_FLIGHT_MAX 256u              /* requests; then nothing more is read */
#define STRIKES_MAX 10u
#define MESSAGE_MS 30000u /* for all frames of one message */
#define CHECK_MS 10000u
#define LINGER_MS 5000u

/*
 * Shorter messages are not compressed: it saves nothing, and answers with a new token, which are
 * shorter, must not be compressed together with what others may choose (CRIME, BREACH).
 */
#define COMPRESS_MIN 1024u

static const struct conn_handler handler;

/* ---- sending ---- */

struct bytes *session_frame(struct slice json)
{
    char head[WS_FRAME_HEAD_MAX];
    const size_t head_len = ws_frame_head(head, WS_TEXT, json.len);
    struct bytes *frame = bytes_create_room(head_len + json.len);
    memcpy(frame->data, head, head_len);
    memcpy(frame->data + head_len, json.ptr, json.len);
    return frame;
}

struct bytes *session_frame_compressed(struct edge *edge, struct slice json)
{
    struct buf packed = {0};
    if (edge->compressing == 0 || json.len < COMPRESS_MIN)
        return NULL;
    ws_deflate_compress(edge->deflate, json, &packed);
    struct bytes *frame = NULL;
    if (packed.len < json.len) {
        frame = session_frame(buf_slice(&packed));
        frame->data[0] = (char)((uint8_t)frame->data[0] | WS_COMPRESSED);
        edge->stats.compressed_in += json.len;
        edge->stats.compressed_out += packed.len;
    }
    buf_fini(&packed);
    return frame;
}

bool session_push(struct session *session, struct bytes *frame, enum session_class class)
{
    static const size_t queue_max[] = {
        [CLASS_LIVE] = QUEUE_LIVE_MAX,
        [CLASS_HISTORY] = QUEUE_MAX,
        [CLASS_ANSWER] = QUEUE_HARD_MAX,
    };
    if (session->conn == NULL || session->state == SESSION_CLOSING)
        return false;
    if (session->behind && class == CLASS_HISTORY)
        return false;
    if (conn_queued(session->conn) + frame->len > queue_max[class]) {
        if (class == CLASS_HISTORY)
            session->behind = true;
        else if (class == CLASS_ANSWER)
            session_close(session, WS_CLOSE_TRY_LATER, SLICE("You read too slowly."));
        return false;
    }
    conn_send(session->conn, bytes_ref(frame));
    return true;
}

void session_push_json(struct session *session, struct slice json, enum session_class class)
{
    struct bytes *frame = NULL;
    if (session->compresses)
        frame = session_frame_compressed(session->edge, json);
    if (frame == NULL)
        frame = session_frame(json);
    (void)session_push(session, frame, class);
    bytes_unref(frame);
}

/* Tell a socket that has caught up with its queue which channels it must resume. */
static void send_behind(struct session *session)
{
    struct buf json = {0};
    struct json_writer w;
    json_writer_init(&w, &json);
    json_object_begin(&w);
    write_member_string(&w, SLICE("ev"), SLICE("behind"));
    json_name(&w, SLICE("channels"));
    json_array_begin(&w);
    for (uint32_t i = 0; i < session->channels_len; i++) {
        struct membership *membership = &session->channels[i];
        if (!membership->missed)
            continue;
        membership->missed = false;
        json_object_begin(&w);
        write_member_u64(&w, SLICE("channel"), membership->channel->id);
        write_member_u64(&w, SLICE("last_seq"), membership->channel->last_seq);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
    session->behind = false;
    session->edge->stats.behind++;
    session_push_json(session, buf_slice(&json), CLASS_ANSWER);
    buf_fini(&json);
}

/* ---- requests ---- */

/* Nothing more is read while too much is asked or too little is taken. */
static bool overloaded(const struct session *session)
{
    return session->in_flight >= IN_FLIGHT_MAX || conn_queued(session->conn) > QUEUE_MAX;
}

static void launch_held(struct session *session, struct rpc_call *call);

static void answered(struct rpc_call *call)
{
    struct session *session = call->owner;
    if (session->held == call)
        launch_held(session, call->next);
    if (session->conn != NULL && session->state != SESSION_CLOSING) {
        session_push_json(session, buf_slice(&call->reply), CLASS_ANSWER);
        if (!overloaded(session))
            conn_resume(session->conn);
    }
    rpc_destroy(call);
    session_release(session);
}

static void answer_error(struct session *session, bool has_id, uint64_t id, enum err err,
                         struct slice problem)
{
    struct buf json = {0};
    rpc_write_error(&json, has_id, id, err, problem, 0);
    session_push_json(session, buf_slice(&json), CLASS_ANSWER);
    buf_fini(&json);
}

/* What is no request at all: answered a few times, then the socket is closed. */
static void strike(struct session *session, struct slice problem)
{
    answer_error(session, false, 0, ERR_INVALID, problem);
    if (++session->strikes >= STRIKES_MAX)
        session_close(session, WS_CLOSE_POLICY, SLICE("Too many malformed requests."));
}

/* Vouch for what the session knows, and start. */
static void launch(struct session *session, struct rpc_call *call)
{
    struct json channel;
    uint64_t id;
    if (session->user != NULL) {
        call->user = session->user->id;
        call->has_token = session->has_token;
        memcpy(call->token_hash, session->token_hash, TOKEN_HASH_BYTES);
        if (json_get(call->args, SLICE("channel"), &channel) && json_u64(channel, &id)) {
            const struct membership *membership = hub_find(session, id);
            if (membership != NULL && !membership->channel->archived)
                call->member_of = id;
        }
    }
    rpc_start(call);
}

/*
 * Sends keep their order. One to a channel that is not known here to be the session's own (it has
 * just joined) asks the store first, and those behind it would overtake it: they are held until it
 * is answered.
 */
static bool hold(struct session *session, struct rpc_call *call)
{
    struct rpc_call *last = session->held;
    if (last == NULL)
        return false;
    while (last->next != NULL)
        last = last->next;
    last->next = call;
    return true;
}

static void launch_send(struct session *session, struct rpc_call *call)
{
    launch(session, call);
    session->held = call->member_of == 0 ? call : NULL;
}

/* The send that the others waited for is answered. */
static void launch_held(struct session *session, struct rpc_call *call)
{
    session->held = NULL;
    while (call != NULL && session->held == NULL) {
        struct rpc_call *next = call->next;
        if (session->conn != NULL) {
            launch_send(session, call); /* does not end before this returns */
        } else {
            rpc_destroy(call); /* nobody waits for the answer: as if the request had been lost */
            session->in_flight--;
        }
        call = next;
    }
}

static void start(struct session *session, struct rpc_call *call)
{
    call->owner = session;
    call->done = answered;
    rpc_set_from(call, address_key(&session->client));
    session->in_flight++;
    session->edge->stats.requests++;
    if (!rpc_posts(call->op))
        launch(session, call);
    else if (!hold(session, call))
        launch_send(session, call);
    if (session->state != SESSION_CLOSING && overloaded(session))
        conn_pause(session->conn);
}

/* An operation that is about the socket itself. */
struct own_op {
    struct slice name;
    void (*handle)(struct session *session, struct rpc_call *call);
};

static const struct own_op *own_op_find(struct slice name)
{
    static const struct own_op ops[] = {
        {{"hello", 5}, session_hello},
        {{"sendTyping", 10}, typing_send},
        {{"setPresence", 11}, watch_set},
        {{"watchPresence", 13}, watch_users},
    };
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (slice_eq(ops[i].name, name))
            return &ops[i];
    }
    return NULL;
}

/* Before hello only what needs no session. */
static bool may_start(const struct session *session, struct slice op)
{
    return session->state == SESSION_LIVE || slice_eq(op, SLICE("hello")) ||
           slice_eq(op, SLICE("signUp")) || slice_eq(op, SLICE("logIn"));
}

/* Read "op" and "id"; false, with a strike, when they are not there. */
static bool read_envelope(struct session *session, struct rpc_call *call, struct slice *op)
{
    struct json value;
    uint64_t id;
    if (!json_get(call->args, SLICE("id"), &value) || !json_u64(value, &id) || id >= 1ULL << 53) {
        strike(session, SLICE("A request needs an \"id\": a whole number below 2^53."));
        return false;
    }
    rpc_set_id(call, id);
    if (!json_get(call->args, SLICE("op"), &value) || value.type != JSON_STRING) {
        strike(session, SLICE("A request needs an \"op\": the operation's name."));
        return false;
    }
    *op = slice_from(value.raw.ptr + 1, value.raw.len - 2);
    return true;
}

static void on_request(struct session *session, struct slice text)
{
    struct rpc_call *call = rpc_create(session->edge->chat, text);
    struct slice op;
    if (call == NULL) {
        strike(session, SLICE("A request is one JSON object, nested at most 16 deep."));
        return;
    }
    if (!read_envelope(session, call, &op)) {
        rpc_destroy(call);
        return;
    }
    const struct own_op *own = own_op_find(op);
    call->op = rpc_find(op);
    if (own == NULL && call->op == NULL) {
        answer_error(session, true, call->id, ERR_INVALID,
                     SLICE("There is no such operation. See docs/PROTOCOL.md."));
        rpc_destroy(call);
    } else if (!may_start(session, op)) {
        answer_error(session, true, call->id, ERR_UNAUTHENTICATED,
                     SLICE("Say hello first, with the token of a session."));
        rpc_destroy(call);
    } else if (own != NULL) {
        own->handle(session, call);
    } else {
        start(session, call);
    }
}

/* ---- frames ---- */

static void on_message(struct session *session, const struct ws_message *message)
{
    struct buf pong = {0};
    switch (message->opcode) {
    case WS_TEXT:
        on_request(session, message->payload);
        break;
    case WS_BINARY:
        session_close(session, WS_CLOSE_UNSUPPORTED, SLICE("Requests are text, not binary."));
        break;
    case WS_PING:
        /* Only while the peer takes what it is sent: a flood of pings fills no queue. */
        ws_write_frame(&pong, WS_PONG, message->payload);
        if (conn_stalled_since_ms(session->conn) == 0)
            conn_send_copy(session->conn, buf_slice(&pong));
        buf_fini(&pong);
        break;
    case WS_PONG:
    case WS_CONTINUATION:
        break;
    case WS_CLOSE:
        session_close(session, message->close_code, SLICE_EMPTY);
        break;
    }
}

/* Expand a compressed message into the edge's buffer; false, with the session closed, when it is
 * none. */
static bool expand(struct session *session, struct ws_message *message)
{
    struct edge *edge = session->edge;
    buf_clear(&edge->expanded);
    const enum parse parse =
        ws_deflate_expand(edge->deflate, message->payload, RPC_TEXT_MAX, &edge->expanded);
    if (parse == PARSE_TOO_BIG)
        session_close(session, WS_CLOSE_TOO_BIG, SLICE("The message is too big."));
    else if (parse != PARSE_DONE)
        session_close(session, WS_CLOSE_BAD_DATA, SLICE("The message is not compressed data."));
    else if (message->opcode == WS_TEXT && !utf8_valid(buf_slice(&edge->expanded)))
        session_close(session, WS_CLOSE_BAD_DATA, SLICE("The text is not UTF-8."));
    message->payload = buf_slice(&edge->expanded);
    return session->state != SESSION_CLOSING;
}

static void on_data(void *owner, char *data, size_t len)
{
    struct session *session = owner;
    session->seen_ms = loop_now_ms(session->edge->chat->loop);
    session->pinged_ms = 0;
    session->ping_waits = false;
    enum parse result = PARSE_DONE;
    while (result == PARSE_DONE && session->state != SESSION_CLOSING) {
        size_t used = 0;
        struct ws_message message;
        result = ws_decode(&session->decoder, data, len, &used, &message);
        data += used;
        len -= used;
        if (result == PARSE_DONE) {
            if (!message.compressed || expand(session, &message))
                on_message(session, &message);
        } else if (result != PARSE_MORE) {
            session->edge->stats.closed_protocol++;
            session_close(session, ws_decoder_error(&session->decoder),
                          slice_str(ws_error_reason(&session->decoder)));
        }
    }
    if (!ws_decoder_busy(&session->decoder))
        session->message_ms = 0;
    else if (session->message_ms == 0)
        session->message_ms = session->seen_ms;
}

static void on_drain(void *owner)
{
    struct session *session = owner;
    if (session->ping_waits) {
        session->ping_waits = false;
        session->pinged_ms = loop_now_ms(session->edge->chat->loop);
    }
    if (session->behind)
        send_behind(session);
    if (session->presence_missed)
        watch_catch_up(session);
    if (session->in_flight < IN_FLIGHT_MAX)
        conn_resume(session->conn);
}

/* ---- time limits ---- */

static void on_timer(struct timer *timer);

static void arm(struct session *session, uint64_t delay_ms)
{
    timer_start(session->edge->chat->loop, &session->timer, delay_ms, on_timer);
}

static void send_ping(struct session *session, uint64_t now_ms)
{
    struct buf ping = {0};
    ws_write_frame(&ping, WS_PING, SLICE_EMPTY);
    conn_send_copy(session->conn, buf_slice(&ping));
    buf_fini(&ping);
    session->pinged_ms = now_ms;
    session->ping_waits = conn_stalled_since_ms(session->conn) != 0;
}

/* Close when a limit is passed; true when it was. */
static bool limits_passed(struct session *session, uint64_t now_ms)
{
    const struct edge_options *options = session->edge->options;
    const uint64_t stalled_ms = conn_stalled_since_ms(session->conn);
    if (stalled_ms != 0 && now_ms - stalled_ms >= options->stall_ms) {
        session->edge->stats.closed_slow++;
        /* Whoever reads again before the connection is cut learns why. */
        session_close(session, WS_CLOSE_TRY_LATER, SLICE("You read too slowly."));
    } else if (session->message_ms != 0 && now_ms - session->message_ms >= MESSAGE_MS) {
        session_close(session, WS_CLOSE_POLICY, SLICE("A message took too long."));
    } else if (session->pinged_ms != 0 && !session->ping_waits &&
               now_ms - session->pinged_ms >= options->pong_ms) {
        conn_close(session->conn); /* half-open: nobody is there */
    } else {
        return false;
    }
    return true;
}

static void on_timer(struct timer *timer)
{
    struct session *session = LIST_ITEM(timer, struct session, timer);
    const struct edge_options *options = session->edge->options;
    const uint64_t now_ms = loop_now_ms(session->edge->chat->loop);
    if (session->leaving) {
        session_close(session, WS_CLOSE_RESTART, SLICE("The server is stopping."));
        return;
    }
    if (session->state == SESSION_NEW) {
        session_close(session, 4001, SLICE("No hello came in time."));
        return;
    }
    if (limits_passed(session, now_ms) || validity_check(session, now_ms))
        return;
    if (session->pinged_ms == 0 && now_ms - session->seen_ms >= options->ping_ms)
        send_ping(session, now_ms);

    uint64_t next_ms = session->seen_ms + options->ping_ms;
    if (session->pinged_ms != 0)
        next_ms = (session->ping_waits ? now_ms : session->pinged_ms) + options->pong_ms;
    next_ms = next_ms > now_ms ? next_ms - now_ms : 1;
    arm(session, validity_wait_ms(session, next_ms < CHECK_MS ? next_ms : CHECK_MS));
}

void session_arm(struct session *session)
{
    arm(session, validity_wait_ms(session, CHECK_MS));
}

/* ---- life cycle ---- */

void session_create(struct edge *edge, struct conn *conn, const struct address *client,
                    struct slice token, bool compresses, struct slice rest)
{
    struct session *session = mem_zalloc(sizeof(*session));
    session->edge = edge;
    session->conn = conn;
    session->client = *client;
    session->seen_ms = loop_now_ms(edge->chat->loop);
    session->has_token = token_hash(token, session->token_hash);
    session->compresses = compresses;
    ws_decoder_init(&session->decoder, RPC_TEXT_MAX, true);
    if (compresses) {
        ws_decoder_accept_compressed(&session->decoder);
        edge->compressing++;
    }
    conn_set_handler(conn, &handler, session);
    list_push(&edge->sessions, &session->link);
    edge->stats.sessions++;
    arm(session, edge->options->hello_ms);
    if (rest.len > 0) {
        struct buf copy = {0}; /* decoding changes it in place */
        buf_append(&copy, rest);
        on_data(session, copy.ptr, copy.len);
        buf_fini(&copy);
    }
}

/* Out of all indexes: nothing is pushed to it any more. */
static void retire(struct session *session)
{
    watch_nobody(session);
    hub_remove_all_channels(session);
    hub_remove_user(session);
    timer_stop(session->edge->chat->loop, &session->timer);
    ws_decoder_fini(&session->decoder);
}

static void free_session(struct session *session)
{
    if (session->compresses)
        session->edge->compressing--;
    list_remove(&session->link);
    limits_leave(session->edge->chat->limits, OPEN_SOCKETS_FROM, address_key(&session->client));
    session->edge->stats.sessions--;
    mem_free(session);
}

void session_close(struct session *session, uint16_t code, struct slice reason)
{
    if (session->state == SESSION_CLOSING || session->conn == NULL)
        return;
    session->state = SESSION_CLOSING;
    timer_stop(session->edge->chat->loop, &session->timer);
    struct buf frame = {0};
    ws_write_close(&frame, code, reason);
    conn_send_copy(session->conn, buf_slice(&frame));
    buf_fini(&frame);
    conn_finish(session->conn, LINGER_MS);
}

void session_end(struct session *session)
{
    if (session->state == SESSION_CLOSING || session->conn == NULL)
        return;
    session_push_json(session, SLICE("{\"ev\":\"logged_out\"}"), CLASS_ANSWER);
    session_close(session, 4003, SLICE("The session has ended."));
}

void session_leave(struct session *session, uint64_t after_ms)
{
    if (session->state == SESSION_CLOSING || session->conn == NULL)
        return;
    session->leaving = true;
    if (after_ms == 0)
        on_timer(&session->timer);
    else
        arm(session, after_ms);
}

void session_release(struct session *session)
{
    session->in_flight--;
    if (session->conn == NULL && session->in_flight == 0)
        free_session(session);
}

static void on_closed(void *owner)
{
    struct session *session = owner;
    session->state = SESSION_CLOSING;
    session->conn = NULL;
    retire(session);
    if (session->in_flight == 0)
        free_session(session);
}

static const struct conn_handler handler = {on_data, on_drain, on_closed};
