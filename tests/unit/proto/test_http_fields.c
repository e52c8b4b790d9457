/* Looking up header fields, cookies and parameters of the query. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/http1.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct http_request request;

/* `fields` is a literal: the request borrows from a static copy. */
static void parse(const char *fields)
{
    static struct buf head;
    size_t used;
    int status;
    const char *problem;
    buf_fini(&head);
    buf_format(&head, "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
    assert_int_equal(http_head_parse(buf_slice(&head), &request, &used, &status, &problem),
                     PARSE_DONE);
}

static void a_header_is_found_by_name_of_any_case(void **state)
{
    (void)state;
    struct slice value;
    parse("X-One:  first \r\nx-one: second\r\nX-Two:\r\n");
    assert_true(http_header_get(&request, SLICE("X-ONE"), &value));
    assert_true(slice_eq(value, SLICE("first")));
    assert_true(http_header_get(&request, SLICE("x-two"), &value));
    assert_int_equal(value.len, 0);
    assert_false(http_header_get(&request, SLICE("x-on"), &value));
    assert_false(http_header_get(&request, SLICE("x-ones"), &value));
    assert_int_equal(http_header_count(&request, SLICE("x-one")), 2);
    assert_int_equal(http_header_count(&request, SLICE("host")), 1);
    assert_int_equal(http_header_count(&request, SLICE("origin")), 0);
}

static void a_token_is_found_in_every_line_of_its_header(void **state)
{
    (void)state;
    const struct slice name = SLICE("accept-encoding");
    parse("Accept-Encoding: gzip,\tBR , x-y\r\nOther: zip\r\nAccept-Encoding:,deflate,\r\n");
    assert_true(http_header_has_token(&request, name, SLICE("gzip")));
    assert_true(http_header_has_token(&request, name, SLICE("br")));
    assert_true(http_header_has_token(&request, name, SLICE("X-Y")));
    assert_true(http_header_has_token(&request, name, SLICE("deflate")));
    assert_false(http_header_has_token(&request, name, SLICE("zip")));
    assert_false(http_header_has_token(&request, name, SLICE("x")));
    assert_false(http_header_has_token(&request, name, SLICE("gzip,\tBR")));
    assert_false(http_header_has_token(&request, SLICE("none"), SLICE("gzip")));
}

static void a_cookie_is_found_by_its_exact_name(void **state)
{
    (void)state;
    struct slice value;
    parse("Cookie: a=1; session=x=y==;b=\r\nCookie: Session=2;  flag; a=3 \r\n");
    assert_true(http_cookie_get(&request, SLICE("a"), &value));
    assert_true(slice_eq(value, SLICE("1")));
    assert_true(http_cookie_get(&request, SLICE("session"), &value));
    assert_true(slice_eq(value, SLICE("x=y==")));
    assert_true(http_cookie_get(&request, SLICE("Session"), &value));
    assert_true(slice_eq(value, SLICE("2")));
    assert_true(http_cookie_get(&request, SLICE("b"), &value));
    assert_int_equal(value.len, 0);
    assert_false(http_cookie_get(&request, SLICE("flag"), &value));
    assert_false(http_cookie_get(&request, SLICE("ession"), &value));
    assert_false(http_cookie_get(&request, SLICE("SESSION"), &value));
    parse("");
    assert_false(http_cookie_get(&request, SLICE("a"), &value));
}

static void a_parameter_of_the_query_is_decoded(void **state)
{
    (void)state;
    const struct {
        const char *query;
        const char *value; /* NULL: there is none */
    } queries[] = {
        {"q=x", "x"},
        {"a=1&q=x&b=2", "x"},
        {"q=x&q=y", "x"},
        {"q", ""},
        {"q=", ""},
        {"q==", "="},
        {"&&q=x", "x"},
        {"%71=x", "x"},
        {"q=a+b%2Bc%20d%26", "a b+c d&"},
        {"q=%d0%BF%e2%82%ac", "\xd0\xbf\xe2\x82\xac"},
        {"", NULL},
        {"&", NULL},
        {"=", NULL},
        {"Q=x", NULL},
        {"qq=x", NULL},
        {"a=q", NULL},
        {"%7=x", NULL},
        {"q=%", NULL},
        {"q=%4", NULL},
        {"q=%4g", NULL},
        {"q=%g4", NULL},
        {"q=%+1", NULL},
        {"q=%ff", NULL},
        {"q=%e2%82", NULL},
        {"q=%c0%80", NULL},
    };
    for (size_t i = 0; i < COUNT(queries); i++) {
        struct buf out = {0};
        buf_byte(&out, '>');
        const bool found = http_query_get(slice_str(queries[i].query), SLICE("q"), &out);
        if (found != (queries[i].value != NULL))
            fail_msg("%s %s", found ? "found in" : "not found in", queries[i].query);
        assert_string_equal(buf_cstr(&out) + 1, found ? queries[i].value : "");
        buf_fini(&out);
    }
}

static void a_path_is_decoded_or_refused(void **state)
{
    (void)state;
    const struct {
        const char *path;
        const char *decoded; /* NULL: refused */
    } paths[] = {
        {"/", "/"},     {"/a+b", "/a+b"}, {"/a%20b%2Fc", "/a b/c"}, {"/%D0%BF", "/\xd0\xbf"},
        {"/%25", "/%"}, {"/%00", NULL},   {"/a%00b", NULL},         {"/%", NULL},
        {"/%2", NULL},  {"/%zz", NULL},   {"/%80", NULL},           {"/%c0%ae", NULL},
    };
    for (size_t i = 0; i < COUNT(paths); i++) {
        struct buf out = {0};
        assert_int_equal(http_path_decode(slice_str(paths[i].path), &out),
                         paths[i].decoded != NULL);
        assert_string_equal(buf_cstr(&out), paths[i].decoded != NULL ? paths[i].decoded : "");
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_is_found_by_name_of_any_case),
        cmocka_unit_test(a_token_is_found_in_every_line_of_its_header),
        cmocka_unit_test(a_cookie_is_found_by_its_exact_name),
        cmocka_unit_test(a_parameter_of_the_query_is_decoded),
        cmocka_unit_test(a_path_is_decoded_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
