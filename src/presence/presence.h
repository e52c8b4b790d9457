#ifndef PRESENCE_PRESENCE_H
#define PRESENCE_PRESENCE_H

/*
 * Presence: who is there, over all loops and processes of one deployment. Each handle says it of
 * its own people; what all handles say together - the best of it - is a person's presence. It is of
 * the moment: nothing is stored, and what a process said ends about ten seconds after it dies.
 *
 * Changes are published on the bus under BUS_PRESENCE and the person's id, as presence_decode()
 * reads them. Whoever subscribes first and asks by presence_get() then misses nothing; `at` says
 * which of two is newer.
 *
 * Who goes is gone only after PRESENCE_LINGER_MS, so that loading a page again, or moving to
 * another edge, is not seen.
 *
 * A handle lives on one loop thread and is used only from there.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

#define PRESENCE_LINGER_MS 4000u
#define PRESENCE_USERS_MAX 500u /* of one question */

struct bus;
struct loop;
struct presence;

enum presence_state {
    PRESENCE_GONE = 0,
    PRESENCE_AWAY = 1, /* there, but only with devices that nobody touches */
    PRESENCE_ONLINE = 2,
};

/* How it stood with a person at some time. */
struct presence_seen {
    uint64_t user;
    enum presence_state state;
    uint64_t at; /* grows with every change of a person; no clock */
};

/*
 * Open "proc:NAME" (the loops of this process) or "redis:..." as for the bus (the processes of a
 * fleet). The bus outlives the handle. ERR_INVALID: the URL is none. The caller owns *out.
 */
NODISCARD enum err presence_open(struct loop *loop, struct bus *bus, const char *url,
                                 struct presence **out);

/*
 * After all people were set to PRESENCE_GONE; those who linger go at once, in a fleet within some
 * seconds. Outstanding questions end with ERR_UNAVAILABLE. NULL is allowed.
 */
void presence_close(struct presence *presence);

/*
 * A person here was `before` and is `state` now: it is told at the end of this turn of the loop.
 * The handle remembers nothing of people with whom nothing happens.
 */
void presence_set(struct presence *presence, uint64_t user, enum presence_state before,
                  enum presence_state state);

/* What was told before is lost: call presence_repeat() for each person who is here. */
typedef void presence_lost_fn(void *arg);
void presence_on_lost(struct presence *presence, presence_lost_fn *fn, void *arg);

/* Tell again how it stands with a person here. */
void presence_repeat(struct presence *presence, uint64_t user, enum presence_state state);

/* The answer, in the order of the question. ERR_UNAVAILABLE: `seen` is empty. */
typedef void presence_got_fn(enum err err, const struct presence_seen *seen, size_t count,
                             void *arg);

/*
 * Ask for 1 to PRESENCE_USERS_MAX people; `fn` is called once, on the loop's thread, not from
 * inside this call. ERR_UNAVAILABLE, and then it is not called.
 */
NODISCARD enum err presence_get(struct presence *presence, const uint64_t *users, size_t count,
                                presence_got_fn *fn, void *arg);

/* Read what came on the bus about `user`; false when it is nothing of presence. */
bool presence_decode(uint64_t user, struct slice payload, struct presence_seen *out);

/* "online", "away" or "offline": the words of docs/PROTOCOL.md. */
struct slice presence_name(enum presence_state state);

#endif
