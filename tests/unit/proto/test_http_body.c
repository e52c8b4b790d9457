/* Bodies of requests, and requests one behind the other. */

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
#define BODY_MAX 64u

struct verdict {
    enum parse parse;
    size_t used;
    struct buf payload;
};

/* Feed `in` in steps of `step` bytes, each in memory of exactly its size. */
static struct verdict feed(const struct http_request *request, struct slice in, size_t step)
{
    struct verdict v = {0};
    struct http_body body;
    http_body_init(&body, request, BODY_MAX);
    do {
        const size_t left = in.len - v.used;
        const size_t len = step < left ? step : left;
        size_t used = 0;
        char *part = mem_alloc(len);
        memcpy(part, in.ptr + v.used, len);
        v.parse = http_body_feed(&body, slice_from(part, len), &used, &v.payload);
        mem_free(part);
        assert_true(used <= len && (v.parse != PARSE_MORE || used == len));
        v.used += used;
    } while (v.parse == PARSE_MORE && v.used < in.len);
    assert_true(v.payload.len <= BODY_MAX);
    return v;
}

/* The verdict on the whole, which steps of any size must not change. */
static struct verdict verdict_on(const struct http_request *request, struct slice in)
{
    struct verdict whole = feed(request, in, in.len + 1);
    for (size_t step = 1; step < in.len; step++) {
        struct verdict v = feed(request, in, step);
        assert_int_equal(v.parse, whole.parse);
        assert_int_equal(v.used, whole.used);
        assert_true(slice_eq(buf_slice(&v.payload), buf_slice(&whole.payload)));
        buf_fini(&v.payload);
    }
    return whole;
}

static void expect(const struct http_request *request, struct slice in, enum parse parse,
                   size_t used, struct slice payload)
{
    struct verdict v = verdict_on(request, in);
    if (v.parse != parse)
        fail_msg("verdict %d on: %s", (int)v.parse, in.ptr);
    if (parse == PARSE_DONE) {
        assert_int_equal(v.used, used);
        assert_true(slice_eq(buf_slice(&v.payload), payload));
    }
    buf_fini(&v.payload);
}

static void no_body_is_complete_at_once(void **state)
{
    (void)state;
    const struct http_request request = {0};
    expect(&request, SLICE("GET / next"), PARSE_DONE, 0, SLICE_EMPTY);
    expect(&request, SLICE_EMPTY, PARSE_DONE, 0, SLICE_EMPTY);
}

static void a_known_length_is_taken_and_nothing_behind_it(void **state)
{
    (void)state;
    const struct http_request request = {.content_length = 5};
    expect(&request, SLICE("hello"), PARSE_DONE, 5, SLICE("hello"));
    expect(&request, SLICE("helloGET /"), PARSE_DONE, 5, SLICE("hello"));
    expect(&request, SLICE("hell"), PARSE_MORE, 4, SLICE("hell"));
}

static void a_known_length_past_the_limit_is_refused_before_any_byte(void **state)
{
    (void)state;
    const uint64_t lengths[] = {BODY_MAX + 1, UINT32_MAX, 1ULL << 32, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < COUNT(lengths); i++) {
        const struct http_request request = {.content_length = lengths[i]};
        struct verdict v = feed(&request, SLICE("some"), 4);
        assert_int_equal(v.parse, PARSE_TOO_BIG);
        assert_int_equal(v.used, 0);
        assert_int_equal(v.payload.len, 0);
    }
    char text[BODY_MAX] = {0};
    const struct http_request request = {.content_length = BODY_MAX};
    expect(&request, slice_from(text, BODY_MAX), PARSE_DONE, BODY_MAX, slice_from(text, BODY_MAX));
}

static const struct {
    struct slice wire;
    struct slice payload;
} CHUNKED[] = {
    {TEXT("0\r\n\r\n"), TEXT("")},
    {TEXT("5\r\nhello\r\n0\r\n\r\n"), TEXT("hello")},
    {TEXT("5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n"), TEXT("hello world")},
    {TEXT("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"), TEXT("01234567890123456789")},
    {TEXT("0000000000000002\r\n\r\n\r\n0\r\n\r\n"), TEXT("\r\n")},
    {TEXT("3;name=value;other=\"quoted \x80\";\r\nabc\r\n0;last\r\n\r\n"), TEXT("abc")},
    {TEXT("1\r\nx\r\n0\r\nExpires: never\r\nX-Empty:\r\n\r\n"), TEXT("x")},
    {TEXT("40\r\n0123456789012345678901234567890123456789012345678901234567890123\r\n0\r\n\r\n"),
     TEXT("0123456789012345678901234567890123456789012345678901234567890123")},
};

