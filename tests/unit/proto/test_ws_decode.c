/* What the WebSocket decoder takes and refuses: the rules of RFC 6455 for what a server reads. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/ws.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MESSAGE_MAX 1000u

enum { FIN = 0x80, MASKED = 0x80 };

/* Append a masked frame whose first byte is `first`, its length in the shortest form. */
static void put_frame(struct buf *wire, unsigned first, struct slice payload)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    const size_t at = wire->len;
    if (payload.len <= WS_CONTROL_MAX)
        ws_write_masked_frame(wire, (enum ws_opcode)(first & 15), payload, mask);
    else
        ws_write_masked_frame(wire, WS_BINARY, payload, mask);
    wire->ptr[at] = (char)first;
}

/* Append raw bytes, given as numbers. */
#define PUT_BYTES(wire, ...)                                                                       \
    do {                                                                                           \
        const uint8_t raw_bytes[] = {__VA_ARGS__};                                                 \
        buf_append(wire, slice_from(raw_bytes, sizeof(raw_bytes)));                                \
    } while (0)

/* Decode all of `wire`, which goes away; the last verdict, and how many messages came before. */
static enum parse decode_all(struct ws_decoder *d, struct buf *wire, size_t *messages)
{
    enum parse parse = PARSE_DONE;
    struct ws_message message;
    *messages = 0;
    for (size_t at = 0; parse == PARSE_DONE;) {
        size_t used;
        parse = ws_decode(d, wire->ptr + at, wire->len - at, &used, &message);
        at += used;
        *messages += parse == PARSE_DONE ? 1 : 0;
    }
    buf_fini(wire);
    return parse;
}

static void expect_refused(struct buf *wire, size_t good_messages, unsigned code)
{
    struct ws_decoder d;
    size_t messages;
    ws_decoder_init(&d, MESSAGE_MAX, true);
    const enum parse parse = decode_all(&d, wire, &messages);
    assert_int_equal(parse, code == WS_CLOSE_TOO_BIG ? PARSE_TOO_BIG : PARSE_BAD);
    assert_int_equal(ws_decoder_error(&d), code);
    assert_int_equal(messages, good_messages);
    assert_true(strlen(ws_error_reason(&d)) > 0 && strlen(ws_error_reason(&d)) <= 123);

    /* It stays so, takes nothing more, and holds nothing. */
    char more[] = "more";
    size_t used = 7;
    struct ws_message message;
    assert_int_equal(ws_decode(&d, more, 4, &used, &message), parse);
    assert_int_equal(used, 0);
    assert_memory_equal(more, "more", 4);
    assert_null(d.message.ptr);
    assert_null(d.control.ptr);
    ws_decoder_fini(&d);
}

static void expect_accepted(struct buf *wire, size_t count)
{
    struct ws_decoder d;
    size_t messages;
    ws_decoder_init(&d, MESSAGE_MAX, true);
    assert_int_equal(decode_all(&d, wire, &messages), PARSE_MORE);
    assert_int_equal(messages, count);
    assert_int_equal(ws_decoder_error(&d), 0);
    assert_false(ws_decoder_busy(&d));
    ws_decoder_fini(&d);
}

static void a_frame_that_is_not_masked_is_refused(void **state)
{
    (void)state;
    const enum ws_opcode opcodes[] = {WS_TEXT, WS_BINARY, WS_CLOSE, WS_PING, WS_PONG};
    for (size_t i = 0; i < COUNT(opcodes); i++) {
        struct buf wire = {0};
        ws_write_frame(&wire, opcodes[i], SLICE_EMPTY);
        expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    }
}

static void a_server_frame_must_not_be_masked(void **state)
{
    (void)state;
    struct ws_decoder d;
    struct buf wire = {0};
    size_t messages;
    ws_decoder_init(&d, MESSAGE_MAX, false);
    ws_write_frame(&wire, WS_TEXT, SLICE("from a server"));
    ws_write_frame(&wire, WS_PING, SLICE("ping"));
    assert_int_equal(decode_all(&d, &wire, &messages), PARSE_MORE);
    assert_int_equal(messages, 2);

    put_frame(&wire, FIN | WS_TEXT, SLICE("x"));
    assert_int_equal(decode_all(&d, &wire, &messages), PARSE_BAD);
    assert_int_equal(ws_decoder_error(&d), WS_CLOSE_PROTOCOL);
    ws_decoder_fini(&d);
}

