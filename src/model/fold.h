#ifndef MODEL_FOLD_H
#define MODEL_FOLD_H

/*
 * Fold: what changes made of the events of a page.
 *
 * The changes may come in any order and any number of times; of those that say something about the
 * same thing the highest seq counts, and a deletion counts always. So whoever has the same changes
 * sees the same message, whatever way they came.
 *
 *     struct fold fold;
 *     fold_begin(&fold, arena, items, count);
 *     ... fold_add() for all changes of fold's targets, fold_replies() for what hangs on them
 *     fold_end(&fold);
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"
#include "model/event.h"

#define FOLD_EMOJIS_MAX 50u /* listed of a message */
#define FOLD_USERS_MAX 50u  /* listed of an emoji */

struct event_reaction {
    struct slice emoji;
    uint64_t count;        /* of people */
    const uint64_t *users; /* the first of them, in the order in which they reacted */
    size_t users_len;
};

/* What is told of an event beside itself. */
struct event_fold {
    bool deleted;        /* the message, or the target of the change: its text is empty */
    uint64_t edited_seq; /* of the newest edit, whose text it has; 0: none */
    int64_t edited_us;
    uint64_t replies; /* of a thread's first message, deleted ones included */
    uint64_t last_reply_seq;
    int64_t last_reply_us;
    const struct event_reaction *reactions; /* in the order in which they began */
    size_t reactions_len;
};

struct fold_state;

struct fold {
    struct arena *arena;
    struct event *items; /* ascending by seq */
    size_t count;
    struct fold_state *states; /* ascending by seq: first targets below the page, then its events */
    size_t states_len;
    size_t outside; /* how many of them are below the page */
};

/* `items` and `arena` are borrowed until the results are of no interest any more. */
void fold_begin(struct fold *fold, struct arena *arena, struct event *items, size_t count);

/*
 * The targets that lie below the page: edits in the page whose text must not be told when those are
 * deleted. `i` is less than fold->outside; ascending.
 */
uint64_t fold_outside(const struct fold *fold, size_t i);

/* Count in an event: a change, or one reply. What concerns none of the targets is ignored. */
void fold_add(struct fold *fold, const struct event *event);

/* Count in `count` replies that are counted nowhere else. */
void fold_replies(struct fold *fold, uint64_t root, uint64_t count, uint64_t last_seq,
                  int64_t last_us);

/* Write it into the items: their text and fold. */
void fold_end(struct fold *fold);

/* About how many bytes of text the event has with all that is told of it. */
size_t fold_weight(const struct event *event);

#endif
