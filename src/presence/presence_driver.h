#ifndef PRESENCE_PRESENCE_DRIVER_H
#define PRESENCE_PRESENCE_DRIVER_H

/* What a driver of presence implements. Private to src/presence. */

#include "base/list.h"
#include "base/map.h"
#include "ev/loop.h"
#include "presence/presence.h"

/* A person of whom something is to be told, now or after they have lingered. */
struct said {
    uint64_t user;
    enum presence_state state; /* as it stands here */
    enum presence_state told;  /* as others know it */
    uint64_t gone_ms;          /* since when it lingers; 0: it does not */
    struct list link;          /* of `untold` or `lingering` */
};

struct presence_driver {
    const char *scheme; /* the part of the URL before ':' */
    enum err (*open)(struct loop *loop, struct bus *bus, const char *url, struct presence **out);
    void (*close)(struct presence *presence);
    /* Make what is untold known, by presence_next_untold(); or leave it for later. */
    void (*tell)(struct presence *presence);
    enum err (*get)(struct presence *presence, const uint64_t *users, size_t count,
                    presence_got_fn *fn, void *arg);
};

/* Every driver's own struct begins with this. */
struct presence {
    const struct presence_driver *driver;
    struct loop *loop;
    struct bus *bus;
    struct map saying;         /* user -> struct said */
    presence_lost_fn *on_lost; /* NULL: nobody asked */
    void *on_lost_arg;
    struct list untold;
    struct list lingering; /* the longest first */
    struct turn_end turn_end;
    struct timer linger;
};

extern const struct presence_driver presence_driver_proc;
extern const struct presence_driver presence_driver_redis;

/* What others have to know. */
struct untold {
    uint64_t user;
    enum presence_state before; /* as others know it; may be the same */
    enum presence_state state;
};

/* Take the next of it, and count it as told; false: no more. */
bool presence_next_untold(struct presence *presence, struct untold *out);

/* What was told is forgotten where it was told. */
void presence_lost(struct presence *presence);

#endif