static void each_reserved_bit_is_refused_at_the_first_byte(void **state)
{
    (void)state;
    for (unsigned bits = 1; bits < 8; bits++) {
        for (unsigned opcode = 0; opcode < 16; opcode++) {
            struct buf wire = {0};
            PUT_BYTES(&wire, (uint8_t)(FIN | bits << 4 | opcode));
            expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
        }
    }
}

static void each_reserved_opcode_is_refused_at_the_first_byte(void **state)
{
    (void)state;
    const unsigned opcodes[] = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15};
    for (size_t i = 0; i < COUNT(opcodes); i++) {
        struct buf wire = {0};
        PUT_BYTES(&wire, (uint8_t)(FIN | opcodes[i]));
        expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
        PUT_BYTES(&wire, (uint8_t)opcodes[i]);
        expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    }
}

static void a_fragmented_control_frame_is_refused_at_the_first_byte(void **state)
{
    (void)state;
    const uint8_t opcodes[] = {WS_CLOSE, WS_PING, WS_PONG};
    for (size_t i = 0; i < COUNT(opcodes); i++) {
        struct buf wire = {0};
        PUT_BYTES(&wire, opcodes[i]);
        expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    }
}

static void a_control_frame_has_at_most_125_bytes(void **state)
{
    (void)state;
    char payload[WS_CONTROL_MAX] = {0};
    const uint8_t opcodes[] = {WS_PING, WS_PONG, WS_CLOSE};
    for (size_t i = 0; i < COUNT(opcodes); i++) {
        struct buf wire = {0};
        payload[0] = 0x03; /* close code 1000 */
        payload[1] = (char)0xe8;
        put_frame(&wire, FIN | opcodes[i], slice_from(payload, sizeof(payload)));
        expect_accepted(&wire, 1);
        PUT_BYTES(&wire, FIN | opcodes[i], MASKED | 126);
        expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
        PUT_BYTES(&wire, FIN | opcodes[i], MASKED | 127);
        expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    }
}

