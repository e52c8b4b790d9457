#ifndef STORE_WRITE_LOCK_H
#define STORE_WRITE_LOCK_H

/*
 * Write lock: the turns that the handles of this process take at writing to one file. First come,
 * first served - unlike SQLite's busy handler, which lets whoever polls at the right moment win, so
 * that a thread that commits without pause would starve all others.
 */

#include "base/err.h"

struct write_lock;

/* The lock of the file at `path`, the same one by whatever path. ERR_IO: there is no file. */
NODISCARD enum err write_lock_open(const char *path, struct write_lock **out);

/* Give the lock back; the last one frees. NULL is allowed. */
void write_lock_close(struct write_lock *lock);

/* Wait for the turn. ERR_UNAVAILABLE: it did not come in `wait_ms`. */
NODISCARD enum err write_lock_acquire(struct write_lock *lock, unsigned wait_ms);

void write_lock_release(struct write_lock *lock);

#endif
