/*
 * Fuzz target: the WebSocket decoder gives the same messages and the same verdict whether the bytes
 * come at once, one by one, or in pieces that the input itself chooses; it keeps to its limit and
 * holds nothing when it is idle.
 *
 * The first byte of the input chooses side and pieces, the rest is the wire.
 */

#include <assert.h>

#include "base/mem.h"
#include "proto/ws.h"

#define MESSAGE_MAX 300u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void record(struct buf *events, const struct ws_message *message)
{
    assert(message->payload.len <= MESSAGE_MAX);
    assert(message->opcode != WS_TEXT || message->compressed || utf8_valid(message->payload));
    buf_format(events, "%d %u %zu ", (int)message->opcode, (unsigned)message->close_code,
               message->payload.len);
    buf_append(events, message->payload);
}

/* Decode one read, in memory of exactly its size; false when the decoder has failed. */
static bool decode_part(struct ws_decoder *d, struct slice part, struct buf *events)
{
    char *in = mem_alloc(part.len);
    memcpy(in, part.ptr, part.len);
    enum parse parse = PARSE_DONE;
    for (size_t at = 0; parse == PARSE_DONE;) {
        struct ws_message message;
        size_t used;
        parse = ws_decode(d, in + at, part.len - at, &used, &message);
        at += used;
        assert(at <= part.len && (parse != PARSE_MORE || at == part.len));
        if (parse == PARSE_DONE)
            record(events, &message);
    }
    mem_free(in);
    assert(d->message.cap <= 2 * MESSAGE_MAX && d->control.cap <= 2 * WS_CONTROL_MAX);
    assert(ws_decoder_busy(d) || (d->message.ptr == NULL && d->control.ptr == NULL));
    return parse == PARSE_MORE;
}

/* Decode `wire` in steps whose lengths come from `seed`; a seed of 0: all at once. */
static void decode(struct slice wire, uint8_t how, uint32_t seed, struct buf *events)
{
    struct ws_decoder d;
    ws_decoder_init(&d, MESSAGE_MAX, (how & 1) != 0);
    if ((how & 2) != 0)
        ws_decoder_accept_compressed(&d);
    bool ok = true;
    while (ok && wire.len > 0) {
        const size_t step = seed == 0 ? wire.len : seed == 1 ? 1 : 1 + (seed >> 16) % 23;
        const size_t len = step < wire.len ? step : wire.len;
        ok = decode_part(&d, slice_from(wire.ptr, len), events);
        wire = slice_skip(wire, len);
        seed = seed < 2 ? seed : seed * 1103515245u + 12345u;
    }
    buf_format(events, "error %u busy %d %s", (unsigned)ws_decoder_error(&d),
               (int)(ok && ws_decoder_busy(&d)), ws_error_reason(&d));
    ws_decoder_fini(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct slice wire = slice_from(data + 1, size - 1);
    const uint32_t seeds[] = {1, 2u + data[0]};

    struct buf whole = {0};
    decode(wire, data[0], 0, &whole);
    for (size_t i = 0; i < 2; i++) {
        struct buf events = {0};
        decode(wire, data[0], seeds[i], &events);
        assert(slice_eq(buf_slice(&events), buf_slice(&whole)));
        buf_fini(&events);
    }
    buf_fini(&whole);
    return 0;
}
