/* The opening handshake: RFC 6455 section 4.2.1, line by line. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/http1.h"
#include "proto/ws.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct http_request request;
static struct buf head; /* what `request` borrows from */

#define GOOD_KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define GOOD_VERSION "Sec-WebSocket-Version: 13\r\n"
#define GOOD_UPGRADE "Upgrade: websocket\r\n"
#define GOOD_CONNECTION "Connection: Upgrade\r\n"
#define GOOD_LINE "GET /chat HTTP/1.1\r\n"
#define HOST "Host: example.com\r\n"

static enum ws_handshake check(const char *line, const char *fields, char accept[WS_ACCEPT_LEN])
{
    size_t used;
    int status;
    const char *problem = NULL;
    buf_clear(&head);
    buf_append(&head, slice_str(line));
    buf_append(&head, SLICE(HOST));
    buf_append(&head, slice_str(fields));
    buf_append(&head, SLICE("\r\n"));
    assert_int_equal(http_head_parse(buf_slice(&head), &request, &used, &status, &problem),
                     PARSE_DONE);

    problem = NULL;
    const enum ws_handshake verdict = ws_handshake_check(&request, accept, &problem);
    assert_int_equal(verdict == WS_HANDSHAKE_OK, problem == NULL);
    return verdict;
}

static int free_head(void **state)
{
    (void)state;
    buf_fini(&head);
    return 0;
}

static void the_example_of_the_rfc_is_answered_as_there(void **state)
{
    (void)state;
    char accept[WS_ACCEPT_LEN];
    assert_int_equal(check(GOOD_LINE,
                           GOOD_UPGRADE GOOD_CONNECTION GOOD_KEY
                           "Origin: http://example.com\r\n"
                           "Sec-WebSocket-Protocol: chat, superchat\r\n" GOOD_VERSION,
                           accept),
                     WS_HANDSHAKE_OK);
    assert_memory_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", WS_ACCEPT_LEN);
}

static void what_browsers_and_proxies_send_is_accepted(void **state)
{
    (void)state;
    const char *fields[] = {
        "upgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\n" GOOD_KEY GOOD_VERSION,
        "UPGRADE: h2c, websocket\r\nCONNECTION: UPGRADE\r\n" GOOD_KEY GOOD_VERSION,
        GOOD_UPGRADE "Connection: keep-alive\r\nConnection: upgrade\r\n" GOOD_KEY GOOD_VERSION,
        GOOD_UPGRADE GOOD_CONNECTION GOOD_KEY GOOD_VERSION
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n",
        GOOD_UPGRADE GOOD_CONNECTION "Sec-WebSocket-Key:\tAAAAAAAAAAAAAAAAAAAAAA== \r\n"
                                     "Sec-WebSocket-Version:13\r\n",
    };
    for (size_t i = 0; i < COUNT(fields); i++) {
        char accept[WS_ACCEPT_LEN];
        assert_int_equal(check(GOOD_LINE, fields[i], accept), WS_HANDSHAKE_OK);
    }
}

static void only_get_of_http_1_1_is_accepted(void **state)
{
    (void)state;
    const char *lines[] = {"POST /chat HTTP/1.1\r\n", "HEAD /chat HTTP/1.1\r\n",
                           "get /chat HTTP/1.1\r\n", "GETX /chat HTTP/1.1\r\n",
                           "GET /chat HTTP/1.0\r\n"};
    for (size_t i = 0; i < COUNT(lines); i++) {
        char accept[WS_ACCEPT_LEN];
        assert_int_equal(
            check(lines[i], GOOD_UPGRADE GOOD_CONNECTION GOOD_KEY GOOD_VERSION, accept),
            WS_HANDSHAKE_BAD_REQUEST);
    }
}

