#ifndef SLACK_BATCH_H
#define SLACK_BATCH_H

/*
 * Batch: messages of one channel on their way into the store, and where those that arrived stand,
 * so that replies find the first message of their thread.
 */

#include "base/arena.h"
#include "slack/text.h"
#include "store/store.h"

struct job;

#define BATCH_MESSAGES_MAX 500u
#define BATCH_BYTES_MAX (1024u * 1024u)

/* Where a message of the channel stands. */
struct batch_place {
    int64_t ts_us;
    uint64_t seq;
};

struct batch {
    struct event events[BATCH_MESSAGES_MAX];
    struct store_append items[BATCH_MESSAGES_MAX];
    struct text_counts counts[BATCH_MESSAGES_MAX];
    bool orphans[BATCH_MESSAGES_MAX];
    bool edits[BATCH_MESSAGES_MAX];
    size_t len;
    size_t bytes;
    struct arena texts;

    struct batch_place *places; /* ascending by ts_us, of the same time in the order stored */
    size_t places_len;
    size_t places_cap;
};

/* Forget the channel before; nothing is waiting. */
void batch_start(struct batch *batch);
void batch_fini(struct batch *batch);

/* A message for the batch. The text is copied. */
struct batch_message {
    struct event event; /* all but its place and thread */
    int64_t thread_us;  /* see struct day_message */
    struct text_counts counts;
    bool edited;
};

NODISCARD enum err batch_add(struct batch *batch, struct job *job,
                             const struct batch_message *message);

/* Store what waits, and count it in the report. */
NODISCARD enum err batch_flush(struct batch *batch, struct job *job);

#endif
