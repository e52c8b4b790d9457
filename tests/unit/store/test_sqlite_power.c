/*
 * What is left of the SQLite store after the power goes: a VFS keeps what was synced apart from
 * what was only written, and makes the files that a disk could have after a cut - all that was
 * synced, and of the rest any sectors or none.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "store/store.h"

#define CUTS 60u
#define APPENDS_MAX 40u /* between two cuts */
#define BATCH_MAX 4u
#define SECTOR 512u
#define NEVER UINT32_MAX

/* ---- a disk ---- */

/* Something that was done to a file and not synced yet. */
struct change {
    sqlite3_int64 at;
    struct buf data;
    bool truncates; /* to `at` */
};

enum { DATABASE, LOG, FILES };

static struct disk_file {
    struct buf durable;
    struct change *changes;
    size_t changes_len;
    size_t changes_cap;
} disk[FILES];

static uint32_t random_state;
static uint32_t steps_left; /* of writing and syncing, until the power goes */
static bool only_database;  /* count only what is done to the database itself */
static bool is_cut;
static struct buf left[FILES]; /* what a reader finds after the cut */

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)random_state * limit) >> 32);
}

static void put(struct buf *content, sqlite3_int64 at, struct slice data)
{
    const size_t end = (size_t)at + data.len;
    while (content->len < end) {
        const size_t more = end - content->len;
        memset(buf_room(content, more), 0, more);
        buf_grown(content, more);
    }
    memcpy(content->ptr + at, data.ptr, data.len);
}

static void apply(struct buf *content, const struct change *change)
{
    if (!change->truncates)
        put(content, change->at, buf_slice(&change->data));
    else if (content->len > (size_t)change->at)
        content->len = (size_t)change->at;
}

/* Some sectors of what was written reached the disk, others did not. */
static void apply_some(struct buf *content, const struct change *change)
{
    if (change->truncates) {
        if (random_below(2) == 0)
            apply(content, change);
        return;
    }
    const struct slice data = buf_slice(&change->data);
    for (size_t at = 0; at < data.len; at += SECTOR) {
        const size_t len = data.len - at < SECTOR ? data.len - at : SECTOR;
        if (random_below(2) == 0)
            put(content, change->at + (sqlite3_int64)at, slice_from(data.ptr + at, len));
    }
}

static void cut(void)
{
    const uint32_t luck = random_below(3); /* nothing, everything or some of it */
    is_cut = true;
    for (size_t i = 0; i < FILES; i++) {
        buf_clear(&left[i]);
        buf_append(&left[i], buf_slice(&disk[i].durable));
        for (size_t j = 0; luck != 0 && j < disk[i].changes_len; j++) {
            if (luck == 1)
                apply(&left[i], &disk[i].changes[j]);
            else
                apply_some(&left[i], &disk[i].changes[j]);
        }
    }
}

static void step(size_t file)
{
    if (is_cut || (only_database && file != DATABASE))
        return;
    if (steps_left-- == 0)
        cut();
}

static void forget_changes(struct disk_file *file)
{
    for (size_t i = 0; i < file->changes_len; i++)
        buf_fini(&file->changes[i].data);
    file->changes_len = 0;
}

static void note(size_t which, sqlite3_int64 at, struct slice data, bool truncates)
{
    struct disk_file *file = &disk[which];
    if (file->changes_len == file->changes_cap) {
        file->changes_cap = file->changes_cap == 0 ? 64 : file->changes_cap * 2;
        file->changes = mem_realloc_array(file->changes, file->changes_cap, sizeof(*file->changes));
    }
    struct change *change = &file->changes[file->changes_len++];
    *change = (struct change){.at = at, .truncates = truncates};
    buf_append(&change->data, data);
    step(which);
}

/* ---- the VFS ---- */

static sqlite3_vfs vfs;
static const sqlite3_vfs *real_vfs;
static const sqlite3_io_methods *real_methods;
static sqlite3_io_methods methods[FILES];

static size_t which_file(const sqlite3_file *file)
{
    return file->pMethods == &methods[LOG] ? LOG : DATABASE;
}

static int on_write(sqlite3_file *file, const void *data, int len, sqlite3_int64 at)
{
    note(which_file(file), at, slice_from(data, (size_t)len), false);
    return real_methods->xWrite(file, data, len, at);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    note(which_file(file), size, SLICE_EMPTY, true);
    return real_methods->xTruncate(file, size);
}

static int on_sync(sqlite3_file *file, int flags)
{
    struct disk_file *synced = &disk[which_file(file)];
    step(which_file(file));
    for (size_t i = 0; i < synced->changes_len; i++)
        apply(&synced->durable, &synced->changes[i]);
    forget_changes(synced);
    return real_methods->xSync(file, flags);
}

static int open_file(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags,
                     int *out_flags)
{
    (void)self;
    const int code =
        real_vfs->xOpen((sqlite3_vfs *)(uintptr_t)real_vfs, name, file, flags, out_flags);
    if (code != SQLITE_OK || (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) == 0)
        return code;
    sqlite3_io_methods *mine = &methods[(flags & SQLITE_OPEN_WAL) != 0 ? LOG : DATABASE];
    real_methods = file->pMethods;
    *mine = *real_methods;
    mine->xWrite = on_write;
    mine->xTruncate = on_truncate;
    mine->xSync = on_sync;
    file->pMethods = mine;
    return code;
}

/* ---- the files ---- */

