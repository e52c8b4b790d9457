#ifndef STORE_PG_COPY_H
#define STORE_PG_COPY_H

/*
 * Copying the rows of a shard, from schema sNN on one server to schema sNN_incoming on another,
 * while they come in. What is stored after pg_copy_watch() is noted in a table move_log.
 */

#include "store/fleet.h"
#include "store/pg_fleet.h"

struct pg_copy {
    uint32_t shard;
    struct pg_conn *from;
    struct pg_conn *to;
    enum fleet_step step;
    uint64_t done; /* rows that are there */
    uint64_t total;
    fleet_progress_fn *progress;
    void *arg;
};

/* Note what is stored from now on. */
NODISCARD enum err pg_copy_watch(struct pg_copy *copy);

/* Copy all rows in the order of their keys, on from where an earlier one has come. */
NODISCARD enum err pg_copy_scan(struct pg_copy *copy);

/* Copy what was noted, until there is nothing left. */
NODISCARD enum err pg_copy_noted(struct pg_copy *copy);

/* Copy the heads, while nobody changes them. */
NODISCARD enum err pg_copy_heads(struct pg_copy *copy);

/* Whether both sides have the same rows, by their numbers; while nobody changes them. */
NODISCARD enum err pg_copy_verify(struct pg_copy *copy, bool *same);

#endif
