/* permessage-deflate: RFC 7692, and what a peer may try. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <zlib.h>

#include "proto/http1.h"
#include "proto/ws.h"
#include "proto/ws_deflate.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIG 65536u

static struct ws_deflate *deflater;

static int setup(void **state)
{
    (void)state;
    deflater = ws_deflate_create();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ws_deflate_destroy(deflater);
    return 0;
}

/* ---- agreeing ---- */

static bool offered(const char *fields)
{
    static struct http_request request;
    struct buf head = {0};
    size_t used;
    int status;
    const char *problem;
    buf_append(&head, SLICE("GET /ws HTTP/1.1\r\nHost: example.com\r\n"));
    buf_append(&head, slice_str(fields));
    buf_append(&head, SLICE("\r\n"));
    assert_int_equal(http_head_parse(buf_slice(&head), &request, &used, &status, &problem),
                     PARSE_DONE);
    const bool result = ws_deflate_offered(&request);
    buf_fini(&head);
    return result;
}

static bool offers(const char *offer)
{
    struct buf fields = {0};
    buf_append(&fields, SLICE("Sec-WebSocket-Extensions: "));
    buf_append(&fields, slice_str(offer));
    buf_append(&fields, SLICE("\r\n"));
    const bool result = offered(buf_cstr(&fields));
    buf_fini(&fields);
    return result;
}

