#ifndef MODEL_EVENT_H
#define MODEL_EVENT_H

/*
 * Event: one entry of a channel's history, and its binary form for the bus and the journal.
 *
 * The binary form, all numbers little-endian:
 *   u8 version (1), u8 kind, u16 0, u32 text_len, u64 channel, u64 seq, u64 prev, u64 n, u64
 * sender, u64 thread, i64 ts_us, 16 bytes cmid, then the text.
 *
 * A change is an event that changes a message: an edit, a deletion, a reaction. It never alters
 * what is stored; what became of a message is found when it is read (model/fold.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/uuid.h"

#define EVENT_TEXT_MAX (16u * 1024u)
#define EVENT_EMOJI_MAX 64u
#define EVENT_HEAD_BYTES 80u

enum event_kind {
    EVENT_MESSAGE = 1,
    EVENT_CREATE = 2,
    EVENT_JOIN = 3,
    EVENT_LEAVE = 4,
    EVENT_EDIT = 5, /* the changes: */
    EVENT_DELETE = 6,
    EVENT_REACT = 7,
    EVENT_UNREACT = 8, /* takes a reaction back */
    EVENT_RENAME = 20, /* the text is the channel's new name */
    EVENT_TOPIC = 21,  /* the text is its new topic, which may be empty */
    EVENT_ARCHIVE = 22,
    EVENT_UNARCHIVE = 23,
};

struct event_fold;

struct event {
    enum event_kind kind;
    uint64_t channel;
    uint64_t seq;  /* 0: not yet given */
    uint64_t prev; /* the seq before it in its channel; 0 before the first */
    uint64_t n;    /* messages in the channel up to and including this event */
    uint64_t sender;
    uint64_t thread; /* seq of the thread's first message; 0: in no thread. Of a change: its target,
                        the seq of the message that it changes */
    int64_t ts_us;
    uint8_t cmid[UUID_BYTES];
    /* Borrowed; of an edit the new text, of a reaction its emoji, of renames and topics what they
     * say; else empty. */
    struct slice text;
    const struct event_fold *fold; /* in pages: what changes made of it; NULL: nothing */
};

/* The word of the protocol: "message". */
struct slice event_kind_name(enum event_kind kind);

/* Whether `kind` counts in n. */
static inline bool event_counts(enum event_kind kind)
{
    return kind == EVENT_MESSAGE;
}

/* Whether `kind` is a change. */
static inline bool event_is_change(enum event_kind kind)
{
    return kind >= EVENT_EDIT && kind <= EVENT_UNREACT;
}

/* 1 to EVENT_TEXT_MAX bytes of UTF-8 without U+0000. */
bool event_text_valid(struct slice text);

/* "thumbsup", or the character: 1 to EVENT_EMOJI_MAX bytes of UTF-8 without spaces or controls. */
bool event_emoji_valid(struct slice emoji);

/*
 * Whether `change` may be made to `target`, the event at that seq in its channel; NULL: there is
 * none. ERR_NOT_FOUND: it is no message or `deleted`; ERR_FORBIDDEN: only its author may.
 */
NODISCARD enum err event_check_target(const struct event *change, const struct event *target,
                                      bool deleted);

/* A new `bytes` that the caller owns. */
struct bytes *event_encode(const struct event *event);

/* Where an event stands in its channel. */
struct event_place {
    uint64_t seq;
    uint64_t prev;
    uint64_t n;
};

/* Take "<seq>:<prev>:<n>:" off the front of `in`; false when it does not begin so. */
bool event_take_place(struct slice *in, struct event_place *out);

/*
 * False when `in` is not exactly one event. The text is borrowed from `in`. In front of an event
 * that was encoded before it had its place, "<seq>:<prev>:<n>:" may stand, as a fleet's sequencer
 * writes it.
 */
bool event_decode(struct slice in, struct event *out);

#endif
