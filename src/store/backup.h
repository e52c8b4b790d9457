#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

/*
 * Backup: a copy of the database file of one process, which may be in use meanwhile. The copy is of
 * one moment, complete, checked, and one single file.
 */

#include <stdint.h>

#include "base/err.h"

struct backup_report {
    uint64_t bytes;
    uint64_t users;
    uint64_t channels;
    uint64_t messages;
};

/* `done` of `total` pages are copied. */
typedef void backup_progress_fn(uint64_t done, uint64_t total, void *arg);

/*
 * Copy the file `from` to `to`, where nothing may be; while it is being made its name has the
 * process id and "partial" behind it. ERR_NOT_FOUND: there is no such file; ERR_CORRUPT: it is no
 * database of Parley's, or is damaged; ERR_FORBIDDEN: a newer Parley has written it; ERR_EXISTS:
 * there is something at `to`; ERR_DISK_FULL, ERR_IO.
 */
NODISCARD enum err backup_copy(const char *from, const char *to, backup_progress_fn *progress,
                               void *arg, struct backup_report *out);

#endif
