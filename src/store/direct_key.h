#ifndef STORE_DIRECT_KEY_H
#define STORE_DIRECT_KEY_H

/* The key of a direct channel in a database: its users in decimal, "3,7,9". */

#include "base/buf.h"
#include "base/err.h"
#include "model/channel.h"

void direct_key_write(struct buf *key, const uint64_t *users, size_t count);

/* Into users and users_len of `out`. False when it is not what direct_key_write() writes. */
NODISCARD bool direct_key_read(struct slice key, struct channel *out);

#endif
