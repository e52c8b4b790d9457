/* Writing the head of an answer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/http1.h"

static void a_head_has_status_headers_and_an_end(void **state)
{
    (void)state;
    struct buf out = {0};
    http_write_status(&out, 426);
    http_write_header(&out, SLICE("Sec-WebSocket-Version"), SLICE("13"));
    http_write_header_u64(&out, SLICE("Content-Length"), UINT64_MAX);
    http_write_header(&out, SLICE("X-Empty"), SLICE(""));
    http_write_head_end(&out);
    assert_string_equal(buf_cstr(&out), "HTTP/1.1 426 Upgrade Required\r\n"
                                        "Sec-WebSocket-Version: 13\r\n"
                                        "Content-Length: 18446744073709551615\r\n"
                                        "X-Empty: \r\n"
                                        "\r\n");
    buf_fini(&out);
}

static void every_status_of_a_refusal_has_its_phrase(void **state)
{
    (void)state;
    assert_string_equal(http_reason(400), "Bad Request");
    assert_string_equal(http_reason(413), "Content Too Large");
    assert_string_equal(http_reason(414), "URI Too Long");
    assert_string_equal(http_reason(417), "Expectation Failed");
    assert_string_equal(http_reason(431), "Request Header Fields Too Large");
    assert_string_equal(http_reason(501), "Not Implemented");
    assert_string_equal(http_reason(505), "HTTP Version Not Supported");
    assert_string_equal(http_reason(404), "Not Found");
    assert_string_equal(http_reason(101), "Switching Protocols");
    assert_string_equal(http_reason(299), "Unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_has_status_headers_and_an_end),
        cmocka_unit_test(every_status_of_a_refusal_has_its_phrase),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
