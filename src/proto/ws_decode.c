/*
 * Decoding of WebSocket frames into whole messages (RFC 6455 section 5).
 *
 * A frame's head is collected byte by byte and checked as it grows; its payload is unmasked where
 * it lies. What is whole there is handed out there; only what has to wait for more is copied.
 */

#include <assert.h>

#include "base/word.h"
#include "proto/ws.h"

#define FIN 0x80u
#define RESERVED_BITS 0x30u
#define OPCODE_BITS 0x0Fu
#define MASKED 0x80u
#define LENGTH_BITS 0x7Fu
#define LENGTH_IN_2_BYTES 126u
#define LENGTH_IN_8_BYTES 127u

void ws_decoder_init(struct ws_decoder *d, size_t message_max, bool from_client)
{
    assert(message_max <= UINT32_MAX);
    *d = (struct ws_decoder){.message_max = (uint32_t)message_max, .from_client = from_client};
}

void ws_decoder_fini(struct ws_decoder *d)
{
    buf_fini(&d->message);
    buf_fini(&d->control);
}

void ws_decoder_accept_compressed(struct ws_decoder *d)
{
    d->compressible = true;
}

bool ws_decoder_busy(const struct ws_decoder *d)
{
    return d->message_opcode != 0 || d->head_len > 0;
}

uint16_t ws_decoder_error(const struct ws_decoder *d)
{
    return d->error;
}

const char *ws_error_reason(const struct ws_decoder *d)
{
    return d->error == 0 ? "" : d->reason;
}

