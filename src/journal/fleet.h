#ifndef JOURNAL_FLEET_H
#define JOURNAL_FLEET_H

/*
 * The journal of a fleet. Private to src/journal.
 *
 * One thread with a loop of its own. An entry goes through these steps:
 *   1. check   on a store thread, when needed: is the cmid stored already, does the thread exist
 *   2. place   one function call in Redis: seq, prev, n; from that moment others see the event
 *   3. produce to Kafka, acks=all; the delivery report ends the entry
 *
 * Entries of one channel get their places in the order in which they came. So a channel begins with
 * one call at a time; only when Redis has said how many seqs are left do as many go out one after
 * the other. When the channel's lease is at its end, or Redis is another than before, the channel
 * waits for a fresh lease from the store.
 */

#include <pthread.h>

#include "base/buf.h"
#include "base/map.h"
#include "ev/pool.h"
#include "journal/journal_driver.h"
#include "redis/link.h"
#include "store/store.h"

struct kafka_out;
struct journal_fleet;

#define FLEET_LEASE 1024u       /* seqs */
#define FLEET_BACKLOG_MAX 2048u /* events of a channel that are not stored yet */
#define FLEET_CMID_TTL_S 300u
#define FLEET_PENDING_MAX 65536u

/* A channel with entries under way. */
struct fleet_channel {
    struct journal_fleet *fleet;
    uint64_t id;
    struct redis_link *link;
    struct sending *first; /* waiting, in order */
    struct sending *last;
    struct sending *returned_first; /* came back from Redis without a place, in order */
    struct sending *returned_last;
    size_t placing; /* function calls without a reply */
    uint64_t room;  /* how many of them may be under way: none of them will come back */
    size_t jobs;    /* jobs and lease calls under way */
    bool wants_lease;
    bool new_boot;             /* Redis is another than when the last lease was taken */
    char boot[REDIS_BOOT_MAX]; /* of the Redis that asked for the lease: it is good for no other */
    bool checking;
    bool extending;
};

/* An entry on its way. */
struct sending {
    struct sending *next;
    struct journal_fleet *fleet;
    struct journal_entry *entry;
    struct fleet_channel *channel;
    bool checked; /* the store does not have the cmid, and the thread is right */
    bool must_check;
    struct job job;
    enum err err; /* of the check */
    bool found;   /* the check found the cmid: the entry has its first place */
    struct arena arena;
};

struct journal_fleet {
    struct journal base;
    struct journal_options options;
    struct loop *loop;
    pthread_t thread;
    struct pool *stores;
    struct kafka_out *kafka;
    struct redis_servers servers;
    struct redis_link *links[REDIS_SERVERS_MAX];
    struct map channels;
    size_t pending; /* entries under way */
    struct task stop;
    bool stopping;
    struct timer stop_timer;

    struct timer health;
    pthread_mutex_t lock;
    bool up;                    /* under lock */
    struct journal_stats stats; /* under lock */
};

/* fleet_place.c: put the entry into its channel's queue and go on. */
void fleet_enqueue(struct journal_fleet *fleet, struct journal_entry *entry);

/* The entry is over. */
void fleet_finish(struct sending *sending, enum err result);

/* Send on what waits in the channel, as far as it may be. */
void fleet_pump(struct fleet_channel *channel);

/* A reply or a check has come: take back what came back, get a lease if one is wanted, or pump. */
void fleet_go_on(struct fleet_channel *channel);

/* Put an entry back in front of the channel's queue; end all that wait in it. */
void fleet_requeue(struct fleet_channel *channel, struct sending *sending);
void fleet_fail_waiting(struct fleet_channel *channel, enum err err);

/* fleet_check.c: look into the store for the channel's first waiting entry, then pump. */
void fleet_check(struct fleet_channel *channel, struct sending *sending);
bool fleet_needs_check(const struct sending *sending);

/* fleet_lease.c: take a lease from the store and install it, then pump. */
void fleet_take_lease(struct fleet_channel *channel, bool extend);

/* ---- fleet_kafka.c: the producer ---- */

/* Events of a channel go to a partition that its shard chooses. */
struct kafka_out *kafka_out_open(struct loop *loop, const char *brokers);
void kafka_out_close(struct kafka_out *out);

/* Whether sends are likely to be acknowledged now; else they are better refused before they have a
 * place. */
bool kafka_out_healthy(const struct kafka_out *out);

/* `done` comes on the loop with ERR_NONE when Kafka has it. ERR_UNAVAILABLE: `done` does not come.
 */
typedef void kafka_done_fn(enum err result, void *arg);
NODISCARD enum err kafka_out_produce(struct kafka_out *out, const struct event *event,
                                     kafka_done_fn *done, void *arg);

/*
 * Wait until all that was produced to the channel's partition before this call is in the store: the
 * persisters have committed past it. Blocks up to some seconds; from any thread. ERR_UNAVAILABLE.
 */
NODISCARD enum err kafka_out_fence(struct kafka_out *out, uint64_t channel);

#endif
