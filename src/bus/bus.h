#ifndef BUS_BUS_H
#define BUS_BUS_H

/*
 * Bus: best-effort fan-out of small messages between the loops and processes of one deployment. A
 * message published while nobody listens is lost; whatever must survive belongs in the store.
 *
 * A bus handle lives on one loop thread and is used only from there. A handle opened without a
 * loop can only publish, from one thread at a time. Callbacks run on the loop's thread, and never
 * from inside the call that caused them. Messages of one publisher on one topic arrive in order.
 *
 * Topics are a space and an id; drivers spell them: channel-5, user-7,
 * presence-7.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define BUS_PAYLOAD_MAX (64u * 1024u)

enum bus_space {
    BUS_CHANNEL = 1,  /* events of a channel */
    BUS_USER = 2,     /* what concerns all sockets of one person */
    BUS_PRESENCE = 3, /* a person comes and goes */
};

struct bus_topic {
    enum bus_space space;
    uint64_t id; /* below 2^56 */
};

struct bus;
struct bus_sub;
struct loop;

/* One message arrived. `payload` is borrowed: take a reference to keep it. */
typedef void bus_message_fn(struct bus_topic topic, struct bytes *payload, void *arg);

/*
 * Connect to "proc:NAME" (the loops of this process), "redis:HOST:PORT[,HOST:PORT...]" (the
 * processes of a fleet; src/redis/address.h) or "mem:" (this handle only, for tests). `loop` may be
 * NULL for a handle that only publishes, but not with redis. The caller owns *out.
 */
NODISCARD enum err bus_open(struct loop *loop, const char *url, struct bus **out);

/* End every subscription and free the bus; what has not left it yet is lost. NULL is allowed. */
void bus_close(struct bus *bus);

struct bus_message {
    struct bus_topic topic;
    struct bytes *payload; /* the caller keeps its reference */
};

/*
 * Hand each payload to every subscriber of its topic, in the order of the array. What one
 * subscriber gets of it arrives together, so that it can be passed on together. ERR_TOO_BIG when a
 * payload is over BUS_PAYLOAD_MAX, and then none is sent; ERR_UNAVAILABLE when a link is down or a
 * queue full, and then some may be missing somewhere. ERR_NONE means that they are on their way.
 */
NODISCARD enum err bus_publish(struct bus *bus, const struct bus_message *messages, size_t count);

/*
 * Call `fn` for each message on `topic`, until bus_unsubscribe(bus, *out). A handle subscribes to a
 * topic once: ERR_EXISTS. With redis it is in force when the server has heard of it, a little
 * later; while the link is down, when it works again. A handle's subscriptions come into force in
 * order.
 */
NODISCARD enum err bus_subscribe(struct bus *bus, struct bus_topic topic, bus_message_fn *fn,
                                 void *arg, struct bus_sub **out);

/* Messages on any topic may have been lost until now; from now on they arrive again. */
typedef void bus_gap_fn(void *arg);

/* Call `fn` whenever a link to other processes was down and works again. */
void bus_on_gap(struct bus *bus, bus_gap_fn *fn, void *arg);

/* Whether every link works now. */
bool bus_is_up(const struct bus *bus);

/* After this `sub` is gone and its callback is not called again. NULL is allowed. */
void bus_unsubscribe(struct bus *bus, struct bus_sub *sub);

#endif
