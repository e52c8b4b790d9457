/* WebSocket messages over any cut of the bytes: same events, little memory, no copies. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "proto/ws.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(literal)                                                                              \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }
#define MESSAGE_MAX 100000u

static const uint8_t MASK[4] = {0x80, 0x01, 0xfe, 0x7f};

static void put(struct buf *wire, bool fin, enum ws_opcode opcode, struct slice payload)
{
    const size_t at = wire->len;
    ws_write_masked_frame(wire, opcode, payload, MASK);
    if (!fin)
        wire->ptr[at] = (char)opcode;
}

/* Recorded client streams: what a browser sends, and what only tests send. */
static const struct {
    struct slice wire;
    const char *events;
} STREAMS[] = {
    /* The examples of RFC 6455 section 5.7 that a client may send. */
    {TEXT("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "1 0 Hello\n"},
    {TEXT("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "10 0 Hello\n"},
    /* A text in three fragments with a ping and a pong between them, then a close. */
    {TEXT("\x01\x82\0\0\0\0he\x89\x81\1\1\1\1q\x00\x80\2\2\2\2\x8a\x80\3\3\3\3"
          "\x80\x83\0\0\0\0llo\x88\x85\0\0\0\0\x03\xe9"
          "bye"),
     "9 0 p\n10 0 \n1 0 hello\n8 1001 bye\n"},
    {TEXT("\x81\x80\0\0\0\0\x82\x80\1\2\3\4\x88\x80\0\0\0\0"), "1 0 \n2 0 \n8 1005 \n"},
    /* A character over two fragments, the mask not aligned with it. */
    {TEXT("\x01\x83\0\0\0\0a\xe2\x82\x80\x81\x20\x20\x20\x20\x8c"), "1 0 a\xe2\x82\xac\n"},
    /* Good messages, then a mistake. */
    {TEXT("\x82\x82\0\0\0\0\xff\xfe\x81\x81\0\0\0\0\xff"), "2 0 \xff\xfe\nfailed 1007\n"},
    {TEXT("\x81\x81\0\0\0\0a\x81\x01"
          "b"),
     "1 0 a\nfailed 1002\n"},
    {TEXT("\x81\x81\0\0\0\0a\xc1"), "1 0 a\nfailed 1002\n"},
    {TEXT("\x81\xff\0\0\0\1\0\0\0\0"), "failed 1009\n"},
    {TEXT("\x88\x82\0\0\0\0\x03\xee"), "failed 1002\n"},
};

static void record(struct buf *events, enum parse parse, const struct ws_message *message,
                   const struct ws_decoder *d)
{
    if (parse == PARSE_DONE) {
        buf_format(events, "%d %u ", (int)message->opcode, (unsigned)message->close_code);
        buf_append(events, message->payload);
        buf_byte(events, '\n');
    } else if (parse != PARSE_MORE) {
        buf_format(events, "failed %u\n", (unsigned)ws_decoder_error(d));
    }
}

/* Decode one read that lies in memory of exactly its size; false when the decoder has failed. */
static bool feed(struct ws_decoder *d, struct slice part, struct buf *events)
{
    char *in = mem_alloc(part.len);
    memcpy(in, part.ptr, part.len);
    enum parse parse = PARSE_DONE;
    for (size_t at = 0; parse == PARSE_DONE;) {
        size_t used = 0;
        struct ws_message message;
        parse = ws_decode(d, in + at, part.len - at, &used, &message);
        record(events, parse, &message, d);
        at += used;
        assert_true(at <= part.len && (parse != PARSE_MORE || at == part.len));
    }
    mem_free(in);
    return parse == PARSE_MORE;
}

static void expect_events(struct buf *events, const char *expected)
{
    assert_string_equal(buf_cstr(events), expected);
    buf_fini(events);
}

static void a_stream_cut_anywhere_gives_the_same_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(STREAMS); i++) {
        for (size_t cut = 0; cut <= STREAMS[i].wire.len; cut++) {
            struct ws_decoder d;
            struct buf events = {0};
            ws_decoder_init(&d, MESSAGE_MAX, true);
            if (feed(&d, slice_from(STREAMS[i].wire.ptr, cut), &events))
                feed(&d, slice_skip(STREAMS[i].wire, cut), &events);
            ws_decoder_fini(&d);
            expect_events(&events, STREAMS[i].events);
        }
    }
}

static void a_stream_in_steps_of_any_size_gives_the_same_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(STREAMS); i++) {
        for (size_t step = 1; step <= 9; step++) {
            struct ws_decoder d;
            struct buf events = {0};
            struct slice rest = STREAMS[i].wire;
            bool ok = true;
            ws_decoder_init(&d, MESSAGE_MAX, true);
            while (ok && rest.len > 0) {
                const size_t len = step < rest.len ? step : rest.len;
                ok = feed(&d, slice_from(rest.ptr, len), &events);
                rest = slice_skip(rest, len);
            }
            ws_decoder_fini(&d);
            expect_events(&events, STREAMS[i].events);
        }
    }
}

