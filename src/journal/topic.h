#ifndef JOURNAL_TOPIC_H
#define JOURNAL_TOPIC_H

/* The fleet's topic in Kafka: its name, who reads it, and which partition a channel is in. */

#include <stdint.h>

#include "base/hash.h"

#define JOURNAL_TOPIC "messages"
#define JOURNAL_GROUP "parley-persister"

/* Logical shards of the messages, fixed for ever; src/store places them on servers. */
#define JOURNAL_SHARDS 64u

/* A function of the shard, so that a dead database server stalls only its own partitions. */
static inline int32_t journal_partition(uint64_t channel, int32_t partitions)
{
    const uint32_t shard = (uint32_t)(hash_mix64(channel) % JOURNAL_SHARDS);
    return (int32_t)(shard % (uint32_t)partitions);
}

#endif
