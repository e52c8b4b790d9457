/* The edge of one loop: upgrades, draining, life cycle. */

#include "edge/edge.h"

#include <assert.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bus/bus.h"
#include "chat/chat.h"
#include "edge/hub.h"
#include "edge/repair.h"
#include "edge/session.h"
#include "edge/watch.h"
#include "httpd/httpd.h"
#include "httpd/origin.h"
#include "net/conn.h"
#include "net/net.h"
#include "proto/http1.h"
#include "proto/ws.h"
#include "proto/ws_deflate.h"

/* What has arrived is with the kernel now. */
static void on_flush(void *arg)
{
    struct edge *edge = arg;
    if (edge->arrived_ns == 0)
        return;
    histogram_add(&edge->stats.written, (clock_mono_ns() - edge->arrived_ns) / 1000);
    edge->arrived_ns = 0;
}

struct edge *edge_create(struct chat *chat, struct net *net, const struct edge_options *options)
{
    struct edge *edge = mem_zalloc(sizeof(*edge));
    edge->chat = chat;
    edge->net = net;
    edge->options = options;
    edge->deflate = ws_deflate_create();
    list_init(&edge->sessions);
    net_on_flush(net, on_flush, edge);
    return edge;
}

void edge_destroy(struct edge *edge)
{
    if (edge == NULL)
        return;
    assert(list_empty(&edge->sessions) && edge->repairs == 0);
    repair_stop(edge);
    assert(edge->channels.len == 0 && edge->userIdToSocket.len == 0 && edge->watched.len == 0);
    map_fini(&edge->channels);
    map_fini(&edge->userIdToSocket);
    map_fini(&edge->watched);
    buf_fini(&edge->scratch);
    buf_fini(&edge->expanded);
    ws_deflate_destroy(edge->deflate);
    mem_free(edge);
}

static void accept_upgrade(struct edge *edge, struct http_exchange *x, const struct address *client,
                           const char accept[WS_ACCEPT_LEN])
{
    const struct http_request *request = http_exchange_request(x);
    struct slice cookie = SLICE_EMPTY;
    (void)http_cookie_get(request, SLICE("parley_session"), &cookie);
    char token[TOKEN_TEXT_LEN];
    const size_t token_len = cookie.len == TOKEN_TEXT_LEN ? TOKEN_TEXT_LEN : 0;
    memcpy(token, cookie.ptr, token_len);

    struct buf head = {0};
    const bool named =
        http_header_has_token(request, SLICE("Sec-WebSocket-Protocol"), SLICE("parley.v1"));
    const bool compresses = edge->options->compress && ws_deflate_offered(request);
    ws_write_accept(&head, accept, named ? SLICE("parley.v1") : SLICE_EMPTY,
                    compresses ? SLICE(WS_DEFLATE_ACCEPT) : SLICE_EMPTY);

    struct buf rest = {0};
    struct conn *conn = http_upgrade(x, buf_slice(&head), &rest);
    if (conn != NULL)
        session_create(edge, conn, client, slice_from(token, token_len), compresses,
                       buf_slice(&rest));
    else
        limits_leave(edge->chat->limits, OPEN_SOCKETS_FROM, address_key(client));
    buf_fini(&head);
    buf_fini(&rest);
}

static void admit(struct edge *edge, struct http_exchange *x, const char accept[WS_ACCEPT_LEN])
{
    const struct address client = http_exchange_client(x);
    if (limits_enter(edge->chat->limits, OPEN_SOCKETS_FROM, address_key(&client))) {
        accept_upgrade(edge, x, &client, accept);
        return;
    }
    http_answer_header(x, SLICE("Retry-After"), SLICE("10"));
    http_answer_text(x, 503, "Too many connections from your address.");
}

static void on_upgrade(struct http_exchange *x, void *arg)
{
    struct edge *edge = arg;
    const struct http_request *request = http_exchange_request(x);
    char accept[WS_ACCEPT_LEN];
    const char *problem = "";
    switch (ws_handshake_check(request, accept, &problem)) {
    case WS_HANDSHAKE_OK:
        break;
    case WS_HANDSHAKE_VERSION:
        http_answer_header(x, SLICE("Sec-WebSocket-Version"), SLICE("13"));
        http_answer_text(x, 426, problem);
        return;
    case WS_HANDSHAKE_BAD_REQUEST:
        http_answer_text(x, 400, problem);
        return;
    }
    if (!origin_allowed(request, edge->options->allowed_origin))
        http_answer_text(x, 403, "This origin may not connect with a browser's cookie.");
    else if (edge->draining)
        http_answer_text(x, 503, "This server is stopping. Connect again.");
    else
        admit(edge, x, accept);
}

void edge_follow(struct edge *edge)
{
    watch_start(edge);
    if (edge->options->lossy_bus)
        repair_start(edge);
}

void edge_attach(struct edge *edge, struct httpd *httpd)
{
    httpd_route(httpd, SLICE("/ws"), on_upgrade, edge);
}

/* ---- draining ---- */

/* A random delay, so that not all clients come back in the same moment. */
static uint64_t jitter_ms(uint64_t window_ms)
{
    uint64_t random;
    token_random(&random, sizeof(random));
    return window_ms == 0 ? 0 : random % window_ms;
}

static void send_move(struct session *session, uint64_t after_ms)
{
    struct buf json = {0};
    buf_append(&json, SLICE("{\"ev\":\"move\",\"after_ms\":"));
    buf_u64(&json, after_ms);
    buf_byte(&json, '}');
    session_push_json(session, buf_slice(&json), CLASS_ANSWER);
    buf_fini(&json);
}

void edge_drain(struct edge *edge, uint64_t window_ms, bool at_once)
{
    edge->draining = true;
    for (struct list *link = edge->sessions.next; link != &edge->sessions; link = link->next) {
        struct session *session = LIST_ITEM(link, struct session, link);
        const uint64_t after_ms = jitter_ms(window_ms);
        send_move(session, after_ms);
        session_leave(session, at_once ? 0 : after_ms);
    }
}

bool edge_idle(const struct edge *edge)
{
    return edge->stats.sessions == 0 && edge->repairs == 0 && edge->checks == 0 &&
           edge->questions == 0;
}

size_t edge_sessions(const struct edge *edge)
{
    return edge->stats.sessions;
}

const struct edge_stats *edge_stats(struct edge *edge)
{
    edge->stats.bus_up = bus_is_up(edge->chat->bus) ? 1 : 0;
    return &edge->stats;
}
