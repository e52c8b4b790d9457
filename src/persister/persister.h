#ifndef PERSISTER_PERSISTER_H
#define PERSISTER_PERSISTER_H

/*
 * Persister: the role that moves events from Kafka into the store. One thread of its own.
 *
 * It reads in batches (up to 1,000 events or 10 ms), stores them, and commits its offsets after
 * that: what is delivered twice changes nothing. When a part of the store is down, only its
 * partitions wait. Then it tells the sequencer what is settled, so that it may forget it; and takes
 * from the sequencer what Kafka never got, because an edge died in between.
 *
 * Several persisters share the partitions and take over from each other.
 */

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct persister;

struct persister_options {
    const char *store_url;
    const char *redis;  /* src/redis/address.h */
    const char *kafka;  /* HOST:PORT[,HOST:PORT...] */
    const char *name;   /* stable over restarts and different for each persister */
    int32_t partitions; /* of the topic, when it has to be made */
    int32_t replicas;
};

/* Start. `options` and its strings outlive the persister. */
NODISCARD enum err persister_start(const struct persister_options *options, struct persister **out);

/* Store what has been read, then end. NULL is allowed. */
void persister_stop(struct persister *persister);

/* Append its numbers in Prometheus' text format; from any thread. */
void persister_metrics(struct persister *persister, struct buf *out);

#endif
