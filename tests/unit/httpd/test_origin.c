/* Which origins may use the session cookie. */

#include "../../support/unit_suite.h"

#include "base/buf.h"
#include "httpd/origin.h"
#include "proto/http1.h"

#define COOKIE "Cookie: parley_session=abc\r\n"

static bool allowed(const char *lines, const char *extra_origin)
{
    struct buf head = {0};
    struct http_request request;
    size_t used;
    int status;
    const char *problem;
    buf_append(&head, SLICE("POST /api/v1/x HTTP/1.1\r\n"));
    buf_append(&head, slice_str(lines));
    buf_append(&head, SLICE("\r\n"));
    assert_int_equal(http_head_parse(buf_slice(&head), &request, &used, &status, &problem),
                     PARSE_DONE);
    const bool result = origin_allowed(&request, slice_str(extra_origin));
    buf_fini(&head);
    return result;
}

static void the_servers_own_origin_is_allowed(void **state)
{
    static const char *const own[] = {
        "Host: chat.example.com\r\nOrigin: https://chat.example.com\r\n",
        "Host: chat.example.com\r\nOrigin: http://chat.example.com\r\n",
        "Host: localhost:8080\r\nOrigin: http://localhost:8080\r\n",
        "Host: [::1]:8080\r\nOrigin: http://[::1]:8080\r\n",
        "Host: Chat.Example.Com\r\nOrigin: https://chat.example.com\r\n",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(own); i++)
        assert_true(allowed(own[i], ""));
}

static void everything_that_only_looks_like_it_is_refused(void **state)
{
    static const char *const foreign[] = {
        "null",
        "",
        "https://",
        "https://evil.example",
        "https://chat.example.com.evil.example",
        "https://evil.example/chat.example.com",
        "https://evilchat.example.com",
        "https://chat.example.co",
        "https://chat.example.com:443",
        "https://chat.example.com:8080",
        "https://chat.example.com/",
        "https://chat.example.com ,https://chat.example.com",
        "https://user@chat.example.com",
        "https://chat.example.com.",
        "HTTPS://chat.example.com",
        "ftp://chat.example.com",
        "wss://chat.example.com",
        "file://chat.example.com",
        "//chat.example.com",
        "chat.example.com",
        "http:chat.example.com",
        "http:///chat.example.com",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(foreign); i++) {
        struct buf lines = {0};
        buf_format(&lines, "Host: chat.example.com\r\nOrigin: %s\r\n", foreign[i]);
        if (allowed(buf_cstr(&lines), ""))
            fail_msg("\"%s\" was allowed", foreign[i]);
        buf_append(&lines, SLICE(COOKIE));
        assert_false(allowed(buf_cstr(&lines), ""));
        buf_fini(&lines);
    }
}

static void no_origin_is_fine_without_the_cookie_and_refused_with_it(void **state)
{
    (void)state;
    assert_true(allowed("Host: a\r\n", ""));
    assert_true(allowed("Host: a\r\nCookie: other=1\r\n", ""));
    assert_false(allowed("Host: a\r\n" COOKIE, ""));
    assert_false(allowed("Host: a\r\nCookie: other=1; parley_session=\r\n", ""));
}

static void two_origin_headers_are_refused_whatever_they_say(void **state)
{
    (void)state;
    assert_false(allowed("Host: a\r\nOrigin: http://a\r\nOrigin: http://a\r\n", ""));
    assert_false(allowed("Host: a\r\nOrigin: http://a\r\norigin: http://b\r\n", "http://b"));
}

static void the_operators_origin_is_allowed_exactly(void **state)
{
    static const char *const extra = "https://chat.example.com";
    (void)state;
    assert_true(allowed("Host: inside:8080\r\nOrigin: https://chat.example.com\r\n", extra));
    assert_false(allowed("Host: inside:8080\r\nOrigin: http://chat.example.com\r\n", extra));
    assert_false(allowed("Host: inside:8080\r\nOrigin: https://chat.example.com:444\r\n", extra));
    assert_false(allowed("Host: inside:8080\r\nOrigin: https://chat.example.comx\r\n", extra));
    assert_true(allowed("Host: inside:8080\r\nOrigin: http://inside:8080\r\n", extra));
    assert_false(allowed("Host: inside:8080\r\nOrigin:\r\n", ""));
}

static void without_a_host_no_origin_is_the_servers_own(void **state)
{
    struct http_request request = {.minor = 0, .headers_len = 1};
    (void)state;
    request.headers[0] = (struct http_header){SLICE("Origin"), SLICE("http://")};
    assert_false(origin_allowed(&request, SLICE_EMPTY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_servers_own_origin_is_allowed),
        cmocka_unit_test(everything_that_only_looks_like_it_is_refused),
        cmocka_unit_test(no_origin_is_fine_without_the_cookie_and_refused_with_it),
        cmocka_unit_test(two_origin_headers_are_refused_whatever_they_say),
        cmocka_unit_test(the_operators_origin_is_allowed_exactly),
        cmocka_unit_test(without_a_host_no_origin_is_the_servers_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
