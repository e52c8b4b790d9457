#ifndef STORE_PG_FLEET_H
#define STORE_PG_FLEET_H

/*
 * What the tools of fleet.h share. Their connections have no time limit, and are not made again
 * when they break: a lock that was held would be gone.
 */

#include "store/fleet.h"
#include "store/pg_query.h"
#include "store/pg_schema.h"

/* Held in the directory: exclusively to set up, shared to move; and one more for each shard. */
#define PG_LOCK_SETUP 0x5041524c
#define PG_LOCK_MOVE 0x5041524d

/* Connect to the directory or to a server. Fills `problem`. */
NODISCARD enum err pg_fleet_connect(struct pg_conn *conn, struct slice conninfo, const char *schema,
                                    const char *what, struct buf *problem);

/* Add why a statement failed, unless something stands there. */
void pg_fleet_explain(const struct pg_conn *conn, const char *what, struct buf *problem);

/* The same when it is this connection that failed, or has been lost. */
void pg_fleet_explain_broken(const struct pg_conn *conn, const char *what, struct buf *problem);

/* Run statements without parameters; each '@' is the shard's schema. */
NODISCARD enum err pg_fleet_run(struct pg_conn *conn, uint32_t shard, const char *text);

/* Whether there is a schema called as the shard's with `suffix` behind. */
NODISCARD enum err pg_fleet_has_schema(struct pg_conn *conn, uint32_t shard, const char *suffix,
                                       bool *out);

/* The name of a shard's schema: "s17". */
struct pg_schema_name {
    char text[24];
};
struct pg_schema_name pg_schema_of(uint32_t shard, const char *suffix);

#endif
