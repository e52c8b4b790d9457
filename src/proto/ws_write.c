/* Writing of WebSocket frames (RFC 6455 section 5.2). */

#include <assert.h>

#include "base/word.h"
#include "proto/ws.h"

#define FIN 0x80u
#define MASKED 0x80u
#define REASON_MAX (WS_CONTROL_MAX - 2)

/* The `count` low bytes of `value`, the highest first. */
static void put_big_endian(char *out, uint64_t value, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        out[i] = (char)(value >> 8 * (count - 1 - i));
}

size_t ws_frame_head(char out[WS_FRAME_HEAD_MAX], enum ws_opcode opcode, size_t payload_len)
{
    assert(opcode < WS_CLOSE || payload_len <= WS_CONTROL_MAX);
    out[0] = (char)(FIN | opcode);
    if (payload_len < 126) {
        out[1] = (char)payload_len;
        return 2;
    }
    if (payload_len <= UINT16_MAX) {
        out[1] = 126;
        put_big_endian(out + 2, payload_len, 2);
        return 4;
    }
    out[1] = 127;
    put_big_endian(out + 2, payload_len, 8);
    return 10;
}

void ws_write_frame(struct buf *out, enum ws_opcode opcode, struct slice payload)
{
    char *room = buf_room(out, WS_FRAME_HEAD_MAX + payload.len);
    buf_grown(out, ws_frame_head(room, opcode, payload.len));
    buf_append(out, payload);
}

void ws_write_masked_frame(struct buf *out, enum ws_opcode opcode, struct slice payload,
                           const uint8_t mask[4])
{
    char *head = buf_room(out, WS_FRAME_HEAD_MAX + 4 + payload.len);
    const size_t head_len = ws_frame_head(head, opcode, payload.len);
    head[1] = (char)((uint8_t)head[1] | MASKED);
    buf_grown(out, head_len);
    buf_append(out, slice_from(mask, 4));

    char *masked = buf_room(out, payload.len);
    for (size_t i = 0; i < payload.len; i++)
        masked[i] = (char)((uint8_t)payload.ptr[i] ^ mask[i & 3]);
    buf_grown(out, payload.len);
}

/* The longest start of `text` that fits and does not cut a character. */
static struct slice cut_text(struct slice text, size_t len_max)
{
    if (text.len <= len_max)
        return text;
    size_t len = len_max;
    while (len > 0 && ((uint8_t)text.ptr[len] & 0xC0u) == 0x80u)
        len--;
    return slice_from(text.ptr, len);
}

void ws_write_close(struct buf *out, uint16_t code, struct slice reason)
{
    if (code == WS_CLOSE_NO_CODE) {
        ws_write_frame(out, WS_CLOSE, SLICE_EMPTY);
        return;
    }
    assert(ws_close_code_valid(code));
    reason = cut_text(reason, REASON_MAX);
    char *room = buf_room(out, 4 + reason.len);
    room[0] = (char)(FIN | WS_CLOSE);
    room[1] = (char)(2 + reason.len);
    put_big_endian(room + 2, code, 2);
    buf_grown(out, 4);
    buf_append(out, reason);
}
