#ifndef CHAT_NOTICE_H
#define CHAT_NOTICE_H

/*
 * Notice: what all sockets of one person must hear, and nobody else. It travels on the bus under
 * the person's own topic and is never stored.
 *
 * The binary form, little-endian: u8 kind, u64 channel, u64 read_seq, u64 read_n, u64 unread, u64
 * session. It says that something happened and not how things stand: notices of two loops or
 * processes may overtake each other.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/slice.h"

enum notice_kind {
    NOTICE_JOINED = 1,     /* the person became a member of `channel` */
    NOTICE_LEFT = 2,       /* is no member of `channel` any more */
    NOTICE_READ = 3,       /* moved the read marker of `channel` to `read_seq` */
    NOTICE_LOGGED_OUT = 4, /* the session with the key `session` has ended */
    NOTICE_REVOKED = 5,    /* all sessions have ended but that with the key `session` (0: none) */
    NOTICE_USER = 6,       /* something about the account has changed: ask the store */
};

struct notice {
    enum notice_kind kind;
    uint64_t channel;
    uint64_t read_seq;
    uint64_t read_n;
    uint64_t unread;
    uint64_t session;
};

/* A new `bytes` that the caller owns. */
struct bytes *notice_encode(const struct notice *notice);

/* False when `in` is no notice. */
bool notice_decode(struct slice in, struct notice *out);

#endif
