#ifndef HTTPD_HTTPD_H
#define HTTPD_HTTPD_H

/*
 * Httpd: HTTP/1.1 on the connections of one loop: requests in, exactly one answer each, keep-alive
 * and pipelining, time limits. What a path means is the business of the routes that the roles add.
 *
 * Limits: a head of 16 KiB within 10 s, a body of body_max bytes within 30 s, 75 s between
 * requests, unless the options say otherwise. A request that breaks the rules is answered and its
 * connection closed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "net/address.h"

struct conn;
struct httpd;
struct http_exchange;
struct http_request;
struct net;

/*
 * A whole request is there. The handler owes the exchange exactly one http_answer() or
 * http_upgrade(), now or later, even if the peer goes away meanwhile.
 */
typedef void httpd_handler_fn(struct http_exchange *x, void *arg);

/* Whether one more connection from there is welcome, and that it has gone. */
typedef bool httpd_admit_fn(const struct address *peer, void *arg);
typedef void httpd_gone_fn(const struct address *peer, void *arg);

struct httpd_options {
    size_t body_max;
    uint64_t head_ms; /* 0: the usual; so the others */
    uint64_t body_ms;
    uint64_t idle_ms;               /* between requests */
    const struct networks *trusted; /* whose X-Forwarded-For is believed; NULL: nobody's */
    httpd_admit_fn *admit;          /* NULL: all are welcome; trusted proxies always are */
    httpd_gone_fn *gone;
    void *arg;
};

/* `options` is copied, what it points to is borrowed. */
struct httpd *httpd_create(struct net *net, const struct httpd_options *options);

/* After its connections are gone. NULL is allowed. */
void httpd_destroy(struct httpd *httpd);

/*
 * Requests whose path is `path`, or begins with it when it ends in '/', go to `handler`. The
 * longest match wins; "/" catches all. `path` is static.
 */
void httpd_route(struct httpd *httpd, struct slice path, httpd_handler_fn *handler, void *arg);

/* A connection just accepted; the httpd owns `fd`. Fits listener_accept_fn. */
void httpd_accept(int fd, void *httpd);

/* Close the connections that wait for a request now, and each other one after its answer. */
void httpd_drain(struct httpd *httpd);

/* How many connections are open, or gone but still owed an answer. */
size_t httpd_connections(const struct httpd *httpd);

/* Borrowed until the handler returns: copy what is needed later. */
const struct http_request *http_exchange_request(const struct http_exchange *x);
struct slice http_exchange_body(const struct http_exchange *x);
struct conn *http_exchange_conn(const struct http_exchange *x);

/* Where the request comes from; by X-Forwarded-For of trusted proxies. */
struct address http_exchange_client(const struct http_exchange *x);

/*
 * What is said when a request is refused before it gets to its route: fill `body` and give its
 * content type; empty: a line of text will do.
 */
typedef struct slice httpd_refusal_fn(const struct http_request *request, int status,
                                      const char *problem, struct buf *body);
void httpd_on_refusal(struct httpd *httpd, httpd_refusal_fn *fn);

/* For handlers that answer later. */
void http_exchange_set_data(struct http_exchange *x, void *data);
void *http_exchange_data(const struct http_exchange *x);

/* Add a header to the answer to come; both are copied. */
void http_answer_header(struct http_exchange *x, struct slice name, struct slice value);

/* Answer. For HEAD the body is only measured. The exchange is gone after this. */
void http_answer(struct http_exchange *x, int status, struct slice content_type, struct slice body);

/* Answer with a line of text. */
void http_answer_text(struct http_exchange *x, int status, const char *text);

/*
 * Hand the connection over: `head` (a complete 101 answer) is queued, what the peer sent behind its
 * request is appended to `rest`. The caller sets another handler on the returned conn at once.
 * NULL: the peer has gone already. The exchange is gone after this.
 */
struct conn *http_upgrade(struct http_exchange *x, struct slice head, struct buf *rest);

#endif
