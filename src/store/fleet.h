#ifndef STORE_FLEET_H
#define STORE_FLEET_H

/*
 * Fleet: what an operator does to the databases of a fleet: setting up, looking at, and moving its
 * 64 shards. For tools; everything blocks and may take long. The directory is named by a conninfo
 * or URL of PostgreSQL, without "pg:". What went wrong is written to `problem`, for people.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

#define FLEET_SHARDS 64u
#define FLEET_SERVERS_MAX 64u

struct fleet_server {
    struct slice name; /* 1 to 63 of a-z 0-9 _ - */
    struct slice conninfo;
};

/* From "a=URL,b=URL", in the caller's arena. False when it is no such list. */
NODISCARD bool fleet_servers_parse(struct slice text, struct arena *arena, struct fleet_server *out,
                                   size_t *count);

/*
 * Bring all schemas up to date. The first time the shards are spread over `servers`; later these
 * are added to the known ones, or change their addresses, and no shard moves. From several
 * processes at once: one after the other. ERR_INVALID: the first time without servers;
 * ERR_FORBIDDEN: a newer version of this program has been here.
 */
NODISCARD enum err fleet_migrate(const char *directory, const struct fleet_server *servers,
                                 size_t count, struct buf *problem);

struct fleet_shard {
    uint32_t shard;
    struct slice server;
    struct slice state;  /* active, copying, moving */
    struct slice target; /* where it is on its way to; empty when active */
    uint64_t version;    /* counts its moves */
    bool known;          /* false: its server cannot be reached; what follows is 0 */
    bool exact;          /* false: `rows` is the server's estimate, of a big table */
    uint64_t rows;
    uint64_t size_bytes;
};

/* All 64, ascending; what they name is in the arena. */
NODISCARD enum err fleet_list(const char *directory, struct arena *arena,
                              struct fleet_shard out[FLEET_SHARDS], struct buf *problem);

enum fleet_step {
    FLEET_COPYING,   /* while events come in */
    FLEET_FINISHING, /* nothing is stored meanwhile: writers wait and try again */
};

/* How far a move is: rows copied so far, of about `total`. */
typedef void fleet_progress_fn(enum fleet_step step, uint64_t done, uint64_t total, void *arg);

/*
 * Move a shard to the server called `to`, while events are stored and read. It may be interrupted
 * at any moment, and goes on when it is called again. To where the shard is, it ends a move that
 * has not been finished, and cleans up after one that has. ERR_NOT_FOUND: no such shard or server;
 * ERR_EXISTS: somebody else moves it just now, or sets the fleet up; ERR_INVALID: it is on its way
 * to another server.
 */
NODISCARD enum err fleet_move(const char *directory, uint32_t shard, struct slice to,
                              fleet_progress_fn *progress, void *arg, struct buf *problem);

#endif
