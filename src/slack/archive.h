#ifndef SLACK_ARCHIVE_H
#define SLACK_ARCHIVE_H

/*
 * Archive: the entries of a ZIP file, read whole and only within the limits of slack/import.h.
 * Their names are data: no path on the disk is ever made from one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct archive;

struct archive_entry {
    struct slice name; /* borrowed from the archive */
    uint64_t size;     /* uncompressed, as the archive says; reading proves it */
    uint64_t index;
};

/*
 * Open the file. ERR_NOT_FOUND, ERR_INVALID (no ZIP file), ERR_TOO_BIG (past a limit) or ERR_IO,
 * with a sentence in `problem`. The caller gives *out to archive_close().
 */
NODISCARD enum err archive_open(const char *path, struct archive **out, struct buf *problem);

/* NULL is allowed. */
void archive_close(struct archive *archive);

size_t archive_count(const struct archive *archive);
const struct archive_entry *archive_entry(const struct archive *archive, size_t at);

/* NULL when there is none of that name. */
const struct archive_entry *archive_find(const struct archive *archive, struct slice name);

/* Replace what `out` holds by the entry. ERR_INVALID, with `problem`: it is damaged. */
NODISCARD enum err archive_read(struct archive *archive, const struct archive_entry *entry,
                                struct buf *out, struct buf *problem);

#endif
