#ifndef STORE_STORE_H
#define STORE_STORE_H

/*
 * Store: the durable truth - users, sessions, channels, members, events.
 *
 * Every function blocks: call it from store threads, from the journal's thread, or from a tool,
 * never from a loop. A handle serves one thread at a time; open one per thread. Handles to the same
 * URL share one database and see what the others have committed.
 *
 * A write is durable when its function returns: it survives the death of the process, and with the
 * drivers that keep files, of the machine. On failure nothing of the call was stored, unless it
 * says ERR_UNCERTAIN; but when a disk says ERR_IO and the process dies before its next write, that
 * write may come back, and a message sent again is then a duplicate. Besides what is named at a
 * function, each may give ERR_IO, ERR_DISK_FULL, ERR_UNAVAILABLE (the database cannot be reached or
 * is overloaded; try again) or ERR_CORRUPT, and ERR_INVALID for a count, limit or set outside the
 * bounds named here.
 *
 * What is read is allocated in the caller's arena. Names and texts are taken as valid already.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "model/channel.h"
#include "model/event.h"
#include "model/user.h"
#include "store/store_users.h"

#define STORE_PAGE_MAX 1000u
#define STORE_BATCH_MAX 1000u
#define STORE_LEASE_MAX 1000000u
#define STORE_ALIAS_MAX 200u /* bytes of an alias */

struct store;

/*
 * Open "sqlite:PATH" (the file is made when it is missing, its schema brought up to date),
 * "mem:NAME" (in this process, gone with its last handle) or "pg:URL" (the directory database of a
 * fleet, as a conninfo or URL of PostgreSQL; store/fleet.h sets it up). The caller owns *out.
 * ERR_INVALID: no such kind of URL; ERR_FORBIDDEN: a newer version of this program has written it;
 * ERR_CORRUPT: it is no database, or another program's; ERR_NOT_FOUND: the directory has not been
 * set up, or not by this version.
 *
 * With "pg:" events are in shards on several servers. When one of these is down:
 * - what needs the events of its channels, or a place among them, gives ERR_UNAVAILABLE: pages,
 *   leases, puts, appends, read markers, new members of a channel that is there already;
 * - lists of channels go on, and show its channels as if everything had been read;
 * - all other channels, users and sessions notice nothing.
 * A connection that breaks is made again by itself. When the answer to a write is lost with it, the
 * write says ERR_UNCERTAIN, unless doing it again would change nothing.
 */
NODISCARD enum err store_open(const char *url, struct store **out);

/* NULL is allowed. */
void store_close(struct store *store);

/*
 * Of a fleet: from now on count in what the sequencer at `redis` (src/redis/address.h) has and the
 * persisters have not stored yet, in pages, channels' heads and read markers. ERR_INVALID: no
 * addresses.
 */
NODISCARD enum err store_follow(struct store *store, const char *redis);

/* Whether reads and writes work now, but for single shards; found out by writing. */
NODISCARD enum err store_check(struct store *store);

/*
 * Writes of this handle from here to store_group_end() are made durable by the latter, in one go;
 * they may be lost together if it is not reached or fails. For imports. Not nested. Other handles
 * may have to wait with their writes until the end, and give up with ERR_UNAVAILABLE after some
 * seconds: keep groups short. Events that go to shards are durable at once all the same.
 */
NODISCARD enum err store_group_begin(struct store *store);
NODISCARD enum err store_group_end(struct store *store);

/* ---- channels and members ---- */

/*
 * A new public channel without members or events. ERR_EXISTS: the name is taken; ERR_NOT_FOUND: no
 * such creator (0: unknown).
 */
NODISCARD enum err store_channel_create(struct store *store, struct slice name, struct slice topic,
                                        uint64_t creator, int64_t now_us, uint64_t *id);

/* The same for a private one. Others may be called so too. */
NODISCARD enum err store_private_create(struct store *store, struct slice name, struct slice topic,
                                        uint64_t creator, int64_t now_us, uint64_t *id);

/* What to change of a channel. */
struct store_channel_change {
    const struct slice *name; /* NULL: as it is; so the others */
    const struct slice *topic;
    const bool *archived;
};