static void every_shorter_prefix_of_a_message_asks_for_more(void **state)
{
    (void)state;
    const size_t lens[] = {0, 1, 125, 126, 300};
    char payload[300];
    memset(payload, 'x', sizeof(payload));
    for (size_t i = 0; i < COUNT(lens); i++) {
        struct buf wire = {0};
        put(&wire, true, WS_TEXT, slice_from(payload, lens[i]));
        for (size_t len = 0; len < wire.len; len++) {
            struct ws_decoder d;
            struct buf events = {0};
            ws_decoder_init(&d, MESSAGE_MAX, true);
            assert_true(feed(&d, slice_from(wire.ptr, len), &events));
            assert_int_equal(ws_decoder_busy(&d), len > 0);
            ws_decoder_fini(&d);
            expect_events(&events, "");
        }
        buf_fini(&wire);
    }
}

static void what_was_written_is_read_back_at_every_length_and_alignment(void **state)
{
    (void)state;
    const size_t lens[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 124, 125, 126, 127, 65535, 65536};
    char *payload = mem_alloc(65536);
    for (size_t i = 0; i < 65536; i++)
        payload[i] = (char)(i * 31 + i / 256);
    for (size_t i = 0; i < COUNT(lens); i++) {
        for (size_t offset = 0; offset < 8; offset++) {
            struct ws_decoder d;
            struct ws_message message;
            struct buf wire = {0};
            size_t used;
            ws_decoder_init(&d, MESSAGE_MAX, true);
            for (size_t n = 0; n < offset; n++)
                buf_byte(&wire, '-');
            put(&wire, true, WS_BINARY, slice_from(payload, lens[i]));
            assert_int_equal(ws_decode(&d, wire.ptr + offset, wire.len - offset, &used, &message),
                             PARSE_DONE);
            assert_int_equal(used, wire.len - offset);
            assert_true(slice_eq(message.payload, slice_from(payload, lens[i])));
            ws_decoder_fini(&d);
            buf_fini(&wire);
        }
    }
    mem_free(payload);
}

static void a_whole_frame_is_handed_out_where_it_lies(void **state)
{
    (void)state;
    struct ws_decoder d;
    struct ws_message message;
    struct buf wire = {0};
    size_t used;
    ws_decoder_init(&d, MESSAGE_MAX, true);
    put(&wire, true, WS_TEXT, SLICE("no copy"));
    put(&wire, true, WS_PING, SLICE("nor here"));

    assert_int_equal(ws_decode(&d, wire.ptr, wire.len, &used, &message), PARSE_DONE);
    assert_ptr_equal(message.payload.ptr, wire.ptr + 6);
    assert_null(d.message.ptr);
    const size_t first = used;
    assert_int_equal(ws_decode(&d, wire.ptr + first, wire.len - first, &used, &message),
                     PARSE_DONE);
    assert_ptr_equal(message.payload.ptr, wire.ptr + first + 6);
    assert_null(d.control.ptr);
    ws_decoder_fini(&d);
    buf_fini(&wire);
}

