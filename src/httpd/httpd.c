/* HTTP/1.1 on the connections of one loop. */

#include "httpd/httpd.h"

#include <assert.h>
#include <time.h>

#include "base/list.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "net/conn.h"
#include "net/net.h"
#include "proto/http1.h"

#define HEAD_MS 10000u
#define BODY_MS 30000u
#define IDLE_MS 75000u
#define LINGER_MS 2000u
#define ROUTES_MAX 16u

struct route {
    struct slice path;
    httpd_handler_fn *handler;
    void *arg;
};

struct httpd {
    struct net *net;
    struct httpd_options options;
    struct list connections;
    size_t connections_len;
    bool draining;
    httpd_refusal_fn *refusal; /* NULL: a line of text */
    size_t routes_len;
    struct route routes[ROUTES_MAX];
};

/* A connection, which is at most one exchange at a time. */
struct http_exchange {
    struct list link;
    struct httpd *httpd;
    struct conn *conn; /* NULL: gone */
    struct address peer;
    struct timer timer;
    struct buf in;                /* from the start of the current request */
    size_t head_bytes;            /* of `in` that are its head; 0: not there yet */
    struct http_request *request; /* NULL: not there yet; slices into `in` */
    struct http_body body_parser;
    struct buf body;
    struct buf headers;   /* added to the answer */
    struct turn_end more; /* `in` holds another request */
    void *data;
    bool busy;      /* a handler owes the answer */
    bool counted;   /* admitted: the end must be told */
    bool continued; /* "100 Continue" was sent */
};

static void refuse(struct http_exchange *x, int status, const char *problem);
static void limit_time(struct http_exchange *x, uint64_t ms);

/* ---- life cycle ---- */

struct httpd *httpd_create(struct net *net, const struct httpd_options *options)
{
    struct httpd *httpd = mem_zalloc(sizeof(*httpd));
    httpd->net = net;
    httpd->options = *options;
    if (httpd->options.head_ms == 0)
        httpd->options.head_ms = HEAD_MS;
    if (httpd->options.body_ms == 0)
        httpd->options.body_ms = BODY_MS;
    if (httpd->options.idle_ms == 0)
        httpd->options.idle_ms = IDLE_MS;
    list_init(&httpd->connections);
    return httpd;
}

void httpd_destroy(struct httpd *httpd)
{
    if (httpd == NULL)
        return;
    assert(httpd->connections_len == 0);
    mem_free(httpd);
}

void httpd_route(struct httpd *httpd, struct slice path, httpd_handler_fn *handler, void *arg)
{
    assert(httpd->routes_len < ROUTES_MAX);
    httpd->routes[httpd->routes_len++] = (struct route){path, handler, arg};
}

size_t httpd_connections(const struct httpd *httpd)
{
    return httpd->connections_len;
}

static void exchange_free(struct http_exchange *x)
{
    if (x->counted)
        x->httpd->options.gone(&x->peer, x->httpd->options.arg);
    timer_stop(net_loop(x->httpd->net), &x->timer);
    list_remove(&x->more.link);
    list_remove(&x->link);
    x->httpd->connections_len--;
    buf_fini(&x->in);
    buf_fini(&x->body);
    buf_fini(&x->headers);
    mem_free(x->request);
    mem_free(x);
}

/* Be ready for the next request on the connection, of which `in` may hold a part already. */
static void exchange_reset(struct http_exchange *x)
{
    if (x->in.len == 0)
        buf_fini(&x->in);
    buf_fini(&x->body);
    buf_fini(&x->headers);
    mem_free(x->request);
    x->request = NULL;
    x->head_bytes = 0;
    x->data = NULL;
    x->busy = false;
    x->continued = false;
}

/* ---- answering ---- */

static void write_date(struct buf *out)
{
    const time_t now = time(NULL);
    struct tm tm;
    char text[32];
    gmtime_r(&now, &tm);
    const size_t len = strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    http_write_header(out, SLICE("Date"), slice_from(text, len));
}

void http_answer_header(struct http_exchange *x, struct slice name, struct slice value)
{
    http_write_header(&x->headers, name, value);
}

/* What the next request needs, or the end. */
static void after_answer(struct http_exchange *x, bool keep)
{
    struct conn *conn = x->conn;
    if (!keep) {
        exchange_reset(x);
        buf_fini(&x->in);
        timer_stop(net_loop(x->httpd->net), &x->timer);
        conn_finish(conn, LINGER_MS);
        return;
    }
    buf_consume(&x->in, x->head_bytes);
    exchange_reset(x);
    conn_resume(conn);
    limit_time(x, x->in.len > 0 ? x->httpd->options.head_ms : x->httpd->options.idle_ms);
    /* Not right here: a long pipeline would nest as deep as it is long. */
    if (x->in.len > 0)
        loop_at_turn_end(net_loop(x->httpd->net), &x->more);
}

