#ifndef MAIN_DATA_DIR_H
#define MAIN_DATA_DIR_H

/* The folder in which a Parley of one process keeps everything. */

#include <stdbool.h>

#include "base/buf.h"

struct data_dir {
    const char *path; /* borrowed */
    int lock_fd;      /* -1: not locked */
};

/*
 * Make the folder when it is missing; with `lock` also make sure that no other server uses it. On
 * failure it says on stderr what is wrong and what to do.
 */
bool data_dir_open(struct data_dir *dir, const char *path, bool lock);
void data_dir_close(struct data_dir *dir);

/* The URL of the store in it. */
void data_dir_store_url(const struct data_dir *dir, struct buf *out);

#endif