static char dir[64];
static char url[128];
static const char *const suffixes[FILES] = {"", "-wal"};

static void path_of(char path[128], const char *suffix)
{
    snprintf(path, 128, "%s/store.db%s", dir, suffix);
}

static void remove_files(void)
{
    static const char *const all[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        path_of(path, all[i]);
        unlink(path);
    }
}

/* Where the disk's contents stand now is what the next round begins with. */
static void write_files(void)
{
    remove_files();
    for (size_t i = 0; i < FILES; i++) {
        char path[128];
        path_of(path, suffixes[i]);
        forget_changes(&disk[i]);
        buf_clear(&disk[i].durable);
        buf_append(&disk[i].durable, buf_slice(&left[i]));
        if (left[i].len == 0)
            continue;
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        assert_int_equal(fwrite(left[i].ptr, 1, left[i].len, file), left[i].len);
        assert_int_equal(fclose(file), 0);
    }
}

/* ---- messages ---- */

static char text[EVENT_TEXT_MAX];
static uint64_t channel;
static uint32_t next_number; /* of the messages: in their cmid */

/* What was acknowledged, by number: its seq. */
static uint64_t acked[CUTS * APPENDS_MAX * BATCH_MAX];

static struct event message(uint32_t number)
{
    struct event event = {EVENT_MESSAGE, .channel = channel, .sender = 1, .ts_us = number + 1};
    memcpy(event.cmid, &number, sizeof(number));
    event.text = slice_from(text, 1 + random_below(sizeof(text)));
    return event;
}

/* One commit of some messages; they count as acknowledged when the power is still there after it.
 */
static void append_batch(struct store *store)
{
    struct event events[BATCH_MAX];
    struct store_append items[BATCH_MAX];
    const uint32_t count = 1 + random_below(BATCH_MAX);
    for (uint32_t i = 0; i < count; i++) {
        events[i] = message(next_number + i);
        items[i] = (struct store_append){.event = &events[i]};
    }
    const enum err err = store_append(store, items, count);
    for (uint32_t i = 0; i < count && !is_cut; i++) {
        assert_int_equal(err, ERR_NONE);
        acked[next_number + i] = events[i].seq;
    }
    next_number += count;
}

/* All that was acknowledged is there, at its seq; the chain has no hole. */
static void check_history(struct store *store)
{
    uint64_t after = 0;
    uint64_t found = 0;
    uint64_t expected = 0;
    bool more = true;
    for (uint32_t i = 0; i < next_number; i++)
        expected += acked[i] != 0;
    while (more) {
        struct arena arena = {0};
        struct store_page page;
        const struct store_range range = {STORE_AFTER, after, STORE_PAGE_MAX, SIZE_MAX};
        assert_int_equal(store_page(store, channel, range, &arena, &page), ERR_NONE);
        for (size_t i = 0; i < page.count; i++) {
            const struct event *event = &page.items[i];
            uint32_t number;
            assert_int_equal(event->prev, after);
            after = event->seq;
            memcpy(&number, event->cmid, sizeof(number));
            if (event->kind != EVENT_MESSAGE || acked[number] == 0)
                continue;
            assert_int_equal(event->seq, acked[number]);
            found++;
        }
        more = page.more_after;
        arena_fini(&arena);
    }
    assert_int_equal(found, expected);
}

/* ---- the test ---- */

/* Write until the power goes, in the middle of something or between two commits. */
static void write_until_cut(void)
{
    struct store *store;
    assert_int_equal(store_open(url, &store), ERR_NONE);
    check_history(store);
    is_cut = false;
    /* Now and then only the database counts: then it is its checkpoint that is cut, at the close.
     */
    only_database = random_below(3) == 0;
    const uint32_t often = only_database ? 40 : 400;
    steps_left = random_below(random_below(3) == 0 ? 30 * often : often); /* past a checkpoint */
    for (uint32_t i = 0; i < APPENDS_MAX && !is_cut; i++)
        append_batch(store);
    if (!only_database && !is_cut)
        cut();
    store_close(store);
    if (!is_cut)
        cut();
}

static void nothing_acknowledged_is_lost_when_the_power_goes(void **state)
{
    (void)state;
    struct store *store;
    steps_left = NEVER;
    assert_int_equal(store_open(url, &store), ERR_NONE);
    assert_int_equal(store_channel_create(store, SLICE("c"), SLICE_EMPTY, 0, 1, &channel),
                     ERR_NONE);
    cut();
    store_close(store);
    for (uint32_t round = 0; round < CUTS; round++) {
        write_files();
        write_until_cut();
    }
    write_files();
    assert_int_equal(store_open(url, &store), ERR_NONE);
    check_history(store);
    store_close(store);
}

static int setup(void **state)
{
    (void)state;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "power";
    vfs.xOpen = open_file;
    random_state = 20260101;
    memset(text, 'x', sizeof(text));
    snprintf(dir, sizeof(dir), "/tmp/parley-power-XXXXXX");
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(url, sizeof(url), "sqlite:%s/store.db", dir);
    return sqlite3_vfs_register(&vfs, 1) == SQLITE_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    remove_files();
    rmdir(dir);
    for (size_t i = 0; i < FILES; i++) {
        forget_changes(&disk[i]);
        mem_free(disk[i].changes);
        buf_fini(&disk[i].durable);
        buf_fini(&left[i]);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_acknowledged_is_lost_when_the_power_goes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
