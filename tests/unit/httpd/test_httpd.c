/* HTTP over a socket pair: pipelining, limits, upgrades, answers that come late or to nobody. */

#include "../../support/loop_suite.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "httpd/httpd.h"
#include "net/conn.h"
#include "net/net.h"
#include "proto/http1.h"

#define BODY_MAX 1000u
#define TURNS 20u /* enough for everything that happens without the clock */

struct site {
    struct loop *loop;
    struct net *net;
    struct httpd *httpd;
    int peer;         /* non-blocking; -1: closed */
    struct buf inbox; /* what the peer has received */
    bool ended;       /* the server has closed */

    unsigned requests;
    struct http_exchange *late; /* waits for its answer */
    struct conn *upgraded;
    struct buf rest;
    unsigned upgraded_closes;
};

/* ---- routes ---- */

static void on_echo(struct http_exchange *x, void *arg)
{
    struct site *site = arg;
    struct buf text = {0};
    site->requests++;
    buf_append(&text, http_exchange_request(x)->target);
    buf_byte(&text, ' ');
    buf_append(&text, http_exchange_body(x));
    http_answer(x, 200, SLICE("text/plain"), buf_slice(&text));
    buf_fini(&text);
}

static void on_late(struct http_exchange *x, void *arg)
{
    struct site *site = arg;
    site->requests++;
    assert_null(site->late);
    http_exchange_set_data(x, site);
    site->late = x;
}

static void on_headers(struct http_exchange *x, void *arg)
{
    (void)arg;
    http_answer_header(x, SLICE("X-One"), SLICE("1"));
    http_answer_header(x, SLICE("X-Two"), SLICE("2"));
    http_answer_text(x, 201, "made");
}

static void drop_data(void *owner, char *data, size_t len)
{
    (void)owner;
    (void)data;
    (void)len;
}

static void on_upgraded_closed(void *owner)
{
    struct site *site = owner;
    site->upgraded = NULL;
    site->upgraded_closes++;
}

static const struct conn_handler upgraded_handler = {drop_data, NULL, on_upgraded_closed};

static void upgrade(struct site *site, struct http_exchange *x)
{
    site->upgraded =
        http_upgrade(x, SLICE("HTTP/1.1 101 Switching Protocols\r\n\r\n"), &site->rest);
    if (site->upgraded != NULL)
        conn_set_handler(site->upgraded, &upgraded_handler, site);
}

static void on_upgrade(struct http_exchange *x, void *arg)
{
    upgrade(arg, x);
}

/* ---- set-up ---- */

static int setup(void **state)
{
    struct site *site = mem_zalloc(sizeof(*site));
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    site->loop = loop_create();
    site->net = net_create(site->loop);
    site->httpd = httpd_create(site->net, &(struct httpd_options){.body_max = BODY_MAX});
    site->peer = fds[1];
    httpd_route(site->httpd, SLICE("/echo/"), on_echo, site);
    httpd_route(site->httpd, SLICE("/echo/late"), on_late, site);
    httpd_route(site->httpd, SLICE("/headers"), on_headers, site);
    httpd_route(site->httpd, SLICE("/up"), on_upgrade, site);
    httpd_accept(fds[0], site->httpd);
    *state = site;
    return 0;
}

static void hang_up(struct site *site)
{
    if (site->peer >= 0)
        close(site->peer);
    site->peer = -1;
}

static int teardown(void **state)
{
    struct site *site = *state;
    hang_up(site);
    if (site->late != NULL)
        http_answer_text(site->late, 200, "at last");
    if (site->upgraded != NULL)
        conn_close(site->upgraded);
    run_turns(site->loop, TURNS);
    assert_int_equal(httpd_connections(site->httpd), 0);
    httpd_destroy(site->httpd);
    net_destroy(site->net);
    loop_destroy(site->loop);
    buf_fini(&site->inbox);
    buf_fini(&site->rest);
    mem_free(site);
    return 0;
}

static void say(struct site *site, const char *text)
{
    const ssize_t sent = send(site->peer, text, strlen(text), MSG_NOSIGNAL);
    assert_int_equal(sent, (ssize_t)strlen(text));
    run_turns(site->loop, TURNS);
}

