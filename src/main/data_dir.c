/* The folder in which a Parley of one process keeps everything. */

#include "main/data_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make(const char *path)
{
    /* Only its owner may look in: it holds what everybody wrote. */
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    fprintf(stderr, "parley: cannot make the folder %s: %s. Choose another: --data DIR\n", path,
            strerror(errno));
    return false;
}

static bool lock_folder(struct data_dir *dir)
{
    struct buf path = {0};
    buf_format(&path, "%s/lock", dir->path);
    dir->lock_fd = open(buf_cstr(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    buf_fini(&path);
    if (dir->lock_fd < 0) {
        fprintf(stderr, "parley: cannot write to the folder %s: %s.\n", dir->path, strerror(errno));
        return false;
    }
    if (flock(dir->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return true;
    fprintf(stderr,
            "parley: another parley serve uses %s. Stop it, or choose another folder: --data DIR\n",
            dir->path);
    data_dir_close(dir);
    return false;
}

bool data_dir_open(struct data_dir *dir, const char *path, bool lock)
{
    *dir = (struct data_dir){path, -1};
    return make(path) && (!lock || lock_folder(dir));
}

void data_dir_close(struct data_dir *dir)
{
    if (dir->lock_fd >= 0)
        (void)close(dir->lock_fd);
    dir->lock_fd = -1;
}

void data_dir_store_url(const struct data_dir *dir, struct buf *out)
{
    buf_format(out, "sqlite:%s/parley.db", dir->path);
}
