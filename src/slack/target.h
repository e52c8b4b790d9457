#ifndef SLACK_TARGET_H
#define SLACK_TARGET_H

/*
 * Target: where an import puts things. The real one is the store; a dry one answers as the store
 * would, remembers what it was given for this run, and changes nothing in the store.
 */

#include "base/arena.h"
#include "base/err.h"
#include "slack/index.h"
#include "store/store.h"

struct target {
    struct store *store; /* borrowed */
    bool dry;

    /* Of a dry one: what a real one would have stored by now. */
    struct index aliases;
    struct index user_names;
    struct index channel_names;
    struct index members;
    uint64_t users_end; /* the next id; from first_user on they are not in the store */
    uint64_t first_user;
    uint64_t channels_end;
    uint64_t first_channel;

    /* The channel that is being appended to, 0 at first. */
    uint64_t channel;
    struct index events; /* of sender and cmid -> seq */
    uint64_t last_seq;
};

NODISCARD enum err target_init(struct target *target, struct store *store, bool dry);
void target_fini(struct target *target);

/* As the functions of the store that have the same names. */
NODISCARD enum err target_group_begin(struct target *target);
NODISCARD enum err target_group_end(struct target *target);
NODISCARD enum err target_alias_get(struct target *target, struct slice alias, uint64_t *id);
NODISCARD enum err target_alias_put(struct target *target, struct slice alias, uint64_t id);
NODISCARD enum err target_user_create(struct target *target, struct slice name,
                                      struct slice display_name, int64_t now_us, uint64_t *id);
NODISCARD enum err target_channel_create(struct target *target, struct slice name,
                                         struct slice topic, uint64_t creator, int64_t now_us,
                                         uint64_t *id);
NODISCARD enum err target_member_add(struct target *target, uint64_t channel, uint64_t user,
                                     int64_t now_us);

/* All items are messages of one channel, and their threads are right. */
NODISCARD enum err target_append(struct target *target, struct store_append *items, size_t count);

#endif