static void offers_that_can_be_kept_are_accepted(void **state)
{
    static const char *const good[] = {
        "permessage-deflate",
        "Permessage-Deflate ; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate; client_max_window_bits=\"15\"",
        "permessage-deflate; server_max_window_bits=12",
        "permessage-deflate; server_max_window_bits = 15 ; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "x-webkit-deflate-frame, permessage-deflate",
        "permessage-deflate; server_max_window_bits=9, permessage-deflate",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(offers(good[i]));
    assert_true(offered("Sec-WebSocket-Extensions: foo\r\n"
                        "sec-websocket-extensions: permessage-deflate\r\n"));
}

static void offers_that_cannot_be_kept_are_not(void **state)
{
    static const char *const bad[] = {
        "permessage-bzip2",
        "permessage-deflate-x",
        "permessage-deflate; server_max_window_bits=11",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=012",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=x",
        "permessage-deflate; client_max_window_bits=\"",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; unknown",
        "permessage-deflate;",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(offers(bad[i]));
    assert_false(offered(""));
}

/* ---- there and back ---- */

static enum parse expand(struct slice payload, size_t max, struct buf *out)
{
    buf_clear(out);
    return ws_deflate_expand(deflater, payload, max, out);
}

static void check_there_and_back(struct slice message)
{
    struct buf packed = {0};
    struct buf back = {0};
    ws_deflate_compress(deflater, message, &packed);
    assert_true(packed.len > 0);
    assert_int_equal(expand(buf_slice(&packed), message.len, &back), PARSE_DONE);
    assert_true(slice_eq(buf_slice(&back), message));
    if (message.len > 0) /* the limit is exact */
        assert_int_equal(expand(buf_slice(&packed), message.len - 1, &back), PARSE_TOO_BIG);
    buf_fini(&packed);
    buf_fini(&back);
}

static void every_message_comes_back(void **state)
{
    static char bytes[BIG];
    uint32_t seed = 1;
    (void)state;
    for (size_t len = 0; len < 40; len++)
        check_there_and_back(slice_from("aaaaaaaaaabcdefghijabcdefghijabcdefghij!", len));
    for (size_t i = 0; i < sizeof(bytes); i++) { /* what cannot be compressed */
        seed = seed * 1103515245u + 12345u;
        bytes[i] = (char)(seed >> 16);
    }
    for (size_t len = 1; len <= BIG; len *= 4)
        check_there_and_back(slice_from(bytes, len));
    memset(bytes, 'x', sizeof(bytes));
    check_there_and_back(slice_from(bytes, BIG));
}

/* What section 7.2.3 gives as examples for "Hello". */
static void the_examples_of_the_rfc_are_read(void **state)
{
    static const struct slice examples[] = {
        {"\xf2\x48\xcd\xc9\xc9\x07\x00", 7},                          /* one block */
        {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 11},         /* stored */
        {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 8},                      /* a final block */
        {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 13}, /* two blocks */
    };
    struct buf back = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(examples); i++) {
        assert_int_equal(expand(examples[i], 100, &back), PARSE_DONE);
        assert_true(slice_eq(buf_slice(&back), SLICE("Hello")));
    }
    assert_int_equal(expand(SLICE("\x00"), 100, &back), PARSE_DONE);
    assert_int_equal(back.len, 0);
    buf_fini(&back);
}

static void no_message_needs_the_one_before(void **state)
{
    const struct slice text = SLICE("the same words again, the same words again");
    struct buf first = {0};
    struct buf second = {0};
    (void)state;
    ws_deflate_compress(deflater, text, &first);
    ws_deflate_compress(deflater, text, &second);
    assert_true(slice_eq(buf_slice(&first), buf_slice(&second)));
    buf_fini(&first);
    buf_fini(&second);
}

/* ---- what a peer may try ---- */

static void what_is_no_compressed_data_is_bad(void **state)
{
    static const struct slice bad[] = {
        {"\x07", 1},                 /* reserved block type */
        {"\xff\xff\xff", 3},         /* the same, at once */
        {"\x00\x05\x00\xfa\xfe", 5}, /* the lengths of a stored block differ */
        {"\x03\x02", 2},             /* a distance into nothing */
        {"hello", 5},                /* plain text */
    };
    struct buf back = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(expand(bad[i], 1000, &back), PARSE_BAD);

    /* And afterwards all is well. */
    check_there_and_back(SLICE("still here"));
    buf_fini(&back);
}

static void a_message_that_is_cut_short_is_bad_or_shorter(void **state)
{
    const struct slice text = SLICE("some words, and some more words, and no end of words at all");
    struct buf packed = {0};
    struct buf back = {0};
    (void)state;
    ws_deflate_compress(deflater, text, &packed);
    for (size_t len = 0; len < packed.len; len++) {
        if (expand(slice_from(packed.ptr, len), 1000, &back) == PARSE_DONE)
            assert_true(back.len < text.len || len + 1 == packed.len);
    }
    buf_fini(&packed);
    buf_fini(&back);
}

static void a_bomb_stops_at_the_limit(void **state)
{
    static char zeros[1u << 20];
    struct buf bomb = {0};
    struct buf back = {0};
    (void)state;
    ws_deflate_compress(deflater, slice_from(zeros, sizeof(zeros)), &bomb);
    assert_true(bomb.len < BIG);
    assert_int_equal(expand(buf_slice(&bomb), BIG, &back), PARSE_TOO_BIG);
    assert_true(back.cap <= 4 * BIG);

    /* Blocks without contents, as many as fit. */
    buf_clear(&bomb);
    while (bomb.len + 5 <= BIG)
        buf_append(&bomb, slice_from("\x00\x00\x00\xff\xff", 5));
    assert_int_equal(expand(slice_from(bomb.ptr, bomb.len - 4), BIG, &back), PARSE_DONE);
    assert_int_equal(back.len, 0);
    buf_fini(&bomb);
    buf_fini(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_that_can_be_kept_are_accepted),
        cmocka_unit_test(offers_that_cannot_be_kept_are_not),
        cmocka_unit_test(every_message_comes_back),
        cmocka_unit_test(the_examples_of_the_rfc_are_read),
        cmocka_unit_test(no_message_needs_the_one_before),
        cmocka_unit_test(what_is_no_compressed_data_is_bad),
        cmocka_unit_test(a_message_that_is_cut_short_is_bad_or_shorter),
        cmocka_unit_test(a_bomb_stops_at_the_limit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
