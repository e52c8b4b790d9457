#ifndef CHAT_CHANNELS_H
#define CHAT_CHANNELS_H

/*
 * Channels: making, joining, leaving, reading. Everything here blocks; `user` is who asks. What
 * others must hear of it is told by the caller, on its loop (chat/chat.h).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "model/channel.h"
#include "store/store.h"

#define CHANNEL_INVITES_MAX 100u

/*
 * Make a public or private channel with `user` as its first member. ERR_INVALID with *problem;
 * ERR_EXISTS: another public one is called so.
 */
NODISCARD enum err channel_create(struct store *store, uint64_t user, enum channel_kind kind,
                                  struct slice name, struct slice topic, struct arena *arena,
                                  struct channel *out, const char **problem);

/*
 * Become a member of a public channel; *joined is false when `user` was one already. ERR_NOT_FOUND
 * also for the direct channels of others.
 */
NODISCARD enum err channel_join(struct store *store, uint64_t user, uint64_t id,
                                struct arena *arena, struct channel *out, bool *joined);

/* ERR_NOT_MEMBER; ERR_FORBIDDEN: a direct channel has the members that it has. */
NODISCARD enum err channel_leave(struct store *store, uint64_t user, uint64_t id);

/*
 * The direct channel of `user` and `others`, made when it is missing. ERR_INVALID with *problem;
 * ERR_NOT_FOUND: one of them does not exist.
 */
NODISCARD enum err channel_open_direct(struct store *store, uint64_t user, const uint64_t *others,
                                       size_t count, struct arena *arena, struct channel *out,
                                       bool *created, const char **problem);

/* What became of a channel that was changed. */
struct channel_changes {
    struct channel channel; /* as it is now */
    bool renamed;
    bool retopiced;
    bool archived; /* archived or unarchived */
};

/*
 * A member gives it another name or topic (NULL: as it is). ERR_NOT_FOUND: `user` may not know of
 * it; ERR_NOT_MEMBER; ERR_EXISTS; ERR_INVALID and ERR_FORBIDDEN with *problem.
 */
NODISCARD enum err channel_update(struct store *store, uint64_t user, uint64_t id,
                                  const struct slice *name, const struct slice *topic,
                                  struct arena *arena, struct channel_changes *out,
                                  const char **problem);

/* Who came in by an invitation. */
struct channel_invited {
    struct channel channel;
    uint64_t added[CHANNEL_INVITES_MAX];
    size_t added_len;
};

/*
 * A member makes `others` (at most CHANNEL_INVITES_MAX) members; who is one already stays it.
 * ERR_NOT_FOUND: `user` may not know of the channel, or one of the others cannot log in or does not
 * exist; ERR_NOT_MEMBER; ERR_FORBIDDEN with *problem.
 */
NODISCARD enum err channel_invite(struct store *store, uint64_t user, uint64_t id,
                                  const uint64_t *others, size_t count, struct arena *arena,
                                  struct channel_invited *out, const char **problem);

/*
 * Its creator, an owner or an admin takes `other` out. ERR_NOT_FOUND: `user` may not know of it, or
 * `other` is no member; ERR_FORBIDDEN with *problem.
 */
NODISCARD enum err channel_remove(struct store *store, uint64_t user, uint64_t id, uint64_t other,
                                  const char **problem);

/* The same archive it or take it back. ERR_NOT_FOUND; ERR_FORBIDDEN with *problem. */
NODISCARD enum err channel_set_archived(struct store *store, uint64_t user, uint64_t id,
                                        bool archived, struct arena *arena,
                                        struct channel_changes *out, const char **problem);

/* The members; ERR_NOT_FOUND when `user` may not know of the channel. */
NODISCARD enum err channel_members(struct store *store, uint64_t user, uint64_t id, uint64_t after,
                                   size_t limit, struct arena *arena, struct store_users *out);

#endif
