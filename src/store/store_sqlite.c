/* The SQLite driver: opening and closing a file, and the table of its functions. */

#include "store/store_sqlite.h"

#include <fcntl.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_txn.h"

#define RETRY_MS 10u

/*
 * FULL, because NORMAL loses acknowledged commits at power loss. No mmap: an I/O error would come
 * as a signal. The checkpoint size is a compromise between its pauses and the length of the log.
 */
static const char settings[] = "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA cache_size = -16384;"
                               "PRAGMA wal_autocheckpoint = 4000;"
                               "PRAGMA journal_size_limit = 67108864;";

/* Closing any descriptor of a file drops SQLite's locks on it, so nobody may open meanwhile. */
static pthread_mutex_t open_mutex = PTHREAD_MUTEX_INITIALIZER;

/* SQLite would make the file readable for everybody. Failures are left to SQLite to find. */
static void create_private(const char *path)
{
    const int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static enum err open_db(struct store_sqlite *s, const char *path)
{
    pthread_mutex_lock(&open_mutex);
    create_private(path);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path, &s->db, flags, NULL);
    pthread_mutex_unlock(&open_mutex);
    return code == SQLITE_OK ? ERR_NONE : sql_err(s->db, code);
}

static enum err configure(struct store_sqlite *s)
{
    sqlite3_busy_timeout(s->db, SQLITE_WAIT_MS);
    const int code = sqlite3_exec(s->db, settings, NULL, NULL, NULL);
    return code == SQLITE_OK ? ERR_NONE : sql_err(s->db, code);
}

static enum err enter_wal_once(struct store_sqlite *s)
{
    struct sql q = sql_begin(s, "PRAGMA journal_mode = WAL");
    const bool wal = sql_row(&q) && slice_eq(sql_get_borrowed(&q, 0), SLICE("wal"));
    const enum err err = sql_end(&q);
    return err == ERR_NONE && !wal ? ERR_IO : err; /* a file system without shared memory */
}

/* Of all statements only this one does not wait for other processes by itself. */
static enum err enter_wal(struct store_sqlite *s)
{
    enum err err = enter_wal_once(s);
    for (unsigned waited_ms = 0; err == ERR_UNAVAILABLE && waited_ms < SQLITE_WAIT_MS;
         waited_ms += RETRY_MS) {
        const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
        nanosleep(&pause, NULL);
        err = enter_wal_once(s);
    }
    return err;
}

static enum err open_file(struct store_sqlite *s, const char *path)
{
    enum err err = open_db(s, path);
    if (err == ERR_NONE)
        err = write_lock_open(path, &s->lock);
    if (err == ERR_NONE)
        err = configure(s);
    if (err == ERR_NONE)
        err = sqlite_schema_check(s); /* before the first change to what may not be ours */
    if (err == ERR_NONE)
        err = enter_wal(s);
    if (err == ERR_NONE)
        err = sqlite_schema_migrate(s);
    return err;
}

static void sqlite_close(struct store *store)
{
    struct store_sqlite *s = store_sqlite_of(store);
    sqlite_txn_abandon(s);
    sql_fini(s);
    const int code = sqlite3_close(s->db);
    assert(code == SQLITE_OK);
    write_lock_close(s->lock);
    mem_free(s);
}

static enum err sqlite_open(const char *name, struct store **out)
{
    if (name[0] == ':')
        return ERR_INVALID;                          /* ":memory:" is no file */
    struct store_sqlite *s = mem_zalloc(sizeof(*s)); /* never NULL */
    s->base.driver = &store_driver_sqlite;
    const enum err err = open_file(s, name);
    if (err != ERR_NONE) {
        sqlite_close(&s->base);
        return err;
    }
    *out = &s->base;
    return ERR_NONE;
}

static enum err sqlite_check(struct store *store)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct sql q = sql_begin(s, "UPDATE store_check SET checks = checks + 1 WHERE id = 1");
    return sqlite_write_end(s, sqlite_changed(&q));
}

const struct store_driver store_driver_sqlite = {
    .scheme = "sqlite",
    .open = sqlite_open,
    .close = sqlite_close,
    .check = sqlite_check,
    .group_begin = sqlite_group_begin,
    .group_end = sqlite_group_end,
    .user_create = sqlite_user_create,
    .user_get = sqlite_user_get,
    .user_by_name = sqlite_user_by_name,
    .users_get = sqlite_users_get,
    .users_page = sqlite_users_page,
    .session_create = sqlite_session_create,
    .session_get = sqlite_session_get,
    .session_delete = sqlite_session_delete,
    .sessions_of = sqlite_sessions_of,
    .channels_all = sqlite_channels_all,
    .sessions_delete = sqlite_sessions_delete,
    .user_sign_up = sqlite_user_sign_up,
    .user_update = sqlite_user_update,
    .invite_create = sqlite_invite_create,
    .invite_delete = sqlite_invite_delete,
    .invites_page = sqlite_invites_page,
    .channel_create = sqlite_channel_create,
    .channel_update = sqlite_channel_update,
    .send_check = sqlite_send_check,
    .direct_open = sqlite_direct_open,
    .channel_get = sqlite_channel_get,
    .channels_page = sqlite_channels_page,
    .channels_of = sqlite_channels_of,
    .channel_by_name = sqlite_channel_by_name,
    .member_add = sqlite_member_add,
    .member_remove = sqlite_member_remove,
    .member_check = sqlite_member_check,
    .members_page = sqlite_members_page,
    .mark_read = sqlite_mark_read,
    .mark_read_at = sqlite_mark_read_at,
    .append = sqlite_append,
    .page = sqlite_page,
    .changes = sqlite_changes,
    .hanging = sqlite_hanging,
    .event_find = sqlite_event_find,
    .lease = sqlite_lease,
    .put = sqlite_put,
    .alias_get = sqlite_alias_get,
    .alias_put = sqlite_alias_put,
};