static const char *hear(struct site *site)
{
    char part[4096];
    ssize_t got;
    run_turns(site->loop, TURNS);
    while ((got = recv(site->peer, part, sizeof(part), 0)) > 0)
        buf_append(&site->inbox, slice_from(part, (size_t)got));
    site->ended = got == 0;
    return buf_cstr(&site->inbox);
}

static unsigned times(const char *text, const char *what)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what))
        count++;
    return count;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

/* ---- one request ---- */

static void a_request_is_answered_and_the_connection_kept(void **state)
{
    struct site *site = *state;
    say(site, GET("/echo/x?y=z"));
    const char *got = hear(site);
    assert_int_equal(strncmp(got, "HTTP/1.1 200 OK\r\n", 17), 0);
    assert_non_null(strstr(got, "\r\nContent-Length: 12\r\n"));
    assert_non_null(strstr(got, "\r\n\r\n/echo/x?y=z "));
    assert_null(strstr(got, "Connection:"));
    assert_false(site->ended);
    say(site, GET("/echo/again"));
    assert_int_equal(times(hear(site), "HTTP/1.1 200"), 2);
}

static void byte_by_byte_it_is_the_same(void **state)
{
    struct site *site = *state;
    const char *text = "POST /echo/p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
    for (; *text != '\0'; text++)
        say(site, (const char[]){*text, '\0'});
    assert_non_null(strstr(hear(site), "\r\n\r\n/echo/p body"));
    assert_int_equal(site->requests, 1);
}

