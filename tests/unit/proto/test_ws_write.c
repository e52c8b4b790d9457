/* Writing WebSocket frames. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "proto/ws.h"

static void expect_bytes(struct buf *out, struct slice bytes)
{
    assert_true(slice_eq(buf_slice(out), bytes));
    buf_fini(out);
}

static void a_head_has_the_shortest_length(void **state)
{
    (void)state;
    const struct {
        size_t payload_len;
        struct slice head;
    } heads[] = {
        {0, SLICE("\x81\x00")},
        {125, SLICE("\x81\x7d")},
        {126, SLICE("\x81\x7e\x00\x7e")},
        {65535, SLICE("\x81\x7e\xff\xff")},
        {65536, SLICE("\x81\x7f\0\0\0\0\0\x01\0\0")},
        {0x7fffffff, SLICE("\x81\x7f\0\0\0\0\x7f\xff\xff\xff")},
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        char head[WS_FRAME_HEAD_MAX];
        const size_t len = ws_frame_head(head, WS_TEXT, heads[i].payload_len);
        assert_true(slice_eq(slice_from(head, len), heads[i].head));
    }
}

static void a_frame_is_final_and_not_masked(void **state)
{
    (void)state;
    struct buf out = {0};
    ws_write_frame(&out, WS_TEXT, SLICE("Hello"));
    expect_bytes(&out, SLICE("\x81\x05Hello"));
    ws_write_frame(&out, WS_PONG, SLICE(""));
    expect_bytes(&out, SLICE("\x8a\x00"));
}

static void a_clients_frame_is_masked(void **state)
{
    (void)state;
    const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    struct buf out = {0};
    ws_write_masked_frame(&out, WS_TEXT, SLICE("Hello"), mask);
    expect_bytes(&out, SLICE("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
}

static void frames_are_appended(void **state)
{
    (void)state;
    struct buf out = {0};
    ws_write_frame(&out, WS_PING, SLICE("a"));
    ws_write_frame(&out, WS_BINARY, SLICE("b"));
    expect_bytes(&out, SLICE("\x89\x01"
                             "a\x82\x01"
                             "b"));
}

static void a_close_frame_has_code_and_reason(void **state)
{
    (void)state;
    struct buf out = {0};
    ws_write_close(&out, WS_CLOSE_NORMAL, SLICE("bye"));
    expect_bytes(&out, SLICE("\x88\x05\x03\xe8"
                             "bye"));
    ws_write_close(&out, 4999, SLICE_EMPTY);
    expect_bytes(&out, SLICE("\x88\x02\x13\x87"));
}

static void a_close_without_code_is_empty(void **state)
{
    (void)state;
    struct buf out = {0};
    ws_write_close(&out, WS_CLOSE_NO_CODE, SLICE("nobody sees this"));
    expect_bytes(&out, SLICE("\x88\x00"));
}

static void a_long_reason_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t ascii = 0; ascii < 4; ascii++) {
        struct buf reason = {0};
        struct buf out = {0};
        for (size_t i = 0; i < ascii; i++)
            buf_byte(&reason, 'x');
        for (size_t i = 0; i < 50; i++)
            buf_append(&reason, SLICE("\xe2\x82\xac"));
        ws_write_close(&out, WS_CLOSE_POLICY, buf_slice(&reason));

        const struct slice written = slice_skip(buf_slice(&out), 4);
        assert_int_equal(written.len, ascii + (123 - ascii) / 3 * 3);
        assert_int_equal((uint8_t)out.ptr[1], written.len + 2);
        assert_true(utf8_valid(written));
        assert_true(slice_starts(buf_slice(&reason), written));
        buf_fini(&reason);
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_has_the_shortest_length),
        cmocka_unit_test(a_frame_is_final_and_not_masked),
        cmocka_unit_test(a_clients_frame_is_masked),
        cmocka_unit_test(frames_are_appended),
        cmocka_unit_test(a_close_frame_has_code_and_reason),
        cmocka_unit_test(a_close_without_code_is_empty),
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
