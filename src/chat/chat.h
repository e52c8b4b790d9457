#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

/*
 * Chat: what one loop needs for the verbs, and those verbs that run on the loop: posting events and
 * telling a person's sockets. The verbs that block are in accounts.h, channels.h and history.h and
 * run on `stores` or `passwords`, whose threads have a struct store as their context.
 */

#include <stdint.h>

#include "base/err.h"
#include "chat/accounts.h"
#include "chat/limits.h"
#include "chat/notice.h"
#include "ev/loop.h"
#include "journal/journal.h"

struct bus;
struct pool;
struct presence;

struct chat_options {
    struct account_policy accounts;
};

/* One per loop. The caller sets the borrowed parts and calls chat_init(). */
struct chat {
    struct loop *loop;
    struct bus *bus;
    struct presence *presence;
    struct journal *journal;
    struct pool *stores;
    struct pool *passwords;
    struct limits *limits; /* shared with the other loops */
    const struct chat_options *options;

    /* chat.c's own. */
    size_t posting; /* entries in the journal's hands */
};

void chat_init(struct chat *chat);

/* After the journal is closed, so that nothing of it comes back. */
void chat_fini(struct chat *chat);

/* Whether `user` may send a message now; otherwise how long to wait. */
bool chat_may_send(struct chat *chat, uint64_t user, uint64_t *retry_after_ms);

/*
 * Give the event in `entry` its place, and make it durable; membership and size are checked. `done`
 * as with journal_append(). ERR_UNAVAILABLE, and then `done` is not called.
 */
NODISCARD enum err chat_post(struct chat *chat, struct journal_entry *entry, journal_done_fn *done);

/* Post an event that is no message and do not wait for it. The text is copied. */
void chat_announce(struct chat *chat, enum event_kind kind, uint64_t channel, uint64_t sender,
                   struct slice text);

/* Tell all sockets of `user`. */
void chat_notify(struct chat *chat, uint64_t user, const struct notice *notice);

#endif