static void an_idle_decoder_holds_no_memory(void **state)
{
    (void)state;
    struct ws_decoder d;
    struct buf events = {0};
    ws_decoder_init(&d, MESSAGE_MAX, true);
    for (unsigned round = 0; round < 3; round++) {
        const struct slice wire = STREAMS[2].wire;
        for (size_t at = 0; at < wire.len; at++)
            assert_true(feed(&d, slice_from(wire.ptr + at, 1), &events));
        assert_false(ws_decoder_busy(&d));
        assert_null(d.message.ptr);
        assert_null(d.control.ptr);
    }
    buf_fini(&events);
    ws_decoder_fini(&d);
}

static void a_control_frame_inside_leaves_the_message_alone(void **state)
{
    (void)state;
    struct ws_decoder d;
    struct buf wire = {0};
    struct buf events = {0};
    ws_decoder_init(&d, MESSAGE_MAX, true);
    put(&wire, false, WS_TEXT, SLICE("one "));
    put(&wire, true, WS_PING, SLICE("ping over two reads"));
    const size_t cut = wire.len - 5;
    put(&wire, true, WS_CONTINUATION, SLICE("two"));
    assert_true(feed(&d, slice_from(wire.ptr, cut), &events));
    assert_true(feed(&d, slice_skip(buf_slice(&wire), cut), &events));
    expect_events(&events, "9 0 ping over two reads\n1 0 one two\n");
    ws_decoder_fini(&d);
    buf_fini(&wire);
}

static void many_tiny_fragments_cost_no_more_than_their_bytes(void **state)
{
    (void)state;
    struct ws_decoder d;
    struct buf frame = {0};
    struct buf events = {0};
    ws_decoder_init(&d, 1000, true);
    put(&frame, false, WS_BINARY, SLICE(""));
    assert_true(feed(&d, buf_slice(&frame), &events));
    buf_clear(&frame);
    put(&frame, false, WS_CONTINUATION, SLICE(""));
    for (unsigned i = 0; i < 20000; i++)
        assert_true(feed(&d, buf_slice(&frame), &events));
    assert_int_equal(d.message.cap, 0);

    buf_clear(&frame);
    put(&frame, false, WS_CONTINUATION, SLICE("x"));
    for (unsigned i = 0; i < 1000; i++)
        assert_true(feed(&d, buf_slice(&frame), &events));
    assert_true(d.message.cap <= 2 * 1000);
    assert_false(feed(&d, buf_slice(&frame), &events));
    expect_events(&events, "failed 1009\n");
    ws_decoder_fini(&d);
    buf_fini(&frame);
}

static void an_announced_length_takes_no_memory_before_its_bytes_come(void **state)
{
    (void)state;
    struct ws_decoder d;
    struct buf wire = {0};
    struct buf events = {0};
    char payload[60000] = {0};
    ws_decoder_init(&d, MESSAGE_MAX, true);
    put(&wire, true, WS_BINARY, slice_from(payload, sizeof(payload)));
    assert_true(feed(&d, slice_from(wire.ptr, 8), &events));
    assert_int_equal(d.message.cap, 0);
    assert_true(feed(&d, slice_from(wire.ptr + 8, 10), &events));
    assert_true(d.message.cap <= 64);
    ws_decoder_fini(&d);
    buf_fini(&wire);
    buf_fini(&events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_cut_anywhere_gives_the_same_events),
        cmocka_unit_test(a_stream_in_steps_of_any_size_gives_the_same_events),
        cmocka_unit_test(every_shorter_prefix_of_a_message_asks_for_more),
        cmocka_unit_test(what_was_written_is_read_back_at_every_length_and_alignment),
        cmocka_unit_test(a_whole_frame_is_handed_out_where_it_lies),
        cmocka_unit_test(an_idle_decoder_holds_no_memory),
        cmocka_unit_test(a_control_frame_inside_leaves_the_message_alone),
        cmocka_unit_test(many_tiny_fragments_cost_no_more_than_their_bytes),
        cmocka_unit_test(an_announced_length_takes_no_memory_before_its_bytes_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
