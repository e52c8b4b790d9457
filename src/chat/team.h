#ifndef CHAT_TEAM_H
#define CHAT_TEAM_H

/*
 * Team: what owners and admins do about others - roles, who may log in, invites. Everything here
 * blocks; `actor` is who asks. ERR_FORBIDDEN comes with *problem, a sentence for the person.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "chat/token.h"
#include "model/user.h"
#include "store/store.h"

#define INVITE_USES_MAX 1000u
#define INVITE_AGE_MAX_S (365u * 24u * 3600u)

/* Owners only, and one must remain. ERR_NOT_FOUND: no such user. `out` is the user then. */
NODISCARD enum err team_set_role(struct store *store, uint64_t actor, uint64_t user,
                                 enum user_role role, struct arena *arena, struct user *out,
                                 const char **problem);

/*
 * Whether `user` may log in; when not, all sessions end. For owners, and for admins but not over
 * owners; an owner must remain. ERR_NOT_FOUND: no such user.
 */
NODISCARD enum err team_set_active(struct store *store, uint64_t actor, uint64_t user, bool active,
                                   struct arena *arena, struct user *out, const char **problem);

/* ERR_FORBIDDEN unless `user` is an owner or admin; ERR_UNAUTHENTICATED: is not active. */
NODISCARD enum err team_check_admin(struct store *store, uint64_t user);

/* A new invite for `max_uses` people within `age_s`; its code is told only now. */
NODISCARD enum err team_create_invite(struct store *store, uint64_t actor, uint64_t max_uses,
                                      uint64_t age_s, char code[TOKEN_TEXT_LEN],
                                      struct store_invite *out);

/* ERR_NOT_FOUND. */
NODISCARD enum err team_revoke_invite(struct store *store, uint64_t actor, uint64_t invite);

/* Those that can still be used. */
NODISCARD enum err team_list_invites(struct store *store, uint64_t actor, uint64_t after,
                                     size_t limit, struct arena *arena, struct store_invites *out);

#endif
