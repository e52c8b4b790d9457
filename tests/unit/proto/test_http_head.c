/* Heads of requests: what is understood and, above all, what is refused. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "proto/http1.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define GET "GET / HTTP/1.1\r\n"
#define HOST "Host: a\r\n"

static struct http_request request;
static struct buf kept; /* what `request` borrows from */

struct verdict {
    enum parse parse;
    int status;
    size_t used;
};

/* Parse the first `len` bytes in memory of exactly that size. */
static struct verdict parse_part(struct slice text, size_t len)
{
    struct verdict v = {0};
    const char *problem = NULL;
    char *copy = mem_alloc(len);
    memcpy(copy, text.ptr, len);
    v.parse = http_head_parse(slice_from(copy, len), &request, &v.used, &v.status, &problem);
    assert_int_equal(problem != NULL, v.parse == PARSE_BAD || v.parse == PARSE_TOO_BIG);
    mem_free(copy);
    return v;
}

/* The verdict on `text`, which must be the same when its bytes come one by one. */
static struct verdict verdict_on(struct slice text)
{
    const struct verdict whole = parse_part(text, text.len);
    struct verdict stepped = {.parse = PARSE_MORE};
    for (size_t len = 0; len <= text.len && stepped.parse == PARSE_MORE; len++)
        stepped = parse_part(text, len);
    assert_int_equal(stepped.parse, whole.parse);
    assert_int_equal(stepped.status, whole.status);
    assert_int_equal(stepped.used, whole.used);
    return whole;
}

/* Parse a good head into `request`, where it may be looked at until the next one. */
static void parse_good(const char *text)
{
    size_t used;
    int status;
    const char *problem = "";
    buf_clear(&kept);
    buf_append(&kept, slice_str(text));
    if (http_head_parse(buf_slice(&kept), &request, &used, &status, &problem) != PARSE_DONE)
        fail_msg("refused: %s", problem);
    assert_int_equal(used, kept.len);
}

static int free_kept(void **state)
{
    (void)state;
    buf_fini(&kept);
    return 0;
}