static void a_missing_or_wrong_field_is_a_bad_request(void **state)
{
    (void)state;
    const char *fields[] = {
        "",
        GOOD_CONNECTION GOOD_KEY GOOD_VERSION,
        "Upgrade: websockets\r\n" GOOD_CONNECTION GOOD_KEY GOOD_VERSION,
        "Upgrade: web, socket\r\n" GOOD_CONNECTION GOOD_KEY GOOD_VERSION,
        GOOD_UPGRADE GOOD_KEY GOOD_VERSION,
        GOOD_UPGRADE "Connection: keep-alive\r\n" GOOD_KEY GOOD_VERSION,
        GOOD_UPGRADE "Connection: upgraded\r\n" GOOD_KEY GOOD_VERSION,
        GOOD_UPGRADE GOOD_CONNECTION GOOD_KEY,
        GOOD_UPGRADE GOOD_CONNECTION GOOD_KEY GOOD_VERSION GOOD_VERSION,
        GOOD_UPGRADE GOOD_CONNECTION GOOD_VERSION,
        GOOD_UPGRADE GOOD_CONNECTION GOOD_KEY GOOD_KEY GOOD_VERSION,
    };
    for (size_t i = 0; i < COUNT(fields); i++) {
        char accept[WS_ACCEPT_LEN];
        assert_int_equal(check(GOOD_LINE, fields[i], accept), WS_HANDSHAKE_BAD_REQUEST);
    }
}

static void the_key_is_sixteen_bytes_in_base64(void **state)
{
    (void)state;
    const char *keys[] = {
        "",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZR==", /* bits set that nothing uses */
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZSE=", /* 17 bytes */
        "dGhlIHNhbXBsZSBub25jZSEh", /* 18 bytes */
        "dGhlIHNhbXBsZSBub24=",     /* 14 bytes */
        "dGhlIHNhbXBsZSBub25j",
        "dGhl IHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25-ZQ==",
        "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==",
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        char accept[WS_ACCEPT_LEN];
        struct buf fields = {0};
        buf_format(&fields, "%sSec-WebSocket-Key: %s\r\n",
                   GOOD_UPGRADE GOOD_CONNECTION GOOD_VERSION, keys[i]);
        assert_int_equal(check(GOOD_LINE, buf_cstr(&fields), accept), WS_HANDSHAKE_BAD_REQUEST);
        buf_fini(&fields);
    }
}

static void another_version_is_told_apart(void **state)
{
    (void)state;
    const char *versions[] = {"12", "8", "0", "14", "013", "13, 8", "13.0", "", "x"};
    for (size_t i = 0; i < COUNT(versions); i++) {
        char accept[WS_ACCEPT_LEN];
        struct buf fields = {0};
        buf_format(&fields, "%sSec-WebSocket-Version: %s\r\n",
                   GOOD_UPGRADE GOOD_CONNECTION GOOD_KEY, versions[i]);
        assert_int_equal(check(GOOD_LINE, buf_cstr(&fields), accept), WS_HANDSHAKE_VERSION);
        buf_fini(&fields);
    }
}

static void a_body_is_refused(void **state)
{
    (void)state;
    const char *bodies[] = {"Content-Length: 5\r\n", "Content-Length: 0\r\n",
                            "Transfer-Encoding: chunked\r\n"};
    for (size_t i = 0; i < COUNT(bodies); i++) {
        char accept[WS_ACCEPT_LEN];
        struct buf fields = {0};
        buf_format(&fields, "%s%s", GOOD_UPGRADE GOOD_CONNECTION GOOD_KEY GOOD_VERSION, bodies[i]);
        assert_int_equal(check(GOOD_LINE, buf_cstr(&fields), accept), WS_HANDSHAKE_BAD_REQUEST);
        buf_fini(&fields);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_rfc_is_answered_as_there),
        cmocka_unit_test(what_browsers_and_proxies_send_is_accepted),
        cmocka_unit_test(only_get_of_http_1_1_is_accepted),
        cmocka_unit_test(a_missing_or_wrong_field_is_a_bad_request),
        cmocka_unit_test(the_key_is_sixteen_bytes_in_base64),
        cmocka_unit_test(another_version_is_told_apart),
        cmocka_unit_test(a_body_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, free_head);
}
