#ifndef STORE_PG_SCHEMA_H
#define STORE_PG_SCHEMA_H

/*
 * The tables of the PostgreSQL driver, as numbered migrations: those of the directory database, and
 * those of each shard, which is a schema of its own. Each schema counts the migrations that it has
 * had in its table "version".
 */

#include <stddef.h>

#include "store/pg_conn.h"

#define PG_SHARDS 64u
#define PG_DIRECTORY_SCHEMA "directory"

/* How many migrations this program knows. */
extern const uint64_t pg_directory_version;
extern const uint64_t pg_shard_version;

/* The migrations that `schema` has had; 0: it is not there. */
NODISCARD enum err pg_schema_version(struct pg_conn *conn, const char *schema, uint64_t *out);

/*
 * Bring the schema up to date, each migration in a transaction of its own. The caller sees to it
 * that nobody else does so at the same time. ERR_FORBIDDEN: it is newer than this program.
 */
NODISCARD enum err pg_schema_migrate_directory(struct pg_conn *conn);
NODISCARD enum err pg_schema_migrate_shard(struct pg_conn *conn, const char *schema);

#endif