static void chunks_are_joined(void **state)
{
    (void)state;
    const struct http_request request = {.chunked = true};
    for (size_t i = 0; i < COUNT(CHUNKED); i++) {
        struct buf wire = {0};
        buf_append(&wire, CHUNKED[i].wire);
        buf_append(&wire, SLICE("\r\nnext"));
        expect(&request, buf_slice(&wire), PARSE_DONE, CHUNKED[i].wire.len, CHUNKED[i].payload);
        buf_fini(&wire);
    }
}

static void every_shorter_prefix_asks_for_more(void **state)
{
    (void)state;
    const struct http_request request = {.chunked = true};
    for (size_t i = 0; i < COUNT(CHUNKED); i++) {
        for (size_t len = 0; len < CHUNKED[i].wire.len; len++)
            expect(&request, slice_from(CHUNKED[i].wire.ptr, len), PARSE_MORE, 0, SLICE_EMPTY);
    }
}

static const struct slice REFUSED[] = {
    /* Sizes. */
    TEXT("\r\n"),
    TEXT(";x\r\n"),
    TEXT("+1\r\nx\r\n"),
    TEXT("-1\r\nx\r\n"),
    TEXT("0x1\r\nx\r\n"),
    TEXT("1_0\r\n"),
    TEXT(" 1\r\nx\r\n"),
    TEXT("\t1\r\nx\r\n"),
    TEXT("1 \r\nx\r\n"),
    TEXT("1 ;x\r\nx\r\n"),
    TEXT("1g\r\nx\r\n"),
    TEXT("g\r\n"),
    TEXT("1,1\r\nx\r\n"),
    TEXT("1.0\r\nx\r\n"),
    TEXT("00000000000000001\r\nx\r\n"),
    TEXT("10000000000000000\r\n"),
    TEXT("fffffffffffffffff\r\n"),
    TEXT("\xff\r\n"),
    TEXT("\0\r\n"),
    /* Ends of lines. */
    TEXT("1\nx\r\n0\r\n\r\n"),
    TEXT("1\rXx\r\n0\r\n\r\n"),
    TEXT("1\r\r\nx"),
    TEXT("1\r\nx\n0\r\n\r\n"),
    TEXT("1\r\nx\rX"),
    TEXT("1\r\nxx\r\n"),
    TEXT("1\r\nx0\r\n\r\n"),
    TEXT("5\r\nhello6\r\n world\r\n0\r\n\r\n"),
    TEXT("1\r\nx\r\n\r\n0\r\n\r\n"),
    TEXT("0\n\r\n"),
    TEXT("0\r\n\n"),
    TEXT("0\r\n\rX"),
    /* Extensions. */
    TEXT("1;a\nx\r\n"),
    TEXT("1;a\rb\r\nx\r\n"),
    TEXT("1;a\0\r\nx\r\n"),
    TEXT("1;a\x01\r\nx\r\n"),
    TEXT("1;a\x7f\r\nx\r\n"),
    /* Trailers. */
    TEXT("0\r\n: x\r\n\r\n"),
    TEXT("0\r\nNoColon\r\n\r\n"),
    TEXT("0\r\n X: folded\r\n\r\n"),
    TEXT("0\r\nX: a\r\n b\r\n\r\n"),
    TEXT("0\r\nX : a\r\n\r\n"),
    TEXT("0\r\nX\xa0: a\r\n\r\n"),
    TEXT("0\r\nX: a\n\r\n"),
    TEXT("0\r\nX: a\rb\r\n\r\n"),
    TEXT("0\r\nX: a\0b\r\n\r\n"),
    TEXT("0\r\nGET / HTTP/1.1\r\n\r\n"),
};

static void each_ambiguity_is_refused(void **state)
{
    (void)state;
    const struct http_request request = {.chunked = true};
    for (size_t i = 0; i < COUNT(REFUSED); i++)
        expect(&request, REFUSED[i], PARSE_BAD, 0, SLICE_EMPTY);
}