static void a_length_that_is_not_minimal_is_refused(void **state)
{
    (void)state;
    struct buf wire = {0};
    PUT_BYTES(&wire, FIN | WS_TEXT, MASKED | 126, 0, 0);
    expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    PUT_BYTES(&wire, FIN | WS_TEXT, MASKED | 126, 0, 125);
    expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    PUT_BYTES(&wire, FIN | WS_TEXT, MASKED | 127, 0, 0, 0, 0, 0, 0, 0, 0);
    expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    PUT_BYTES(&wire, FIN | WS_TEXT, MASKED | 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
    expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
}

static void a_length_with_the_top_bit_is_a_protocol_error(void **state)
{
    (void)state;
    struct buf wire = {0};
    PUT_BYTES(&wire, FIN | WS_BINARY, MASKED | 127, 0x80, 0, 0, 0, 0, 0, 0, 0);
    expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    PUT_BYTES(&wire, FIN | WS_BINARY, MASKED | 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
}

static void a_message_past_the_limit_is_refused_by_its_head(void **state)
{
    (void)state;
    struct buf wire = {0};
    PUT_BYTES(&wire, FIN | WS_BINARY, MASKED | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    expect_refused(&wire, 0, WS_CLOSE_TOO_BIG);
    PUT_BYTES(&wire, FIN | WS_BINARY, MASKED | 127, 0, 0, 0, 1, 0, 0, 0, 0);
    expect_refused(&wire, 0, WS_CLOSE_TOO_BIG);
    PUT_BYTES(&wire, FIN | WS_TEXT, MASKED | 126, 0x03, 0xe9); /* 1001 */
    expect_refused(&wire, 0, WS_CLOSE_TOO_BIG);

    char payload[MESSAGE_MAX] = {0};
    put_frame(&wire, FIN | WS_BINARY, slice_from(payload, MESSAGE_MAX));
    expect_accepted(&wire, 1);
}

static void fragments_count_together_and_control_frames_do_not(void **state)
{
    (void)state;
    char payload[MESSAGE_MAX] = {0};
    struct buf wire = {0};
    put_frame(&wire, WS_BINARY, slice_from(payload, 600));
    put_frame(&wire, FIN | WS_PING, slice_from(payload, 125));
    put_frame(&wire, FIN | WS_CONTINUATION, slice_from(payload, 400));
    put_frame(&wire, FIN | WS_BINARY, slice_from(payload, 1000));
    expect_accepted(&wire, 3);

    put_frame(&wire, WS_BINARY, slice_from(payload, 600));
    put_frame(&wire, WS_CONTINUATION, slice_from(payload, 400));
    put_frame(&wire, FIN | WS_CONTINUATION, slice_from(payload, 1));
    expect_refused(&wire, 0, WS_CLOSE_TOO_BIG);
}

static void a_continuation_needs_a_message_to_continue(void **state)
{
    (void)state;
    struct buf wire = {0};
    put_frame(&wire, FIN | WS_CONTINUATION, SLICE("x"));
    expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    put_frame(&wire, WS_CONTINUATION, SLICE("x"));
    expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);

    /* Neither a whole message nor one that has ended can be continued. */
    put_frame(&wire, FIN | WS_TEXT, SLICE("x"));
    put_frame(&wire, FIN | WS_CONTINUATION, SLICE("x"));
    expect_refused(&wire, 1, WS_CLOSE_PROTOCOL);
    put_frame(&wire, WS_TEXT, SLICE("x"));
    put_frame(&wire, FIN | WS_CONTINUATION, SLICE("x"));
    put_frame(&wire, FIN | WS_CONTINUATION, SLICE("x"));
    expect_refused(&wire, 1, WS_CLOSE_PROTOCOL);
}

static void a_message_must_not_begin_inside_another(void **state)
{
    (void)state;
    const unsigned seconds[] = {FIN | WS_TEXT, WS_TEXT, FIN | WS_BINARY, WS_BINARY};
    for (size_t i = 0; i < COUNT(seconds); i++) {
        struct buf wire = {0};
        put_frame(&wire, WS_TEXT, SLICE("x"));
        put_frame(&wire, FIN | WS_PONG, SLICE(""));
        put_frame(&wire, seconds[i], SLICE("x"));
        expect_refused(&wire, 1, WS_CLOSE_PROTOCOL);
        put_frame(&wire, WS_BINARY, SLICE(""));
        put_frame(&wire, seconds[i], SLICE(""));
        expect_refused(&wire, 0, WS_CLOSE_PROTOCOL);
    }
}

static void text_must_be_utf8_over_fragments_and_binary_need_not(void **state)
{
    (void)state;
    struct buf wire = {0};
    put_frame(&wire, FIN | WS_TEXT, SLICE("\xf0\x9f\x98\x80"));
    put_frame(&wire, WS_TEXT, SLICE("\xf0"));
    put_frame(&wire, WS_CONTINUATION, SLICE(""));
    put_frame(&wire, WS_CONTINUATION, SLICE("\x9f\x98"));
    put_frame(&wire, FIN | WS_CONTINUATION, SLICE("\x80"));
    put_frame(&wire, FIN | WS_BINARY, SLICE("\xff\xfe\x80"));
    expect_accepted(&wire, 3);

    const struct slice bad[] = {SLICE("a\xff"), SLICE("\xc0\x80"), SLICE("\xed\xa0\x80"),
                                SLICE("\xf4\x90\x80\x80"), SLICE("\xe2\x82")};
    for (size_t i = 0; i < COUNT(bad); i++) {
        put_frame(&wire, FIN | WS_TEXT, bad[i]);
        expect_refused(&wire, 0, WS_CLOSE_BAD_DATA);
        put_frame(&wire, WS_TEXT, SLICE("good"));
        put_frame(&wire, FIN | WS_CONTINUATION, bad[i]);
        expect_refused(&wire, 0, WS_CLOSE_BAD_DATA);
        put_frame(&wire, FIN | WS_TEXT, SLICE("good"));
        put_frame(&wire, FIN | WS_TEXT, bad[i]);
        expect_refused(&wire, 1, WS_CLOSE_BAD_DATA);
    }
    put_frame(&wire, WS_TEXT, SLICE("cut \xe2\x82"));
    put_frame(&wire, FIN | WS_CONTINUATION, SLICE(""));
    expect_refused(&wire, 0, WS_CLOSE_BAD_DATA);
}

static void bad_text_is_refused_before_its_frame_ends(void **state)
{
    (void)state;
    struct buf wire = {0};
    put_frame(&wire, WS_TEXT, SLICE("abc\xff and 90 more bytes"));
    wire.len = 6 + 4; /* the head and "abc\xff" */
    expect_refused(&wire, 0, WS_CLOSE_BAD_DATA);

    put_frame(&wire, WS_TEXT, SLICE("abc\xff and 90 more bytes"));
    wire.len = 6 + 3;
    struct ws_decoder d;
    size_t messages;
    ws_decoder_init(&d, MESSAGE_MAX, true);
    assert_int_equal(decode_all(&d, &wire, &messages), PARSE_MORE);
    assert_true(ws_decoder_busy(&d));
    ws_decoder_fini(&d);
}

static void close_payloads_are_checked(void **state)
{
    (void)state;
    const struct slice good[] = {SLICE(""), SLICE("\x03\xe8"), SLICE("\x03\xe8 bye"),
                                 SLICE("\x0f\xa0\xd0\xbf"), SLICE("\x03\xf3")};
    for (size_t i = 0; i < COUNT(good); i++) {
        struct buf wire = {0};
        put_frame(&wire, FIN | WS_CLOSE, good[i]);
        expect_accepted(&wire, 1);
    }
    const struct {
        struct slice payload;
        unsigned code;
    } bad[] = {
        {SLICE("\x03"), WS_CLOSE_PROTOCOL},
        {SLICE("\x03\xed"), WS_CLOSE_PROTOCOL}, /* 1005 */
        {SLICE("\x03\xee"), WS_CLOSE_PROTOCOL}, /* 1006 */
        {SLICE("\x03\xf7"), WS_CLOSE_PROTOCOL}, /* 1015 */
        {SLICE("\x00\x00"), WS_CLOSE_PROTOCOL},
        {SLICE("\xff\xff"), WS_CLOSE_PROTOCOL},
        {SLICE("\x03\xe8\xff"), WS_CLOSE_BAD_DATA},
        {SLICE("\x03\xe8\xe2\x82"), WS_CLOSE_BAD_DATA},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct buf wire = {0};
        put_frame(&wire, FIN | WS_CLOSE, bad[i].payload);
        expect_refused(&wire, 0, bad[i].code);
    }
}

static void a_close_code_is_one_of_the_registered_or_free_ones(void **state)
{
    (void)state;
    for (unsigned code = 0; code <= UINT16_MAX; code++) {
        const bool registered = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
        const bool by_others = code >= 3000 && code <= 4999;
        assert_int_equal(ws_close_code_valid((uint16_t)code), registered || by_others);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_that_is_not_masked_is_refused),
        cmocka_unit_test(a_server_frame_must_not_be_masked),
        cmocka_unit_test(each_reserved_bit_is_refused_at_the_first_byte),
        cmocka_unit_test(each_reserved_opcode_is_refused_at_the_first_byte),
        cmocka_unit_test(a_fragmented_control_frame_is_refused_at_the_first_byte),
        cmocka_unit_test(a_control_frame_has_at_most_125_bytes),
        cmocka_unit_test(a_length_that_is_not_minimal_is_refused),
        cmocka_unit_test(a_length_with_the_top_bit_is_a_protocol_error),
        cmocka_unit_test(a_message_past_the_limit_is_refused_by_its_head),
        cmocka_unit_test(fragments_count_together_and_control_frames_do_not),
        cmocka_unit_test(a_continuation_needs_a_message_to_continue),
        cmocka_unit_test(a_message_must_not_begin_inside_another),
        cmocka_unit_test(text_must_be_utf8_over_fragments_and_binary_need_not),
        cmocka_unit_test(bad_text_is_refused_before_its_frame_ends),
        cmocka_unit_test(close_payloads_are_checked),
        cmocka_unit_test(a_close_code_is_one_of_the_registered_or_free_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
