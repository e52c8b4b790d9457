#ifndef STORE_SQLITE_SCHEMA_H
#define STORE_SQLITE_SCHEMA_H

/*
 * The tables of the SQLite driver, as numbered migrations. PRAGMA user_version counts those that a
 * file has had.
 */

#include "store/store_sqlite.h"

/*
 * ERR_NONE: the file is empty or ours, and not newer than this program. ERR_FORBIDDEN: it is newer.
 * ERR_CORRUPT: it is no database, or another program's. Nothing is changed.
 */
NODISCARD enum err sqlite_schema_check(struct store_sqlite *s);

/* Bring the schema up to date; several handles and processes may do so at once. */
NODISCARD enum err sqlite_schema_migrate(struct store_sqlite *s);

#endif