/* ERR_NOT_FOUND: no such channel, or a direct one; ERR_EXISTS: the name of a public one is taken.
 */
NODISCARD enum err store_channel_update(struct store *store, uint64_t id,
                                        const struct store_channel_change *change);

/*
 * The direct channel of exactly `users` (ascending, distinct, 1 to DIRECT_USERS_MAX), made with all
 * of them as members when it does not exist; *created says whether. ERR_NOT_FOUND: a user does not
 * exist.
 */
NODISCARD enum err store_direct_open(struct store *store, const uint64_t *users, size_t count,
                                     int64_t now_us, uint64_t *id, bool *created);

/* The channel as `viewer` sees it (member, read_seq, read_n; viewer 0: nobody). ERR_NOT_FOUND. */
NODISCARD enum err store_channel_get(struct store *store, uint64_t id, uint64_t viewer,
                                     struct arena *arena, struct channel *out);

struct store_channels {
    struct channel *items;
    size_t count;
};

/* Up to `limit` public channels with id > `after`, ascending, as `viewer` sees them. */
NODISCARD enum err store_channels_page(struct store *store, uint64_t viewer, uint64_t after,
                                       size_t limit, struct arena *arena,
                                       struct store_channels *out);

/* The same with private ones among them, as nobody sees them: for tools. */
NODISCARD enum err store_channels_all(struct store *store, uint64_t after, size_t limit,
                                      struct arena *arena, struct store_channels *out);

/* All channels that `user` is a member of, ascending. */
NODISCARD enum err store_channels_of(struct store *store, uint64_t user, struct arena *arena,
                                     struct store_channels *out);

/* The public channel called `name`. ERR_NOT_FOUND. */
NODISCARD enum err store_channel_by_name(struct store *store, struct slice name, uint64_t *id);

/*
 * Make `user` a member; the read marker stands at the channel's newest event. ERR_EXISTS: is one
 * already; ERR_NOT_FOUND: no such channel or user.
 */
NODISCARD enum err store_member_add(struct store *store, uint64_t channel, uint64_t user,
                                    int64_t now_us);

/* ERR_NOT_FOUND: was none. */
NODISCARD enum err store_member_remove(struct store *store, uint64_t channel, uint64_t user);

NODISCARD enum err store_member_check(struct store *store, uint64_t channel, uint64_t user,
                                      bool *is_member);

/* Whether `user` may send to `channel`: ERR_NOT_MEMBER; ERR_FORBIDDEN: it is archived. */
NODISCARD enum err store_send_check(struct store *store, uint64_t channel, uint64_t user);

/* Up to `limit` members with id > `after`, ascending. */
NODISCARD enum err store_members_page(struct store *store, uint64_t channel, uint64_t after,
                                      size_t limit, struct arena *arena, struct store_users *out);

/*
 * Move the read marker of `user` up to `seq`, at most to the channel's newest event, never back;
 * `out` is the channel as the user sees it then. ERR_NOT_MEMBER.
 */
NODISCARD enum err store_mark_read(struct store *store, uint64_t channel, uint64_t user,
                                   uint64_t seq, struct arena *arena, struct channel *out);

/* ---- events ---- */

/* One event to append. */
struct store_append {
    /*
     * In: kind, channel, sender, thread, ts_us, cmid, text. Out: seq, prev, n, thread, and for a
     * duplicate also the ts_us and kind that were stored first.
     */
    struct event *event;
    bool duplicate; /* (channel, sender, cmid) was stored before; nothing was added */
    /*
     * ERR_NONE; ERR_NOT_FOUND: no such channel, or `thread` is no message in it, or, of a change,
     * a deleted one; ERR_FORBIDDEN: only the author of the target may change it so.
     */
    enum err result;
};

/*
 * Give 1 to STORE_BATCH_MAX events their places behind their channels' newest ones, in the order of
 * the array, and store them, all in one durable step. The same cmid twice in one batch is a
 * duplicate as well. When the call itself fails nothing was stored, and what it wrote into the
 * items means nothing; ERR_UNCERTAIN also when only some of several servers have stored theirs:
 * append the same again. A thread of a message that is itself a reply is taken as the thread of
 * that reply's first message. That the senders exist is the caller's promise.
 * In a fleet this is for imports, into channels where nobody writes at the moment.
 */
