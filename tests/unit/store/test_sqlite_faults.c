/* What the SQLite driver says and keeps when the disk fails: a VFS between it and the disk fails.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

/* ---- a disk that fails ---- */

static sqlite3_vfs vfs;
static const sqlite3_vfs *real_vfs;
static sqlite3_io_methods methods[2]; /* of the database, and of its log */
static const sqlite3_io_methods *real_methods;

static int sync_result;  /* what a sync says, SQLITE_OK: it is done */
static int write_result; /* the same for a write */

static int failing_sync(sqlite3_file *file, int flags)
{
    return sync_result != SQLITE_OK ? sync_result : real_methods->xSync(file, flags);
}

static int failing_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    return write_result != SQLITE_OK ? write_result : real_methods->xWrite(file, data, len, at);
}

static int open_file(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                     int *out_flags)
{
    (void)self;
    const int code =
        real_vfs->xOpen((sqlite3_vfs *)(uintptr_t)real_vfs, name, file, flags, out_flags);
    if (code == SQLITE_OK && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
        sqlite3_io_methods *mine = &methods[(flags & SQLITE_OPEN_WAL) != 0];
        real_methods = file->pMethods; /* both kinds write and sync in the same way */
        *mine = *real_methods;
        mine->xSync = failing_sync;
        mine->xWrite = failing_write;
        file->pMethods = mine;
    }
    return code;
}

static int setup_vfs(void **state)
{
    (void)state;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "failing";
    vfs.xOpen = open_file;
    return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? 0 : -1;
}

/* ---- a store on it ---- */

static char dir[64];
static char url[128];
static struct store *store;
static uint64_t channel;

static int setup(void **state)
{
    (void)state;
    sync_result = SQLITE_OK;
    write_result = SQLITE_OK;
    snprintf(dir, sizeof(dir), "/tmp/parley-faults-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(url, sizeof(url), "sqlite:%s/store.db", dir);
    assert_int_equal(store_open(url, &store), ERR_NONE);
    assert_int_equal(store_channel_create(store, SLICE("c"), SLICE_EMPTY, 0, 1, &channel), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_close(store);
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/store.db%s", dir, suffixes[i]);
        unlink(path);
    }
    rmdir(dir);
    return 0;
}

static struct event message(uint8_t number)
{
    return (struct event){EVENT_MESSAGE, .channel = channel, .sender = 1, .cmid = {number},
                          .text = SLICE("hello")};
}

static enum err append(struct event *event, bool *duplicate)
{
    struct store_append item = {.event = event};
    const enum err err = store_append(store, &item, 1);
    *duplicate = item.duplicate;
    return err;
}

static void assert_seqs(struct store *reader, size_t count)
{
    struct arena arena = {0};
    struct store_page page;
    const struct store_range all = {STORE_AFTER, 0, STORE_PAGE_MAX, SIZE_MAX};
    assert_int_equal(store_page(reader, channel, all, &arena, &page), ERR_NONE);
    assert_int_equal(page.count, count);
    assert_int_equal(page.last_seq, count == 0 ? 0 : page.items[count - 1].seq);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(page.items[i].prev, i == 0 ? 0 : page.items[i - 1].seq);
    arena_fini(&arena);
}

/* By this handle, and by one that has seen nothing of what failed. */
static void assert_stored(size_t count)
{
    assert_seqs(store, count);
    struct store *reader = NULL;
    assert_int_equal(store_open(url, &reader), ERR_NONE);
    assert_seqs(reader, count);
    store_close(reader);
}

/* While `result` is made to be not SQLITE_OK an append fails with `err`; later it goes well. */
static void check_fault(int *result, int code, enum err err)
{
    bool duplicate;
    struct event first = message(1);
    assert_int_equal(append(&first, &duplicate), ERR_NONE);

    *result = code;
    for (unsigned i = 0; i < 3; i++) {
        struct event event = message(2);
        assert_int_equal(append(&event, &duplicate), err);
        assert_int_equal(store_check(store), err);
    }
    *result = SQLITE_OK;
    assert_stored(1);

    struct event again = message(2);
    assert_int_equal(append(&again, &duplicate), ERR_NONE);
    assert_false(duplicate);
    assert_int_equal(again.prev, first.seq);
    assert_int_equal(store_check(store), ERR_NONE);
    assert_stored(2);
}

static void a_sync_that_fails_is_no_success(void **state)
{
    (void)state;
    check_fault(&sync_result, SQLITE_IOERR_FSYNC, ERR_IO);
}

static void a_write_that_fails_is_no_success(void **state)
{
    (void)state;
    check_fault(&write_result, SQLITE_IOERR_WRITE, ERR_IO);
}

static void a_full_disk_is_said_to_be_full(void **state)
{
    (void)state;
    check_fault(&write_result, SQLITE_FULL, ERR_DISK_FULL);
}

static void a_group_that_fails_at_its_end_is_lost_as_a_whole(void **state)
{
    (void)state;
    bool duplicate;
    assert_int_equal(store_group_begin(store), ERR_NONE);
    for (uint8_t i = 0; i < 3; i++) {
        struct event event = message(i);
        assert_int_equal(append(&event, &duplicate), ERR_NONE);
    }
    sync_result = SQLITE_IOERR_FSYNC;
    assert_int_equal(store_group_end(store), ERR_IO);
    sync_result = SQLITE_OK;
    assert_stored(0);

    struct event event = message(1);
    assert_int_equal(append(&event, &duplicate), ERR_NONE);
    assert_false(duplicate);
    assert_stored(1);
}

/* So much that SQLite writes before the commit, fails, and undoes the whole group by itself. */
static void a_group_that_fails_before_its_end_is_lost_as_a_whole(void **state)
{
    (void)state;
    static char text[EVENT_TEXT_MAX];
    memset(text, 'x', sizeof(text));
    bool duplicate;
    enum err err = ERR_NONE;
    assert_int_equal(store_group_begin(store), ERR_NONE);
    write_result = SQLITE_FULL;
    unsigned sent = 0;
    while (err == ERR_NONE && sent < 4000) {
        struct event event = message(0);
        memcpy(event.cmid, &sent, sizeof(sent));
        event.text = slice_from(text, sizeof(text));
        err = append(&event, &duplicate);
        sent++;
    }
    write_result = SQLITE_OK;
    assert_int_equal(err, ERR_DISK_FULL);
    assert_true(sent > 100);

    /* There is room again, but what came before is gone: the group must not go on without it. */
    struct event event = message(9);
    assert_int_equal(append(&event, &duplicate), ERR_DISK_FULL);
    assert_int_equal(store_group_end(store), ERR_DISK_FULL);
    assert_stored(0);
    assert_int_equal(append(&event, &duplicate), ERR_NONE);
    assert_stored(1);
}

static void a_handle_closed_inside_a_group_stores_nothing(void **state)
{
    (void)state;
    bool duplicate;
    struct event event = message(1);
    assert_int_equal(store_group_begin(store), ERR_NONE);
    assert_int_equal(append(&event, &duplicate), ERR_NONE);
    store_close(store);
    assert_int_equal(store_open(url, &store), ERR_NONE);
    assert_stored(0);
    assert_int_equal(store_check(store), ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_sync_that_fails_is_no_success, setup, teardown),
        cmocka_unit_test_setup_teardown(a_write_that_fails_is_no_success, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_said_to_be_full, setup, teardown),
        cmocka_unit_test_setup_teardown(a_group_that_fails_at_its_end_is_lost_as_a_whole, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_group_that_fails_before_its_end_is_lost_as_a_whole, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_handle_closed_inside_a_group_stores_nothing, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, setup_vfs, NULL);
}