static void after_a_refusal_nothing_more_is_taken(void **state)
{
    (void)state;
    const struct http_request request = {.chunked = true};
    struct http_body body;
    struct buf payload = {0};
    size_t used;
    http_body_init(&body, &request, BODY_MAX);
    assert_int_equal(http_body_feed(&body, SLICE("x"), &used, &payload), PARSE_BAD);
    assert_int_equal(http_body_feed(&body, SLICE("0\r\n\r\n"), &used, &payload), PARSE_BAD);
    assert_int_equal(used, 0);
    assert_int_equal(payload.len, 0);
}

static void chunks_past_the_limit_are_refused_by_their_size(void **state)
{
    (void)state;
    const struct http_request request = {.chunked = true};
    const struct slice wires[] = {TEXT("41\r\n"),
                                  TEXT("41;x\r\n"),
                                  TEXT("ffffffffffffffff\r\n"),
                                  TEXT("8000000000000000\r\n"),
                                  TEXT("0000000100000000\r\n"),
                                  TEXT("3f\r\n0123456789012345678901234567890123456789"
                                       "01234567890123456789012\r\n2\r\nxx")};
    for (size_t i = 0; i < COUNT(wires); i++)
        expect(&request, wires[i], PARSE_TOO_BIG, 0, SLICE_EMPTY);
}

static void extensions_and_trailers_are_bounded_over_the_whole_body(void **state)
{
    (void)state;
    const struct http_request request = {.chunked = true};
    const struct slice pieces[] = {SLICE("1;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\ny\r\n"),
                                   SLICE("X: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n")};
    const struct slice firsts[] = {SLICE(""), SLICE("0\r\n")};
    for (size_t i = 0; i < 2; i++) {
        struct http_body body;
        struct buf payload = {0};
        size_t used;
        size_t taken = 0;
        http_body_init(&body, &request, 100000);
        enum parse parse = http_body_feed(&body, firsts[i], &used, &payload);
        for (; parse == PARSE_MORE && taken < 100000; taken += used)
            parse = http_body_feed(&body, pieces[i], &used, &payload);
        assert_int_equal(parse, PARSE_BAD);
        assert_true(taken < 20000);
        buf_fini(&payload);
    }
}

/* Read requests one behind the other, and say what they were. */
static void read_all(struct slice in, struct buf *out)
{
    static struct http_request request;
    while (in.len > 0) {
        struct http_body body;
        size_t used;
        int status;
        const char *problem;
        if (http_head_parse(in, &request, &used, &status, &problem) != PARSE_DONE) {
            buf_append(out, SLICE("refused"));
            return;
        }
        buf_append(out, request.path);
        buf_append(out, request.expect_continue ? SLICE(" 100 ") : SLICE(" "));
        in = slice_skip(in, used);
        http_body_init(&body, &request, BODY_MAX);
        assert_int_equal(http_body_feed(&body, in, &used, out), PARSE_DONE);
        in = slice_skip(in, used);
        buf_byte(out, '\n');
    }
}

static void requests_may_come_one_behind_the_other(void **state)
{
    (void)state;
    struct buf out = {0};
    read_all(SLICE("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
                   "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwo"
                   "\r\nPOST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                   "Expect: 100-continue\r\n\r\n5\r\nthree\r\n0\r\n\r\n"
                   "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n"),
             &out);
    assert_string_equal(buf_cstr(&out), "/1 \n/2 two\n/3 100 three\n/4 \n");
    buf_fini(&out);
}

static void a_body_that_is_longer_than_announced_is_no_request(void **state)
{
    (void)state;
    struct buf out = {0};
    read_all(SLICE("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none and more"
                   "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"),
             &out);
    assert_string_equal(buf_cstr(&out), "/1 one\nrefused");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_body_is_complete_at_once),
        cmocka_unit_test(a_known_length_is_taken_and_nothing_behind_it),
        cmocka_unit_test(a_known_length_past_the_limit_is_refused_before_any_byte),
        cmocka_unit_test(chunks_are_joined),
        cmocka_unit_test(every_shorter_prefix_asks_for_more),
        cmocka_unit_test(each_ambiguity_is_refused),
        cmocka_unit_test(after_a_refusal_nothing_more_is_taken),
        cmocka_unit_test(chunks_past_the_limit_are_refused_by_their_size),
        cmocka_unit_test(extensions_and_trailers_are_bounded_over_the_whole_body),
        cmocka_unit_test(requests_may_come_one_behind_the_other),
        cmocka_unit_test(a_body_that_is_longer_than_announced_is_no_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