bool ws_close_code_valid(uint16_t code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static enum parse failure(const struct ws_decoder *d)
{
    return d->error == WS_CLOSE_TOO_BIG ? PARSE_TOO_BIG : PARSE_BAD;
}

static enum parse fail(struct ws_decoder *d, enum ws_close code, const char *reason)
{
    ws_decoder_fini(d);
    d->error = (uint16_t)code;
    d->reason = reason;
    return failure(d);
}

static enum parse fail_protocol(struct ws_decoder *d, const char *reason)
{
    return fail(d, WS_CLOSE_PROTOCOL, reason);
}

static bool is_control(const struct ws_decoder *d)
{
    return d->opcode >= WS_CLOSE;
}

/* FIN, reserved bits and opcode. */
static enum parse check_first(struct ws_decoder *d)
{
    const uint8_t byte = d->head[0];
    d->fin = (byte & FIN) != 0;
    d->opcode = byte & OPCODE_BITS;

    /* The first frame of a message says whether it is compressed (RFC 7692 section 6). */
    const bool compressed = (byte & WS_COMPRESSED) != 0;
    const bool begins = d->opcode == WS_TEXT || d->opcode == WS_BINARY;
    if ((byte & RESERVED_BITS) != 0 || (compressed && !(d->compressible && begins)))
        return fail_protocol(d, "A reserved bit is set.");
    switch (d->opcode) {
    case WS_TEXT:
    case WS_BINARY:
        if (d->message_opcode != 0)
            return fail_protocol(d, "A new message began inside another.");
        d->compressed = compressed;
        return PARSE_DONE;
    case WS_CONTINUATION:
        if (d->message_opcode == 0)
            return fail_protocol(d, "There is nothing to continue.");
        return PARSE_DONE;
    case WS_CLOSE:
    case WS_PING:
    case WS_PONG:
        if (!d->fin)
            return fail_protocol(d, "A control frame is fragmented.");
        return PARSE_DONE;
    default:
        return fail_protocol(d, "The opcode is reserved.");
    }
}

/* The mask bit and the short length. */
static enum parse check_second(struct ws_decoder *d)
{
    const bool masked = (d->head[1] & MASKED) != 0;
    const unsigned length = d->head[1] & LENGTH_BITS;

    if (masked != d->from_client)
        return fail_protocol(d, masked ? "The frame is masked." : "The frame is not masked.");
    if (is_control(d) && length > WS_CONTROL_MAX)
        return fail_protocol(d, "A control frame is too long.");
    if (d->opcode == WS_CLOSE && length == 1)
        return fail_protocol(d, "The close code is cut short.");
    return PARSE_DONE;
}

/* How many bytes the head has before the mask. */
static unsigned length_end(const struct ws_decoder *d)
{
    const unsigned length = d->head[1] & LENGTH_BITS;
    return length == LENGTH_IN_8_BYTES ? 10 : length == LENGTH_IN_2_BYTES ? 4 : 2;
}

static uint64_t payload_len(const struct ws_decoder *d)
{
    const unsigned end = length_end(d);
    if (end == 2)
        return d->head[1] & LENGTH_BITS;
    uint64_t length = 0;
    for (unsigned i = 2; i < end; i++)
        length = length << 8 | d->head[i];
    return length;
}

/* The length, which is whole now. */
static enum parse check_length(struct ws_decoder *d)
{
    const unsigned end = length_end(d);
    const uint64_t length = payload_len(d);

    if (length >> 63 != 0)
        return fail_protocol(d, "The length has its top bit set.");
    if ((end == 4 && length < 126) || (end == 10 && length <= UINT16_MAX))
        return fail_protocol(d, "The length is not in its shortest form.");
    if (!is_control(d) && length > d->message_max - d->message.len)
        return fail(d, WS_CLOSE_TOO_BIG, "The message is too big.");
    d->frame_left = (uint32_t)length; /* at most the message's maximum, or a control frame's */
    return PARSE_DONE;
}

static enum parse check_head(struct ws_decoder *d)
{
    if (d->head_len == 1)
        return check_first(d);

    enum parse parse = PARSE_DONE;
    if (d->head_len == 2)
        parse = check_second(d);
    if (parse == PARSE_DONE && d->head_len == length_end(d))
        parse = check_length(d);
    return parse;
}

static unsigned head_end(const struct ws_decoder *d)
{
    return d->head_len < 2 ? 2 : length_end(d) + (d->from_client ? 4 : 0);
}

/* Collect the head. PARSE_DONE: it is whole and right, and the payload comes next. */
static enum parse take_head(struct ws_decoder *d, const char *in, size_t len, size_t *used)
{
    while (d->head_len < head_end(d)) {
        if (*used == len)
            return PARSE_MORE;
        d->head[d->head_len++] = (uint8_t)in[(*used)++];
        const enum parse parse = check_head(d);
        if (parse != PARSE_DONE)
            return parse;
    }
    d->in_payload = true;
    d->mask_at = 0;
    if (d->opcode == WS_TEXT || d->opcode == WS_BINARY)
        d->message_opcode = d->opcode;
    return PARSE_DONE;
}

static void unmask(struct ws_decoder *d, char *bytes, size_t len)
{
    const uint8_t *key = d->head + length_end(d);
    char turned[WORD_BYTES];
    for (unsigned i = 0; i < WORD_BYTES; i++)
        turned[i] = (char)key[(d->mask_at + i) & 3];
    const uint64_t word = word_load(turned);

    size_t at = 0;
    for (; len - at >= WORD_BYTES; at += WORD_BYTES)
        word_store(bytes + at, word_load(bytes + at) ^ word);
    for (; at < len; at++)
        bytes[at] = (char)(bytes[at] ^ turned[at & 3]);
    d->mask_at = (uint8_t)((d->mask_at + len) & 3);
}

static void end_frame(struct ws_decoder *d)
{
    d->in_payload = false;
    d->head_len = 0;
}

/* The whole of a payload whose last part is `chunk`; what came before is in `before`. */
static struct slice join(struct buf *before, struct slice chunk)
{
    if (before->len == 0)
        return chunk;
    buf_append(before, chunk);
    return buf_slice(before);
}

static enum parse hand_out_close(struct ws_decoder *d, struct slice payload, struct ws_message *out)
{
    *out =
        (struct ws_message){.opcode = WS_CLOSE, .payload = payload, .close_code = WS_CLOSE_NO_CODE};
    if (payload.len == 0)
        return PARSE_DONE;

    out->close_code = (uint16_t)((uint8_t)payload.ptr[0] << 8 | (uint8_t)payload.ptr[1]);
    out->payload = slice_skip(payload, 2);
    if (!ws_close_code_valid(out->close_code))
        return fail_protocol(d, "The close code is not allowed.");
    if (!utf8_valid(out->payload))
        return fail(d, WS_CLOSE_BAD_DATA, "The close reason is not UTF-8.");
    return PARSE_DONE;
}

static enum parse take_control(struct ws_decoder *d, struct slice chunk, struct ws_message *out)
{
    if (d->frame_left > 0) {
        buf_append(&d->control, chunk);
        return PARSE_MORE;
    }
    const struct slice payload = join(&d->control, chunk);
    end_frame(d);
    if (d->opcode == WS_CLOSE)
        return hand_out_close(d, payload, out);
    *out = (struct ws_message){.opcode = d->opcode, .payload = payload};
    return PARSE_DONE;
}

static enum parse take_data(struct ws_decoder *d, struct slice chunk, struct ws_message *out)
{
    const bool text = d->message_opcode == WS_TEXT && !d->compressed;
    const bool frame_ends = d->frame_left == 0;
    const bool message_ends = frame_ends && d->fin;

    if (text && !utf8_feed(&d->utf8, chunk))
        return fail(d, WS_CLOSE_BAD_DATA, "The text is not UTF-8.");
    if (text && message_ends && !utf8_complete(&d->utf8))
        return fail(d, WS_CLOSE_BAD_DATA, "The text ends inside a character.");
    if (frame_ends)
        end_frame(d);
    if (!message_ends) {
        buf_append(&d->message, chunk);
        return PARSE_MORE;
    }
    *out = (struct ws_message){.opcode = d->message_opcode,
                               .payload = join(&d->message, chunk),
                               .compressed = d->compressed};
    d->message_opcode = 0;
    return PARSE_DONE;
}

/* Free what was handed out by the call before. */
static void release(struct ws_decoder *d)
{
    if (d->message_opcode == 0)
        buf_fini(&d->message);
    if (!d->in_payload)
        buf_fini(&d->control);
}

enum parse ws_decode(struct ws_decoder *d, char *in, size_t len, size_t *used,
                     struct ws_message *out)
{
    *used = 0;
    if (d->error != 0)
        return failure(d);
    release(d);
    if (len == 0)
        return PARSE_MORE;

    for (;;) {
        enum parse parse = d->in_payload ? PARSE_DONE : take_head(d, in, len, used);
        if (parse != PARSE_DONE)
            return parse;

        char *chunk = in + *used;
        const size_t left = len - *used;
        const size_t take = d->frame_left < left ? d->frame_left : left;
        if (d->from_client)
            unmask(d, chunk, take);
        d->frame_left -= (uint32_t)take;
        *used += take;

        const struct slice part = slice_from(chunk, take);
        parse = is_control(d) ? take_control(d, part, out) : take_data(d, part, out);
        if (parse != PARSE_MORE || *used == len)
            return parse;
    }
}