void http_answer(struct http_exchange *x, int status, struct slice content_type, struct slice body)
{
    assert(x->busy);
    if (x->conn == NULL) {
        exchange_free(x);
        return;
    }
    /* Without a whole request behind it (a broken one) the connection cannot go on. */
    const bool keep = x->request != NULL && x->request->keep_alive && !x->httpd->draining;
    const bool head_only = x->request != NULL && slice_eq(x->request->method, SLICE("HEAD"));

    struct buf out = {0};
    http_write_status(&out, status);
    write_date(&out);
    http_write_header_u64(&out, SLICE("Content-Length"), body.len);
    if (content_type.len > 0)
        http_write_header(&out, SLICE("Content-Type"), content_type);
    http_write_header(&out, SLICE("X-Content-Type-Options"), SLICE("nosniff"));
    http_write_header(&out, SLICE("Referrer-Policy"), SLICE("no-referrer"));
    if (!keep && x->request != NULL)
        http_write_header(&out, SLICE("Connection"), SLICE("close"));
    else if (keep && x->request->minor == 0)
        http_write_header(&out, SLICE("Connection"), SLICE("keep-alive"));
    buf_append(&out, buf_slice(&x->headers));
    http_write_head_end(&out);
    if (!head_only)
        buf_append(&out, body);
    conn_send_copy(x->conn, buf_slice(&out));
    buf_fini(&out);
    after_answer(x, keep);
}

void http_answer_text(struct http_exchange *x, int status, const char *text)
{
    struct buf body = {0};
    buf_append(&body, slice_str(text));
    buf_byte(&body, '\n');
    http_answer(x, status, SLICE("text/plain; charset=utf-8"), buf_slice(&body));
    buf_fini(&body);
}

struct conn *http_upgrade(struct http_exchange *x, struct slice head, struct buf *rest)
{
    assert(x->busy);
    struct conn *conn = x->conn;
    if (conn != NULL) {
        conn_send_copy(conn, head);
        buf_append(rest, slice_skip(buf_slice(&x->in), x->head_bytes));
        conn_resume(conn);
    }
    exchange_free(x);
    return conn;
}

static void refuse(struct http_exchange *x, int status, const char *problem)
{
    struct buf body = {0};
    struct slice type = SLICE_EMPTY;
    if (x->httpd->refusal != NULL && x->request != NULL)
        type = x->httpd->refusal(x->request, status, problem, &body);
    mem_free(x->request);
    x->request = NULL;
    x->busy = true;
    http_answer_header(x, SLICE("Connection"), SLICE("close"));
    if (type.len > 0)
        http_answer(x, status, type, buf_slice(&body));
    else
        http_answer_text(x, status, problem);
    buf_fini(&body);
}

/* ---- time limits ---- */

static void on_timer(struct timer *timer)
{
    struct http_exchange *x = LIST_ITEM(timer, struct http_exchange, timer);
    if (x->in.len == 0) {
        conn_close(x->conn); /* it only sat there */
        return;
    }
    refuse(x, 408, "The request took too long.");
}

static void limit_time(struct http_exchange *x, uint64_t ms)
{
    timer_start(net_loop(x->httpd->net), &x->timer, ms, on_timer);
}

/* ---- reading ---- */

static const struct route *find_route(const struct httpd *httpd, struct slice path)
{
    const struct route *best = NULL;
    for (size_t i = 0; i < httpd->routes_len; i++) {
        const struct route *route = &httpd->routes[i];
        const bool is_prefix = route->path.ptr[route->path.len - 1] == '/';
        const bool matches =
            is_prefix ? slice_starts(path, route->path) : slice_eq(path, route->path);
        if (matches && (best == NULL || route->path.len > best->path.len))
            best = route;
    }
    return best;
}

static void dispatch(struct http_exchange *x)
{
    timer_stop(net_loop(x->httpd->net), &x->timer);
    x->busy = true;
    const struct route *route = find_route(x->httpd, x->request->path);
    if (route == NULL)
        http_answer_text(x, 404, "There is nothing at this path.");
    else
        route->handler(x, route->arg);
}

/* False when there is nothing more to do now. */
static bool parse_head(struct http_exchange *x)
{
    struct http_request *request = mem_alloc(sizeof(*request));
    int status = 400;
    const char *problem = "";
    switch (http_head_parse(buf_slice(&x->in), request, &x->head_bytes, &status, &problem)) {
    case PARSE_DONE:
        x->request = request;
        http_body_init(&x->body_parser, request, x->httpd->options.body_max);
        limit_time(x, x->httpd->options.body_ms);
        return true;
    case PARSE_MORE:
        break;
    case PARSE_BAD:
    case PARSE_TOO_BIG:
        mem_free(request);
        refuse(x, status, problem);
        return false;
    }
    mem_free(request);
    return false;
}