NODISCARD enum err store_append(struct store *store, struct store_append *items, size_t count);

enum store_from {
    STORE_NEWEST, /* the last page */
    STORE_BEFORE, /* the page that ends below `seq` */
    STORE_AFTER,  /* the page that begins above `seq` */
    STORE_AROUND, /* half to each side, the event at `seq` or the next above it included */
};

struct store_range {
    enum store_from from;
    uint64_t seq;
    size_t limit;     /* events, 1 to STORE_PAGE_MAX */
    size_t bytes_max; /* of text in all; at least one event is given whatever its size */
};

/*
 * What a limit leaves out is what is farthest from the position (for STORE_NEWEST: the end). With
 * STORE_AROUND a side that has fewer events leaves its room to the other. An empty page of
 * STORE_BEFORE has more after it, one of STORE_AFTER more before, unless the channel is empty.
 */

/* Events in ascending order of seq, with what changes made of them (model/fold.h). */
struct store_page {
    struct event *items;
    size_t count;
    bool more_before; /* the channel has events before the first of these */
    bool more_after;
    uint64_t last_seq; /* of the channel */
};

/* ERR_NOT_FOUND: no such channel. */
NODISCARD enum err store_page(struct store *store, uint64_t channel, struct store_range range,
                              struct arena *arena, struct store_page *out);

/*
 * The same of the replies to the message at `root`, without that itself. What lies on the other
 * side of a position is not looked at: there is taken to be more. ERR_NOT_FOUND: no such channel.
 */
NODISCARD enum err store_thread(struct store *store, uint64_t channel, uint64_t root,
                                struct store_range range, struct arena *arena,
                                struct store_page *out);

/*
 * A message as it was first written, and its edits, the newest 100 of them, ascending.
 * ERR_NOT_FOUND: there is no such message, or it is deleted.
 */
NODISCARD enum err store_edits(struct store *store, uint64_t channel, uint64_t target,
                               struct arena *arena, struct event *first, struct store_page *edits);

/* ---- for a fleet, where the sequencer gives the places before the store sees the events ---- */

/* The event with that cmid, if it is stored. ERR_NOT_FOUND. */
NODISCARD enum err store_event_find(struct store *store, uint64_t channel, uint64_t sender,
                                    const uint8_t cmid[UUID_BYTES], struct arena *arena,
                                    struct event *out);

/*
 * Whether the sequencer still remembers an event with that cmid, stored or not. With a store that
 * follows none, or when it cannot be reached: no.
 */
bool store_event_placed(struct store *store, uint64_t channel, uint64_t sender,
                        const uint8_t cmid[UUID_BYTES], struct arena *arena);

/* A block of seqs that nobody else gets: start < seq <= limit. */
struct store_lease {
    uint64_t start;
    uint64_t limit;
    uint64_t last_seq; /* of the channel's newest stored event */
    uint64_t last_n;
};

/*
 * Take the next block of `count` seqs (1 to STORE_LEASE_MAX) of a channel, behind all that were
 * handed out or stored before. ERR_NOT_FOUND: no such channel. ERR_INVALID with SQLite: a store of
 * one process gives the places itself, by store_append().
 */
NODISCARD enum err store_lease(struct store *store, uint64_t channel, uint64_t count,
                               struct store_lease *out);

/*
 * Store 1 to STORE_BATCH_MAX events that have their places (seq > prev, n, ts_us) already, in any
 * order. What is stored already, by its seq or its cmid, stays as it is: storing again changes
 * nothing. ERR_UNAVAILABLE when a part of the store is down; then some of the events may have been
 * stored. That channels, senders and threads exist is the caller's promise.
 */
NODISCARD enum err store_put(struct store *store, const struct event *const *events, size_t count);

/* ---- aliases: where a thing came from, for imports that can be run again ---- */

/* The id that `alias` ("slack:T1:U2") stands for. ERR_NOT_FOUND. */
NODISCARD enum err store_alias_get(struct store *store, struct slice alias, uint64_t *id);

/* ERR_EXISTS: it stands for something already. */
NODISCARD enum err store_alias_put(struct store *store, struct slice alias, uint64_t id);

#endif