static const struct slice REFUSED[] = {
    /* Separators and shape of the request line. */
    TEXT("GET\t/ HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /\tHTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET\v/ HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET\f/ HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET\n/ HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET  / HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /  HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/1.1 \r\n" HOST "\r\n"),
    TEXT(" GET / HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /\r\n" HOST "\r\n"),
    TEXT("GET / \r\n" HOST "\r\n"),
    TEXT("GET\r\n" HOST "\r\n"),
    TEXT("/ HTTP/1.1\r\n" HOST "\r\n"),
    TEXT(" / HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("G(T / HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("G\xc4T / HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("G\0T / HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET: / HTTP/1.1\r\n" HOST "\r\n"),
    /* Versions that are none. */
    TEXT("GET / HTTP/1.10\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/1.256\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/11\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/1\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/1.\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/.1\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/1,1\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/x.1\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/1.x\r\n" HOST "\r\n"),
    TEXT("GET / http/1.1\r\n" HOST "\r\n"),
    TEXT("GET / HTTPS/1.1\r\n" HOST "\r\n"),
    TEXT("GET / ICY/1.1\r\n" HOST "\r\n"),
    TEXT("GET / /1.1\r\n" HOST "\r\n"),
    /* Targets. */
    TEXT("GET http://a/ HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET http://b/ HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET index.html HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET ?a=b HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /a#b HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /\x80 HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /\xff HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /\xd0\xbf HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /\x7f HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /\0 HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /a b HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET /a\rb HTTP/1.1\r\n" HOST "\r\n"),
    /* Ends of lines. */
    TEXT("GET / HTTP/1.1\n" HOST "\r\n"),
    TEXT("GET / HTTP/1.1\r\r\n" HOST "\r\n"),
    TEXT("GET / HTTP/1.1\r" HOST "\r\n"),
    TEXT(GET "Host: a\n\r\n"),
    TEXT(GET "Host: a\r\r\n\r\n"),
    TEXT(GET HOST "\n"),
    TEXT(GET HOST "\r\rX"),
    TEXT(GET HOST "\rX"),
    TEXT(GET HOST "\r\tX"),
    TEXT(GET HOST "X: a\rb\r\n\r\n"),
    TEXT(GET HOST "X: a\r\n\rY: b\r\n\r\n"),
    TEXT("\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("\rGET / HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"),
    /* Names of header fields. */
    TEXT(GET HOST ": empty\r\n\r\n"),
    TEXT(GET HOST "NoColon\r\n\r\n"),
    TEXT(GET HOST " X: folded\r\n\r\n"),
    TEXT(GET HOST "\tX: folded\r\n\r\n"),
    TEXT(GET HOST "X: a\r\n b\r\n\r\n"),
    TEXT(GET HOST "X: a\r\n\tb\r\n\r\n"),
    TEXT(GET " Host: a\r\n\r\n"),
    TEXT(GET HOST "X : a\r\n\r\n"),
    TEXT(GET HOST "X\t: a\r\n\r\n"),
    TEXT(GET HOST "X\xa0: a\r\n\r\n"),
    TEXT(GET HOST "\xa0X: a\r\n\r\n"),
    TEXT(GET HOST "X\x85: a\r\n\r\n"),
    TEXT(GET HOST "\x85X: a\r\n\r\n"),
    TEXT(GET HOST "X\xc3\xa4: a\r\n\r\n"),
    TEXT(GET HOST "X\0: a\r\n\r\n"),
    TEXT(GET HOST "X Y: a\r\n\r\n"),
    TEXT(GET HOST "X(: a\r\n\r\n"),
    TEXT(GET HOST "X,Y: a\r\n\r\n"),
    TEXT(GET HOST "\"X\": a\r\n\r\n"),
    /* Values of header fields. */
    TEXT(GET HOST "X: a\0b\r\n\r\n"),
    TEXT(GET HOST "X: \x01\r\n\r\n"),
    TEXT(GET HOST "X: a\vb\r\n\r\n"),
    TEXT(GET HOST "X: a\fb\r\n\r\n"),
    TEXT(GET HOST "X: \x1b[0m\r\n\r\n"),
    TEXT(GET HOST "X: \x7f\r\n\r\n"),
    /* Host. */
    TEXT(GET "\r\n"),
    TEXT(GET HOST HOST "\r\n"),
    TEXT(GET HOST "hOST: b\r\n\r\n"),
    TEXT(GET "Host:\r\n\r\n"),
    TEXT(GET "Host: a b\r\n\r\n"),
    TEXT(GET "Host: a,b\r\n\r\n"),
    TEXT(GET "Host: a/b\r\n\r\n"),
    TEXT(GET "Host: user@a\r\n\r\n"),
    TEXT(GET "Host: a?b\r\n\r\n"),
    TEXT(GET "Host: \xc3\xa4\r\n\r\n"),
    TEXT("GET / HTTP/1.0\r\n" HOST HOST "\r\n"),
    /* Content-Length. */
    TEXT(GET HOST "Content-Length:\r\n\r\n"),
    TEXT(GET HOST "Content-Length: +5\r\n\r\n"),
    TEXT(GET HOST "Content-Length: -5\r\n\r\n"),
    TEXT(GET HOST "Content-Length: -0\r\n\r\n"),
    TEXT(GET HOST "Content-Length: -48\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 0x5\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 1_0\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 1,1\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 1, 1\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 1, 2\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 01\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 00\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 1 0\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 1\t0\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 5.0\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 5e1\r\n\r\n"),
    TEXT(GET HOST "Content-Length: five\r\n\r\n"),
    TEXT(GET HOST "Content-Length: \"5\"\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 18446744073709551616\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 99999999999999999999999\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 5\r\ncontent-length: 6\r\n\r\n"),
    /* Transfer-Encoding. */
    TEXT(GET HOST "Transfer-Encoding:\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: ,chunked\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: chunked,\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: chunked, chunked\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: chunked;q=1\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: \"chunked\"\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: chun ked\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: \vchunked\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n"),
    TEXT(GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
    TEXT(GET HOST "Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\n"),
    TEXT("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    /* What speaks another protocol. */
    TEXT("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    TEXT("\x00"),
};

static void each_ambiguity_is_answered_with_400(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(REFUSED); i++) {
        const struct verdict v = verdict_on(REFUSED[i]);
        if (v.parse != PARSE_BAD || v.status != 400)
            fail_msg("verdict %d, %d on: %s", (int)v.parse, v.status, REFUSED[i].ptr);
    }
}

static void what_is_clear_but_not_spoken_here_has_its_own_status(void **state)
{
    (void)state;
    const struct {
        struct slice text;
        int status;
    } heads[] = {
        {SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
        {SLICE("GET / HTTP/1.2\r\n" HOST "\r\n"), 505},
        {SLICE("GET / HTTP/0.9\r\n" HOST "\r\n"), 505},
        {SLICE("GET / HTTP/3.0\r\n" HOST "\r\n"), 505},
        {SLICE(GET HOST "Transfer-Encoding: gzip\r\n\r\n"), 501},
        {SLICE(GET HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501},
        {SLICE(GET HOST "Transfer-Encoding: xchunked\r\n\r\n"), 501},
        {SLICE(GET HOST "Transfer-Encoding: identity\r\n\r\n"), 501},
        {SLICE(GET HOST "Expect: 200-ok\r\n\r\n"), 417},
        {SLICE(GET HOST "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"), 417},
    };
    for (size_t i = 0; i < COUNT(heads); i++) {
        const struct verdict v = verdict_on(heads[i].text);
        assert_int_equal(v.parse, PARSE_BAD);
        assert_int_equal(v.status, heads[i].status);
    }
}

static const struct slice ACCEPTED[] = {
    TEXT(GET HOST "\r\n"),
    TEXT("\r\n" GET HOST "\r\n"),
    TEXT("GET / HTTP/1.0\r\n\r\n"),
    TEXT("M-SEARCH /a/b.c;d=e?f=g&h=%20!$'()*+,:@~|^{}[]\\\"<>` HTTP/1.1\r\n" HOST "\r\n"),
    TEXT("GET //double/../dots HTTP/1.1\r\n" HOST "\r\n"),
    TEXT(GET "host:a.example:8080\r\n\r\n"),
    TEXT(GET "Host: [::1]:8080\r\n\r\n"),
    TEXT(GET HOST "X:\r\nX: \t \r\nx:\ta\tb \r\n!#$%&'*+-.^_`|~09azAZ: z\r\n\r\n"),
    TEXT(GET HOST "X: \xd0\xbf\xff in a value is none of our business\r\n\r\n"),
    TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n"),
    TEXT("POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551615\r\n\r\n"),
    TEXT("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\t\r\n\r\n"),
    TEXT("POST / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n"),
};

static void a_good_head_is_taken_and_nothing_behind_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ACCEPTED); i++) {
        struct buf text = {0};
        buf_append(&text, ACCEPTED[i]);
        buf_append(&text, SLICE("\r\n\x00\xffnext"));
        const struct verdict v = verdict_on(buf_slice(&text));
        if (v.parse != PARSE_DONE)
            fail_msg("refused: %s", ACCEPTED[i].ptr);
        assert_int_equal(v.used, ACCEPTED[i].len);
        buf_fini(&text);
    }
}

static void every_shorter_prefix_asks_for_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ACCEPTED); i++) {
        for (size_t len = 0; len < ACCEPTED[i].len; len++)
            assert_int_equal(parse_part(ACCEPTED[i], len).parse, PARSE_MORE);
    }
}

static void the_request_line_is_taken_apart(void **state)
{
    (void)state;
    parse_good("POST /a/b?c=d?e HTTP/1.1\r\n" HOST "\r\n");
    assert_true(slice_eq(request.method, SLICE("POST")));
    assert_true(slice_eq(request.target, SLICE("/a/b?c=d?e")));
    assert_true(slice_eq(request.path, SLICE("/a/b")));
    assert_true(slice_eq(request.query, SLICE("c=d?e")));
    assert_int_equal(request.minor, 1);

    parse_good("GET / HTTP/1.0\r\n\r\n");
    assert_true(slice_eq(request.path, SLICE("/")));
    assert_int_equal(request.query.len, 0);
    assert_int_equal(request.minor, 0);
    assert_int_equal(request.headers_len, 0);
}

static void the_connection_stays_as_the_version_and_the_client_say(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool keep_alive;
    } heads[] = {
        {GET HOST "\r\n", true},
        {GET HOST "Connection: close\r\n\r\n", false},
        {GET HOST "Connection: x, CLOSE\r\n\r\n", false},
        {GET HOST "Connection: keep-alive\r\nConnection: close\r\n\r\n", false},
        {GET HOST "Connection: closed\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    for (size_t i = 0; i < COUNT(heads); i++) {
        parse_good(heads[i].text);
        assert_int_equal(request.keep_alive, heads[i].keep_alive);
    }
}

static void the_body_and_what_is_expected_are_announced(void **state)
{
    (void)state;
    parse_good(GET HOST "\r\n");
    assert_true(!request.chunked && request.content_length == 0 && !request.expect_continue);
    parse_good(GET HOST "Content-Length: 123\r\nExpect: 100-continue\r\n\r\n");
    assert_true(!request.chunked && request.content_length == 123 && request.expect_continue);
    parse_good(GET HOST "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_true(request.chunked && request.content_length == 0 && request.expect_continue);
    parse_good(GET HOST "Expect: 100-continue\r\n\r\n");
    assert_false(request.expect_continue); /* there is nothing to continue with */
    parse_good("GET / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    assert_false(request.expect_continue); /* HTTP/1.0 does not know it */
}

static void an_upgrade_needs_both_headers_and_http_1_1(void **state)
{
    (void)state;
    parse_good(GET HOST "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert_true(request.has_upgrade);
    parse_good(GET HOST "Connection: Upgrade\r\n\r\n");
    assert_false(request.has_upgrade);
    parse_good(GET HOST "Upgrade: websocket\r\n\r\n");
    assert_false(request.has_upgrade);
    parse_good("GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert_false(request.has_upgrade);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_ambiguity_is_answered_with_400),
        cmocka_unit_test(what_is_clear_but_not_spoken_here_has_its_own_status),
        cmocka_unit_test(a_good_head_is_taken_and_nothing_behind_it),
        cmocka_unit_test(every_shorter_prefix_asks_for_more),
        cmocka_unit_test(the_request_line_is_taken_apart),
        cmocka_unit_test(the_connection_stays_as_the_version_and_the_client_say),
        cmocka_unit_test(the_body_and_what_is_expected_are_announced),
        cmocka_unit_test(an_upgrade_needs_both_headers_and_http_1_1),
    };
    return cmocka_run_group_tests(tests, NULL, free_kept);
}