static bool parse_body(struct http_exchange *x)
{
    size_t used = 0;
    const struct slice rest = slice_skip(buf_slice(&x->in), x->head_bytes);
    const enum parse result = http_body_feed(&x->body_parser, rest, &used, &x->body);

    /* Take the body's bytes out; the head's stay where the request points to. */
    if (used > 0) {
        memmove(x->in.ptr + x->head_bytes, rest.ptr + used, rest.len - used);
        x->in.len -= used;
    }
    switch (result) {
    case PARSE_DONE:
        return true;
    case PARSE_MORE:
        if (x->request->expect_continue && !x->continued) {
            x->continued = true;
            conn_send_copy(x->conn, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
        }
        return false;
    case PARSE_BAD:
        refuse(x, 400, "The body is not correctly chunked.");
        return false;
    case PARSE_TOO_BIG:
        refuse(x, 413, "The body is too long.");
        return false;
    }
    return false;
}

static void parse(struct http_exchange *x)
{
    if (x->in.len == 0 || x->busy)
        return;
    if (x->request == NULL && !parse_head(x))
        return;
    if (parse_body(x))
        dispatch(x);
}

static void parse_more(struct turn_end *end)
{
    parse(LIST_ITEM(end, struct http_exchange, more));
}

/* ---- the connection's callbacks ---- */

static void on_data(void *owner, char *data, size_t len)
{
    struct http_exchange *x = owner;
    if (x->busy)
        conn_pause(x->conn); /* one at a time: what follows waits in the socket */
    else if (x->in.len == 0)
        limit_time(x, x->httpd->options.head_ms);

    /* The buffer may move, and a request that is there already points into it. */
    const char *before = x->in.ptr;
    buf_append(&x->in, slice_from(data, len));
    if (x->request != NULL && x->in.ptr != before) {
        int status;
        const char *problem;
        size_t used;
        const enum parse again = http_head_parse(slice_from(x->in.ptr, x->head_bytes), x->request,
                                                 &used, &status, &problem);
        assert(again == PARSE_DONE && used == x->head_bytes);
    }
    parse(x);
}

static void on_closed(void *owner)
{
    struct http_exchange *x = owner;
    x->conn = NULL;
    if (!x->busy)
        exchange_free(x);
}

static const struct conn_handler handler = {on_data, NULL, on_closed};

static bool admit(struct http_exchange *x)
{
    const struct httpd_options *options = &x->httpd->options;
    char text[CONN_PEER_MAX];
    (void)address_parse(conn_peer(x->conn, text), &x->peer);
    if (options->admit == NULL ||
        (options->trusted != NULL && networks_have(options->trusted, &x->peer)))
        return true;
    x->counted = options->admit(&x->peer, options->arg);
    return x->counted;
}

void httpd_accept(int fd, void *arg)
{
    struct httpd *httpd = arg;
    struct http_exchange *x = mem_zalloc(sizeof(*x));
    x->httpd = httpd;
    x->more.run = parse_more;
    x->conn = conn_create(httpd->net, fd, &handler, x);
    list_push(&httpd->connections, &x->link);
    httpd->connections_len++;
    if (admit(x))
        limit_time(x, x->httpd->options.head_ms);
    else
        conn_close(x->conn); /* without a word: an answer would cost more than it is worth */
}

void httpd_drain(struct httpd *httpd)
{
    httpd->draining = true;
    for (struct list *link = httpd->connections.next; link != &httpd->connections;
         link = link->next) {
        struct http_exchange *x = LIST_ITEM(link, struct http_exchange, link);
        if (!x->busy && x->conn != NULL)
            conn_close(x->conn);
    }
}

const struct http_request *http_exchange_request(const struct http_exchange *x)
{
    return x->request;
}

struct slice http_exchange_body(const struct http_exchange *x)
{
    return buf_slice(&x->body);
}

struct conn *http_exchange_conn(const struct http_exchange *x)
{
    return x->conn;
}

void httpd_on_refusal(struct httpd *httpd, httpd_refusal_fn *fn)
{
    httpd->refusal = fn;
}

struct address http_exchange_client(const struct http_exchange *x)
{
    const struct networks *trusted = x->httpd->options.trusted;
    if (trusted == NULL || x->request == NULL || !networks_have(trusted, &x->peer))
        return x->peer;
    /* Each proxy adds to the last header, or a header of its own: together they are one list. */
    struct buf forwarded = {0};
    for (size_t i = 0; i < x->request->headers_len; i++) {
        const struct http_header *header = &x->request->headers[i];
        if (!slice_eq_nocase(header->name, SLICE("X-Forwarded-For")))
            continue;
        if (forwarded.len > 0)
            buf_byte(&forwarded, ',');
        buf_append(&forwarded, header->value);
    }
    const struct address client = address_behind(trusted, x->peer, buf_slice(&forwarded));
    buf_fini(&forwarded);
    return client;
}

void http_exchange_set_data(struct http_exchange *x, void *data)
{
    x->data = data;
}

void *http_exchange_data(const struct http_exchange *x)
{
    return x->data;
}
