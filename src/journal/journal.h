#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

/*
 * Journal: gives events their places in their channels and makes them durable, before anybody is
 * told that they are kept.
 *
 * Promises: events of one channel get seqs in one order for everybody; an entry is done with
 * ERR_NONE only when the event survives the death of the process and of the machine; the same
 * (channel, sender, cmid) gives the same seq, at any time. Entries that one loop appends to one
 * channel keep their order. A journal may be used from several loops; done callbacks come on the
 * loop that appended.
 *
 * Committed events go to `on_commit` once each, in order of seq per channel, on a thread of the
 * journal and before their done callbacks are posted: there they are handed to the bus. In a fleet
 * Redis hands them to the bus, once each and in that order, when it gives them their places.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/histogram.h"
#include "ev/loop.h"
#include "model/event.h"

struct journal;
struct journal_entry;

typedef void journal_done_fn(struct journal_entry *entry);

/* Lives in the caller's object, untouched by it until `done`. */
struct journal_entry {
    /* In: kind, channel, sender, thread, cmid, text. Out: also seq, prev, n, ts_us. */
    struct event event;
    enum err result; /* ERR_NOT_FOUND: no such channel, thread or target; ERR_FORBIDDEN: it is not
                        the sender's; ERR_IO, ERR_DISK_FULL, ... */
    bool duplicate;  /* it was there before; the event has its first place and time */

    /* The journal's own. */
    struct journal *journal;
    uint64_t appended_ns;
    struct journal_entry *next;
    struct loop *loop;
    journal_done_fn *done;
    struct task task;
};

/* New events in the order in which they were committed; borrowed. */
typedef void journal_commit_fn(const struct event *const *events, size_t count, void *arg);

struct journal_options {
    const char *store_url;        /* of "store:" and "fleet:" */
    const char *redis;            /* of "fleet:": src/redis/address.h */
    const char *kafka;            /* of "fleet:": HOST:PORT[,HOST:PORT...] */
    size_t queue_max;             /* entries that wait, in a fleet all that are under way; past it
                                     appends are refused */
    journal_commit_fn *on_commit; /* not called by "fleet:", where Redis publishes */
    void *on_commit_arg;
};

/* Counters since the start, for /metrics. */
struct journal_stats {
    bool up;                  /* sends are likely to be acknowledged now */
    struct histogram placed;  /* from the append until the event has its place */
    struct histogram durable; /* from the append until it is durable */
    uint64_t events;          /* made durable, each once */
    uint64_t batches;         /* commits; in a fleet entries, which Kafka batches by itself */
    uint64_t failures;
    uint64_t waiting;
};

/*
 * Open "store:" (events go straight into the store at options->store_url, committed in groups by
 * one thread) "fleet:" (placed and published
 * by Redis, made durable by Kafka, moved to the store by persisters) or "mem:" (nothing is kept;
 * for tests). The caller owns *out.
 */
NODISCARD enum err journal_open(const char *url, const struct journal_options *options,
                                struct journal **out);

/* Commit what waits, then end. The loops must still take their tasks. NULL is allowed. */
void journal_close(struct journal *journal);

/* ERR_UNAVAILABLE when too many wait, and then `done` is not called. The text is borrowed until it
 * is. */
NODISCARD enum err journal_append(struct journal *journal, struct loop *loop,
                                  struct journal_entry *entry, journal_done_fn *done);

void journal_stats(struct journal *journal, struct journal_stats *out);

#endif
