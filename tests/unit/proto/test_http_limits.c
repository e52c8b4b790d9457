/* The limits of a head, each at its last good and its first bad value. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/http1.h"

#define GET "GET / HTTP/1.1\r\n"
#define HOST "Host: a\r\n"

static struct http_request request;

static void repeat(struct buf *text, char byte, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_byte(text, byte);
}

/* The verdict on the first `len` bytes; `*status` is 0 unless they were refused. */
static enum parse parse(const struct buf *text, size_t len, int *status)
{
    size_t used;
    const char *problem;
    *status = 0;
    return http_head_parse(slice_from(text->ptr, len), &request, &used, status, &problem);
}

/* Expect 0 for a good head, or the status of the refusal, however many bytes have come. */
static void expect_status(struct buf *text, int expected)
{
    int status;
    assert_int_equal(parse(text, text->len, &status), expected == 0 ? PARSE_DONE : PARSE_TOO_BIG);
    assert_int_equal(status, expected);

    bool refused = false;
    for (size_t len = 0; len < text->len; len += 97) {
        const enum parse verdict = parse(text, len, &status);
        assert_true(verdict == PARSE_MORE || (verdict == PARSE_TOO_BIG && status == expected));
        assert_false(refused && verdict == PARSE_MORE);
        refused = verdict == PARSE_TOO_BIG;
    }
    buf_fini(text);
}

static void a_request_line_that_is_too_long_is_answered_with_414(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct buf text = {0};
        buf_append(&text, SLICE("GET /"));
        repeat(&text, 'x', HTTP_LINE_MAX - sizeof("GET / HTTP/1.1\r\n") + 1 + over);
        buf_append(&text, SLICE(" HTTP/1.1\r\n"));
        assert_int_equal(text.len, HTTP_LINE_MAX + over);
        buf_append(&text, SLICE(HOST "\r\n"));
        expect_status(&text, over == 0 ? 0 : 414);
    }
}

static void a_header_line_that_is_too_long_is_answered_with_431(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct buf text = {0};
        buf_append(&text, SLICE(GET HOST "X:"));
        repeat(&text, 'x', HTTP_LINE_MAX - 4 + over);
        buf_append(&text, SLICE("\r\n\r\n"));
        expect_status(&text, over == 0 ? 0 : 431);
    }
}

static void a_head_that_is_too_long_is_answered_with_431(void **state)
{
    (void)state;
    for (size_t over = 0; over < 4; over++) {
        struct buf text = {0};
        buf_append(&text, SLICE(GET HOST "A:"));
        repeat(&text, 'x', 8180);
        buf_append(&text, SLICE("\r\nB:"));
        repeat(&text, 'x', HTTP_HEAD_MAX - text.len - 4 + over);
        buf_append(&text, SLICE("\r\n\r\n"));
        assert_int_equal(text.len, HTTP_HEAD_MAX + over);
        expect_status(&text, over == 0 ? 0 : 431);
    }
}

static void too_many_headers_are_answered_with_431(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        struct buf text = {0};
        buf_append(&text, SLICE(GET HOST));
        for (size_t i = 1; i < HTTP_HEADERS_MAX + over; i++)
            buf_append(&text, SLICE("X: y\r\n"));
        buf_append(&text, SLICE("\r\n"));
        expect_status(&text, over == 0 ? 0 : 431);
    }
}

static void a_line_without_end_is_refused_at_its_limit(void **state)
{
    (void)state;
    int status;
    struct buf text = {0};
    repeat(&text, 'x', HTTP_LINE_MAX);
    assert_int_equal(parse(&text, HTTP_LINE_MAX - 1, &status), PARSE_MORE);
    assert_int_equal(parse(&text, HTTP_LINE_MAX, &status), PARSE_TOO_BIG);
    assert_int_equal(status, 414);
    buf_fini(&text);
}

static void what_stands_behind_a_limit_is_not_looked_at(void **state)
{
    (void)state;
    struct buf text = {0};
    repeat(&text, 'x', HTTP_LINE_MAX);
    buf_append(&text, SLICE("\0\n\r\n\r\n"));
    expect_status(&text, 414);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_line_that_is_too_long_is_answered_with_414),
        cmocka_unit_test(a_header_line_that_is_too_long_is_answered_with_431),
        cmocka_unit_test(a_head_that_is_too_long_is_answered_with_431),
        cmocka_unit_test(too_many_headers_are_answered_with_431),
        cmocka_unit_test(a_line_without_end_is_refused_at_its_limit),
        cmocka_unit_test(what_stands_behind_a_limit_is_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
