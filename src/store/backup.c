/* Copying a database of SQLite's while it is in use. */

#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/sql.h"
#include "store/sqlite_schema.h"

#define STEP_PAGES 1024

/* ---- the two files ---- */

static enum err file_err(void)
{
    switch (errno) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return ERR_DISK_FULL;
    default:
        return ERR_IO;
    }
}

static enum err open_db(const char *path, struct store_sqlite *s)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path, &s->db, flags, NULL);
    if (code != SQLITE_OK)
        return sql_err(s->db, code);
    sqlite3_busy_timeout(s->db, SQLITE_WAIT_MS);
    return ERR_NONE;
}

static void close_db(struct store_sqlite *s)
{
    sql_fini(s);
    (void)sqlite3_close(s->db);
}

static enum err run(struct store_sqlite *s, const char *text)
{
    const int code = sqlite3_exec(s->db, text, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_NONE : sql_err(s->db, code);
}

/* An empty file passes for a database of ours that has had no migration yet. */
static enum err find_tables(struct store_sqlite *s)
{
    struct sql q = sql_begin(s, "SELECT count(*) FROM sqlite_schema");
    const bool any = sql_row(&q) && sql_get_u64(&q, 0) > 0;
    const enum err err = sql_end(&q);
    return err == ERR_NONE && !any ? ERR_CORRUPT : err;
}

/* Open the source, and hold on to how it is now: what is written meanwhile is not in the copy. */
static enum err open_source(const char *path, struct store_sqlite *s)
{
    if (access(path, F_OK) != 0)
        return file_err();
    enum err err = open_db(path, s);
    if (err == ERR_NONE)
        err = sqlite_schema_check(s);
    if (err == ERR_NONE)
        err = run(s, "BEGIN");
    return err == ERR_NONE ? find_tables(s) : err;
}

/* An empty file that nobody else may read. */
static enum err create_private(const char *path)
{
    const int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return file_err();
    (void)close(fd);
    return ERR_NONE;
}

/* ---- copying ---- */

static enum err copy_pages(struct store_sqlite *from, struct store_sqlite *to,
                           backup_progress_fn *progress, void *arg)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
    if (backup == NULL)
        return sql_err(to->db, sqlite3_errcode(to->db));
    int code;
    do {
        code = sqlite3_backup_step(backup, STEP_PAGES);
        const int total = sqlite3_backup_pagecount(backup);
        progress((uint64_t)(total - sqlite3_backup_remaining(backup)), (uint64_t)total, arg);
    } while (code == SQLITE_OK);
    const int ended = sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE)
        code = ended;
    return code == SQLITE_OK ? ERR_NONE : sql_err(to->db, code);
}

/* ---- checking the copy ---- */

static enum err check(struct store_sqlite *s)
{
    struct sql q = sql_begin(s, "PRAGMA integrity_check(1)");
    const bool whole = sql_row(&q) && slice_eq(sql_get_borrowed(&q, 0), SLICE("ok"));
    const enum err err = sql_end(&q);
    return err == ERR_NONE && !whole ? ERR_CORRUPT : err;
}

static enum err count(struct store_sqlite *s, struct backup_report *out)
{
    struct sql q = sql_begin(s, "SELECT (SELECT count(*) FROM users),"
                                "       (SELECT count(*) FROM channels),"
                                "       (SELECT count(*) FROM messages WHERE kind = 1)");
    if (sql_row(&q)) {
        out->users = sql_get_u64(&q, 0);
        out->channels = sql_get_u64(&q, 1);
        out->messages = sql_get_u64(&q, 2);
    }
    return sql_end(&q);
}

/* One single file, without a log beside it. */
static enum err leave_wal(struct store_sqlite *s)
{
    struct sql q = sql_begin(s, "PRAGMA journal_mode = DELETE");
    (void)sql_row(&q);
    return sql_end(&q);
}

static enum err fill(struct store_sqlite *from, const char *path, backup_progress_fn *progress,
                     void *arg, struct backup_report *out)
{
    struct store_sqlite to = {0};
    enum err err = open_db(path, &to);
    if (err == ERR_NONE)
        err = copy_pages(from, &to, progress, arg);
    if (err == ERR_NONE)
        err = leave_wal(&to);
    if (err == ERR_NONE)
        err = check(&to);
    if (err == ERR_NONE)
        err = count(&to, out);
    close_db(&to);
    return err;
}

/* ---- giving it its name ---- */

static enum err sync_path(const char *path, struct stat *info)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err = fd < 0 || fsync(fd) != 0 || fstat(fd, info) != 0 ? file_err() : ERR_NONE;
    if (fd >= 0)
        (void)close(fd);
    return err;
}

static enum err publish(const char *partial, const char *to, struct backup_report *out)
{
    struct stat info;
    enum err err = sync_path(partial, &info);
    if (err != ERR_NONE)
        return err;
    out->bytes = (uint64_t)info.st_size;
    if (renameat2(AT_FDCWD, partial, AT_FDCWD, to, RENAME_NOREPLACE) != 0)
        return file_err();
    struct buf folder = {0};
    buf_append(&folder, slice_str(to));
    (void)buf_cstr(&folder);
    err = sync_path(dirname(folder.ptr), &info);
    buf_fini(&folder);
    return err;
}

static enum err make(struct store_sqlite *from, const char *partial, const char *to,
                     backup_progress_fn *progress, void *arg, struct backup_report *out)
{
    if (access(to, F_OK) == 0)
        return ERR_EXISTS;
    enum err err = create_private(partial);
    if (err != ERR_NONE)
        return err;
    err = fill(from, partial, progress, arg, out);
    if (err == ERR_NONE)
        err = publish(partial, to, out);
    if (err != ERR_NONE)
        (void)unlink(partial);
    return err;
}

enum err backup_copy(const char *from, const char *to, backup_progress_fn *progress, void *arg,
                     struct backup_report *out)
{
    struct store_sqlite source = {0};
    struct buf partial = {0};
    buf_format(&partial, "%s.%d.partial", to, (int)getpid());
    *out = (struct backup_report){0};
    enum err err = open_source(from, &source);
    if (err == ERR_NONE)
        err = make(&source, buf_cstr(&partial), to, progress, arg, out);
    close_db(&source);
    buf_fini(&partial);
    return err;
}
