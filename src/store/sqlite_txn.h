#ifndef STORE_SQLITE_TXN_H
#define STORE_SQLITE_TXN_H

/*
 * Transactions of the SQLite driver. Each begin that succeeded is followed by its end, which takes
 * what happened in between and says what came of it all.
 */

#include "store/store_sqlite.h"

/* Wait for the turn to write. Inside a group only a savepoint. */
NODISCARD enum err sqlite_write_begin(struct store_sqlite *s);

/* Make it durable when `err` is ERR_NONE, else undo it. ERR_NONE only when it is durable. */
NODISCARD enum err sqlite_write_end(struct store_sqlite *s, enum err err);

/* All reads until the end see the same state. */
NODISCARD enum err sqlite_read_begin(struct store_sqlite *s);
NODISCARD enum err sqlite_read_end(struct store_sqlite *s, enum err err);

enum err sqlite_group_begin(struct store *store);
enum err sqlite_group_end(struct store *store);

/* Leave whatever is open and undo it: before the handle is closed. */
void sqlite_txn_abandon(struct store_sqlite *s);

#endif
