#ifndef PROTO_WS_H
#define PROTO_WS_H

/*
 * WebSocket (RFC 6455) as bytes: the opening handshake, decoding of frames into whole messages,
 * and frame heads. No socket, no clock: the caller owns both.
 *
 * The decoder holds memory only inside a fragmented or not yet complete message; an idle
 * connection's decoder owns nothing. It refuses at the first byte that breaks a rule: reserved
 * bits and opcodes, wrong masking, lengths that are not minimal or have the top bit set, control
 * frames that are long or fragmented, stray or missing continuations, bad UTF-8 in text (checked
 * as it arrives, over fragments), bad close frames, messages past the limit.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/parse.h"
#include "base/slice.h"
#include "base/utf8.h"

struct http_request;

#define WS_CONTROL_MAX 125u
#define WS_FRAME_HEAD_MAX 10u
#define WS_ACCEPT_LEN 28u

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

/* Close codes of RFC 6455 section 7.4.1 that we send or tell apart. */
enum ws_close {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_UNSUPPORTED = 1003,
    WS_CLOSE_NO_CODE = 1005, /* never on the wire: a close frame without a code */
    WS_CLOSE_BAD_DATA = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL = 1011,
    WS_CLOSE_RESTART = 1012,
    WS_CLOSE_TRY_LATER = 1013,
};

/* A whole message, or a control frame. */
struct ws_message {
    enum ws_opcode opcode; /* WS_TEXT, WS_BINARY, WS_CLOSE, WS_PING or WS_PONG */
    struct slice payload;  /* of WS_CLOSE: the reason, without the code */
    uint16_t close_code;   /* of WS_CLOSE; WS_CLOSE_NO_CODE when it has none */
    bool compressed;       /* the payload is for ws_deflate_expand(); text is not checked yet */
};

/* The members are the decoder's own. */
struct ws_decoder {
    uint32_t message_max;
    uint32_t frame_left; /* payload bytes of the frame that have not come */
    struct buf message;  /* payload so far of the message that is not complete */
    struct buf control;  /* payload so far of a control frame that is not complete */
    const char *reason;  /* why `error` */
    uint16_t error;      /* a close code, or 0 as long as all is well */
    uint8_t head[14];    /* of the frame being read, the mask at its end */
    uint8_t head_len;    /* 0: between two frames */
    uint8_t mask_at;
    uint8_t opcode;         /* of the frame being read */
    uint8_t message_opcode; /* of the message being assembled; 0: none */
    bool compressible;      /* the peer may compress messages (proto/ws_deflate.h) */
    bool compressed;        /* the message being assembled is */
    bool fin;
    bool in_payload; /* the head is whole */
    bool from_client;
    struct utf8 utf8;
};

/* Messages of at most `message_max` bytes; `from_client`: frames must be masked, else must not. */
void ws_decoder_init(struct ws_decoder *d, size_t message_max, bool from_client);
void ws_decoder_fini(struct ws_decoder *d);

/* From now on messages may be compressed: it was agreed on in the handshake. */
void ws_decoder_accept_compressed(struct ws_decoder *d);

/*
 * Read from `in`, which is unmasked in place; `*used` says how much was taken. PARSE_DONE: *out is
 * one message, its payload borrowed from `in` or from the decoder until the next call. Call again
 * with the rest, also when nothing is left, until it says PARSE_MORE: then all of `in` was taken,
 * and no memory is held for what was handed out. PARSE_BAD or PARSE_TOO_BIG: ws_decoder_error() is
 * the close code, and every later call says the same. After a WS_CLOSE read no more.
 */
enum parse ws_decode(struct ws_decoder *d, char *in, size_t len, size_t *used,
                     struct ws_message *out);

/* Whether a message or frame has begun and not ended: for the caller's time limit. */
bool ws_decoder_busy(const struct ws_decoder *d);

/* 0 as long as nothing is wrong. */
uint16_t ws_decoder_error(const struct ws_decoder *d);

/* A sentence for the close frame's reason, at most 123 bytes. */
const char *ws_error_reason(const struct ws_decoder *d);

/* Whether a peer may put `code` into a close frame (section 7.4). */
bool ws_close_code_valid(uint16_t code);

/* In the first byte of a frame: the payload is from ws_deflate_compress(). */
#define WS_COMPRESSED 0x40

/* The head of an unmasked, unfragmented frame; returns its length (2, 4 or 10). */
size_t ws_frame_head(char out[WS_FRAME_HEAD_MAX], enum ws_opcode opcode, size_t payload_len);

/* Append a whole unmasked frame. */
void ws_write_frame(struct buf *out, enum ws_opcode opcode, struct slice payload);

/* Append a whole masked frame, as clients must send it. */
void ws_write_masked_frame(struct buf *out, enum ws_opcode opcode, struct slice payload,
                           const uint8_t mask[4]);

/*
 * Append a close frame with a valid code and a reason in UTF-8, cut at 123 bytes or before the
 * character that would cross them; an empty one for WS_CLOSE_NO_CODE.
 */
void ws_write_close(struct buf *out, uint16_t code, struct slice reason);

enum ws_handshake {
    WS_HANDSHAKE_OK,
    WS_HANDSHAKE_BAD_REQUEST, /* answer 400 */
    WS_HANDSHAKE_VERSION,     /* answer 426 with Sec-WebSocket-Version: 13 */
};

/*
 * Check an upgrade request (section 4.2.1): GET, HTTP/1.1, Upgrade, Connection, a key of 16 bytes,
 * version 13, no body and no Content-Length. Origin is the caller's business. On OK `accept` is the
 * value of Sec-WebSocket-Accept. `*problem`, otherwise, is a sentence for the answer.
 */
enum ws_handshake ws_handshake_check(const struct http_request *request, char accept[WS_ACCEPT_LEN],
                                     const char **problem);

/* Append the 101 answer; `protocol` and `extension` are what was chosen, or empty. */
void ws_write_accept(struct buf *out, const char accept[WS_ACCEPT_LEN], struct slice protocol,
                     struct slice extension);

#endif
