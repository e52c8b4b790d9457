/* A WebSocket server that sends back every message. */

#include "echo/echo.h"

#include "base/buf.h"
#include "base/mem.h"
#include "httpd/httpd.h"
#include "net/conn.h"
#include "proto/http1.h"
#include "proto/ws.h"

/* A peer that reads nothing: nothing more is read from it past this. */
#define QUEUE_MAX (2u * ECHO_MESSAGE_MAX)
#define LINGER_MS 5000u

struct echo {
    struct net *net;
};

struct echo_socket {
    struct conn *conn;
    struct ws_decoder decoder;
    bool closing;
};

static void close_socket(struct echo_socket *socket, uint16_t code, struct slice reason)
{
    struct buf frame = {0};
    ws_write_close(&frame, code, reason);
    conn_send_copy(socket->conn, buf_slice(&frame));
    buf_fini(&frame);
    socket->closing = true;
    conn_finish(socket->conn, LINGER_MS);
}

static void send_back(struct echo_socket *socket, enum ws_opcode opcode, struct slice payload)
{
    char head[WS_FRAME_HEAD_MAX];
    const size_t head_len = ws_frame_head(head, opcode, payload.len);
    struct bytes *frame = bytes_create_room(head_len + payload.len);
    memcpy(frame->data, head, head_len);
    if (payload.len > 0)
        memcpy(frame->data + head_len, payload.ptr, payload.len);
    conn_send(socket->conn, frame);
    if (conn_queued(socket->conn) > QUEUE_MAX)
        conn_pause(socket->conn);
}

static void on_message(struct echo_socket *socket, const struct ws_message *message)
{
    switch (message->opcode) {
    case WS_TEXT:
    case WS_BINARY:
        send_back(socket, message->opcode, message->payload);
        break;
    case WS_PING:
        send_back(socket, WS_PONG, message->payload);
        break;
    case WS_PONG:
    case WS_CONTINUATION:
        break;
    case WS_CLOSE:
        close_socket(socket, message->close_code, SLICE_EMPTY);
        break;
    }
}

static void on_data(void *owner, char *data, size_t len)
{
    struct echo_socket *socket = owner;
    enum parse result = PARSE_DONE;
    while (result == PARSE_DONE && !socket->closing) {
        size_t used = 0;
        struct ws_message message;
        result = ws_decode(&socket->decoder, data, len, &used, &message);
        data += used;
        len -= used;
        if (result == PARSE_DONE)
            on_message(socket, &message);
        else if (result != PARSE_MORE)
            close_socket(socket, ws_decoder_error(&socket->decoder),
                         slice_str(ws_error_reason(&socket->decoder)));
    }
}

static void on_drain(void *owner)
{
    struct echo_socket *socket = owner;
    conn_resume(socket->conn);
}

static void on_closed(void *owner)
{
    struct echo_socket *socket = owner;
    ws_decoder_fini(&socket->decoder);
    mem_free(socket);
}

static const struct conn_handler handler = {on_data, on_drain, on_closed};

static void open_socket(struct conn *conn, struct buf *rest)
{
    struct echo_socket *socket = mem_zalloc(sizeof(*socket));
    socket->conn = conn;
    ws_decoder_init(&socket->decoder, ECHO_MESSAGE_MAX, true);
    conn_set_handler(conn, &handler, socket);
    if (rest->len > 0)
        on_data(socket, rest->ptr, rest->len);
}

static void on_request(struct http_exchange *x, void *arg)
{
    char accept[WS_ACCEPT_LEN];
    const char *problem = "";
    (void)arg;
    const enum ws_handshake result = ws_handshake_check(http_exchange_request(x), accept, &problem);
    if (result == WS_HANDSHAKE_VERSION)
        http_answer_header(x, SLICE("Sec-WebSocket-Version"), SLICE("13"));
    if (result != WS_HANDSHAKE_OK) {
        http_answer_text(x, result == WS_HANDSHAKE_VERSION ? 426 : 400, problem);
        return;
    }
    struct buf head = {0};
    struct buf rest = {0};
    ws_write_accept(&head, accept, SLICE_EMPTY, SLICE_EMPTY);
    struct conn *conn = http_upgrade(x, buf_slice(&head), &rest);
    if (conn != NULL)
        open_socket(conn, &rest);
    buf_fini(&head);
    buf_fini(&rest);
}

struct echo *echo_create(struct net *net)
{
    struct echo *echo = mem_zalloc(sizeof(*echo));
    echo->net = net;
    return echo;
}

void echo_destroy(struct echo *echo)
{
    mem_free(echo);
}

void echo_attach(struct echo *echo, struct httpd *httpd)
{
    httpd_route(httpd, SLICE("/"), on_request, echo);
}
