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

/* Make a public channel with `user` as its first member. ERR_INVALID with *problem; ERR_EXISTS. */
NODISCARD enum err channel_create(struct store *store, uint64_t user, struct slice name,
                                  struct slice topic, struct arena *arena, struct channel *out,
                                  const char **problem);

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

/* The members; ERR_NOT_FOUND when `user` may not know of the channel. */
NODISCARD enum err channel_members(struct store *store, uint64_t user, uint64_t id, uint64_t after,
                                   size_t limit, struct arena *arena, struct store_users *out);

#endif