static void a_chunked_body_is_put_together(void **state)
{
    struct site *site = *state;
    say(site, "POST /echo/p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    say(site, "2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n" GET("/echo/q"));
    assert_non_null(strstr(hear(site), "\r\n\r\n/echo/p abcde"));
    assert_non_null(strstr(hear(site), "\r\n\r\n/echo/q "));
}

static void headers_of_the_handler_are_in_the_answer(void **state)
{
    struct site *site = *state;
    say(site, GET("/headers"));
    const char *got = hear(site);
    assert_int_equal(strncmp(got, "HTTP/1.1 201 ", 13), 0);
    assert_int_equal(times(got, "\r\nX-One: 1\r\n"), 1);
    assert_int_equal(times(got, "\r\nX-Two: 2\r\n"), 1);
    assert_int_equal(times(got, "\r\nX-Content-Type-Options: nosniff\r\n"), 1);
}

static void head_measures_the_body_and_does_not_send_it(void **state)
{
    struct site *site = *state;
    say(site, "HEAD /echo/h HTTP/1.1\r\nHost: h\r\n\r\n");
    const char *got = hear(site);
    assert_non_null(strstr(got, "\r\nContent-Length: 8\r\n"));
    assert_int_equal(strcmp(got + strlen(got) - 4, "\r\n\r\n"), 0);
}

static void a_path_without_a_route_is_404_and_the_longest_route_wins(void **state)
{
    struct site *site = *state;
    say(site, GET("/") GET("/echo") GET("/headersx") GET("/echo/later"));
    assert_int_equal(times(hear(site), "HTTP/1.1 404"), 3);
    assert_int_equal(times(hear(site), "HTTP/1.1 200"), 1);
    say(site, GET("/echo/late"));
    assert_non_null(site->late);
}

/* ---- the connection ---- */

static void http_1_0_closes_unless_asked_to_stay(void **state)
{
    struct site *site = *state;
    say(site, "GET /echo/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_non_null(strstr(hear(site), "\r\nConnection: keep-alive\r\n"));
    assert_false(site->ended);
    say(site, "GET /echo/b HTTP/1.0\r\n\r\n" GET("/echo/c"));
    assert_int_equal(times(hear(site), "HTTP/1.1 200"), 2);
    assert_non_null(strstr(hear(site), "\r\nConnection: close\r\n"));
    assert_true(site->ended);
    assert_int_equal(site->requests, 2);
}

static void pipelined_requests_are_answered_one_after_the_other(void **state)
{
    struct site *site = *state;
    say(site, GET("/echo/1") GET("/echo/late") GET("/echo/3") GET("/echo/4"));
    const char *got = hear(site);
    assert_non_null(strstr(got, "/echo/1 "));
    assert_null(strstr(got, "/echo/3 ")); /* its turn has not come */
    assert_int_equal(site->requests, 2);
    struct http_exchange *late = site->late;
    site->late = NULL;
    assert_ptr_equal(http_exchange_data(late), site);
    http_answer_text(late, 200, "second");
    got = hear(site);
    assert_int_equal(times(got, "HTTP/1.1 200"), 4);
    assert_true(strstr(got, "second") < strstr(got, "/echo/3 "));
    assert_true(strstr(got, "/echo/3 ") < strstr(got, "/echo/4 "));
}

static void a_long_pipeline_does_not_nest(void **state)
{
    enum { REQUESTS = 3000 };
    struct site *site = *state;
    struct buf wire = {0};
    for (unsigned i = 0; i < REQUESTS; i++)
        buf_append(&wire, SLICE(GET("/echo/")));
    size_t sent = 0;
    unsigned answers = 0;
    while (answers < REQUESTS) {
        const ssize_t part =
            sent == wire.len ? 0 : send(site->peer, wire.ptr + sent, wire.len - sent, MSG_NOSIGNAL);
        sent += part > 0 ? (size_t)part : 0;
        answers = times(hear(site), "HTTP/1.1 200");
    }
    assert_int_equal(site->requests, REQUESTS);
    buf_fini(&wire);
}

static void while_an_answer_is_owed_little_more_is_read(void **state)
{
    struct site *site = *state;
    say(site, GET("/echo/late"));
    struct buf wire = {0};
    while (wire.len < 4u << 20)
        buf_append(&wire, SLICE(GET("/echo/x")));
    size_t sent = 0;
    ssize_t part;
    while ((part = send(site->peer, wire.ptr + sent, wire.len - sent, MSG_NOSIGNAL)) > 0) {
        sent += (size_t)part;
        run_turns(site->loop, TURNS);
    }
    assert_true(net_stats(site->net)->bytes_in <= 2 * 65536 + 100);
    assert_int_equal(site->requests, 1);
    buf_fini(&wire);
}

static void continue_is_said_once_and_only_when_the_body_is_waited_for(void **state)
{
    struct site *site = *state;
    say(site,
        "POST /echo/p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    assert_string_equal(hear(site), "HTTP/1.1 100 Continue\r\n\r\n");
    say(site, "bo");
    say(site, "dy");
    assert_int_equal(times(hear(site), "100 Continue"), 1);
    assert_non_null(strstr(hear(site), "/echo/p body"));
    say(site,
        "POST /echo/q HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx");
    assert_int_equal(times(hear(site), "100 Continue"), 1);
}

/* ---- refusals ---- */

static void after_a_broken_request_nothing_more_is_looked_at(void **state)
{
    struct site *site = *state;
    say(site, GET("/echo/1") "GET /echo/2 HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n" GET(
                  "/echo/3"));
    const char *got = hear(site);
    assert_int_equal(times(got, "HTTP/1.1 200"), 1);
    assert_int_equal(times(got, "HTTP/1.1 400"), 1);
    assert_int_equal(times(got, "\r\nConnection: close\r\n"), 1);
    assert_true(site->ended);
    assert_int_equal(site->requests, 1);
    say(site, GET("/echo/4"));
    assert_int_equal(site->requests, 1);
}

static void a_body_is_bounded(void **state)
{
    struct site *site = *state;
    say(site, "POST /echo/p HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n");
    assert_int_equal(times(hear(site), "HTTP/1.1 413"), 1);
    assert_true(site->ended);
    assert_int_equal(site->requests, 0);
}

static void a_body_of_exactly_the_limit_is_taken(void **state)
{
    struct site *site = *state;
    struct buf wire = {0};
    buf_append(&wire, SLICE("POST /echo/p HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"));
    for (unsigned i = 0; i < BODY_MAX; i++)
        buf_byte(&wire, 'x');
    say(site, buf_cstr(&wire));
    assert_int_equal(times(hear(site), "HTTP/1.1 200"), 1);
    buf_fini(&wire);
}

/* ---- upgrades ---- */

static void an_upgrade_hands_over_the_connection_and_what_came_behind(void **state)
{
    struct site *site = *state;
    say(site, GET("/echo/1") GET("/up") "frames behind it");
    assert_non_null(site->upgraded);
    assert_int_equal(site->rest.len, 16);
    assert_memory_equal(site->rest.ptr, "frames behind it", 16);
    assert_int_equal(httpd_connections(site->httpd), 0);
    assert_int_equal(times(hear(site), "HTTP/1.1 101"), 1);
    assert_false(site->ended);
    say(site, GET("/echo/2")); /* is no request any more */
    assert_int_equal(site->requests, 1);
}

static void an_upgrade_that_comes_late_finds_nobody(void **state)
{
    struct site *site = *state;
    say(site, GET("/echo/late"));
    hang_up(site);
    run_turns(site->loop, TURNS);
    struct http_exchange *late = site->late;
    site->late = NULL;
    assert_null(http_exchange_conn(late));
    upgrade(site, late);
    assert_null(site->upgraded);
    assert_int_equal(httpd_connections(site->httpd), 0);
}

/* ---- peers that go away ---- */

static void a_late_answer_to_nobody_frees_the_exchange(void **state)
{
    struct site *site = *state;
    say(site, GET("/echo/late") GET("/echo/never"));
    hang_up(site);
    run_turns(site->loop, TURNS);
    assert_int_equal(httpd_connections(site->httpd), 1); /* still owed */
    assert_int_equal(net_stats(site->net)->connections, 0);
    struct http_exchange *late = site->late;
    site->late = NULL;
    http_answer_header(late, SLICE("X"), SLICE("y"));
    http_answer_text(late, 200, "too late");
    assert_int_equal(httpd_connections(site->httpd), 0);
    run_turns(site->loop, TURNS);
    assert_int_equal(site->requests, 1);
}

static void a_peer_may_go_away_at_any_byte(void **state)
{
    struct site *site = *state;
    const char *text = "POST /echo/p HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
    for (size_t len = 0; len <= strlen(text); len++) {
        int fds[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
        httpd_accept(fds[0], site->httpd);
        assert_int_equal(write(fds[1], text, len), (ssize_t)len);
        if (len % 2 == 0)
            run_turns(site->loop, 3);
        close(fds[1]);
        run_turns(site->loop, TURNS);
    }
    assert_int_equal(httpd_connections(site->httpd), 1);
}

/* ---- draining ---- */

static void draining_closes_who_waits_and_answers_who_is_owed(void **state)
{
    struct site *site = *state;
    int idle[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, idle), 0);
    httpd_accept(idle[0], site->httpd);
    say(site, GET("/echo/late"));
    httpd_drain(site->httpd);
    run_turns(site->loop, TURNS);
    char byte;
    assert_int_equal(recv(idle[1], &byte, 1, 0), 0);
    close(idle[1]);
    assert_int_equal(httpd_connections(site->httpd), 1);

    struct http_exchange *late = site->late;
    site->late = NULL;
    http_answer_text(late, 200, "before the end");
    assert_non_null(strstr(hear(site), "\r\nConnection: close\r\n"));
    assert_non_null(strstr(hear(site), "before the end"));
    assert_true(site->ended);
}

#define site_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        site_test(a_request_is_answered_and_the_connection_kept),
        site_test(byte_by_byte_it_is_the_same),
        site_test(a_chunked_body_is_put_together),
        site_test(headers_of_the_handler_are_in_the_answer),
        site_test(head_measures_the_body_and_does_not_send_it),
        site_test(a_path_without_a_route_is_404_and_the_longest_route_wins),
        site_test(http_1_0_closes_unless_asked_to_stay),
        site_test(pipelined_requests_are_answered_one_after_the_other),
        site_test(a_long_pipeline_does_not_nest),
        site_test(while_an_answer_is_owed_little_more_is_read),
        site_test(continue_is_said_once_and_only_when_the_body_is_waited_for),
        site_test(after_a_broken_request_nothing_more_is_looked_at),
        site_test(a_body_is_bounded),
        site_test(a_body_of_exactly_the_limit_is_taken),
        site_test(an_upgrade_hands_over_the_connection_and_what_came_behind),
        site_test(an_upgrade_that_comes_late_finds_nobody),
        site_test(a_late_answer_to_nobody_frees_the_exchange),
        site_test(a_peer_may_go_away_at_any_byte),
        site_test(draining_closes_who_waits_and_answers_who_is_owed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
