#ifndef CONTRACT_STORE_SUITE_H
#define CONTRACT_STORE_SUITE_H

/*
 * What the suites of the store share: each test gets two handles to a fresh database, and each
 * suite runs once per driver: memory and SQLite, or, where tests/support/with_postgres.py has
 * started servers, PostgreSQL.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/store.h"
#include "store_suite_pg.h"

#define NOW_US 1790000000000000
#define BYTES_MANY ((size_t)1 << 30)

struct fixture {
    char dir[64];
    char url[160];
    struct store *store;
    struct store *other; /* a second handle to the same database */
    struct arena arena;
};

#define SUITE_MEM 1u
#define SUITE_SQLITE 2u
#define SUITE_PG 4u

static unsigned suite_driver; /* which one the suite runs on now */

static inline int suite_setup(void **state)
{
    static unsigned count;
    struct fixture *f = mem_zalloc(sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/parley-store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    if (suite_driver == SUITE_PG)
        suite_pg_fresh();
    if (suite_driver == SUITE_PG)
        snprintf(f->url, sizeof(f->url), "pg:%s", suite_pg_directory());
    else if (suite_driver == SUITE_SQLITE)
        snprintf(f->url, sizeof(f->url), "sqlite:%s/store.db", f->dir);
    else
        snprintf(f->url, sizeof(f->url), "mem:suite-%u", ++count);
    assert_ok(store_open(f->url, &f->store));
    assert_ok(store_open(f->url, &f->other));
    *state = f;
    return 0;
}

static inline int suite_teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    store_close(f->other);
    arena_fini(&f->arena);

    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/store.db%s", f->dir, suffixes[i]);
        unlink(path);
    }
    rmdir(f->dir);
    mem_free(f);
    return 0;
}

#define suite_test(test) cmocka_unit_test_setup_teardown(test, suite_setup, suite_teardown)

/* Run `tests` on those of `drivers` that this run is about; the number of failures. */
static inline int suite_run_on(unsigned drivers, const struct CMUnitTest *tests, size_t count)
{
    static const char *const names[] = {
        [SUITE_MEM] = "mem", [SUITE_SQLITE] = "sqlite", [SUITE_PG] = "pg"};
    int failed = 0;
    drivers &= suite_pg_directory() != NULL ? SUITE_PG : SUITE_MEM | SUITE_SQLITE;
    for (suite_driver = SUITE_MEM; suite_driver <= SUITE_PG; suite_driver *= 2) {
        if ((drivers & suite_driver) != 0)
            failed += _cmocka_run_group_tests(names[suite_driver], tests, count, NULL, NULL);
    }
    return failed;
}

#define suite_run_only(drivers, tests)                                                             \
    suite_run_on(drivers, tests, sizeof(tests) / sizeof((tests)[0]))
#define suite_run(tests) suite_run_only(SUITE_MEM | SUITE_SQLITE | SUITE_PG, tests)

/* ---- things to work with ---- */

static inline uint64_t new_user(struct fixture *f, const char *name)
{
    uint64_t id = 0;
    assert_ok(
        store_user_create(f->store, slice_str(name), SLICE("Somebody"), SLICE_EMPTY, NOW_US, &id));
    return id;
}

static inline uint64_t new_channel(struct fixture *f, const char *name)
{
    uint64_t id = 0;
    assert_ok(store_channel_create(f->store, slice_str(name), SLICE_EMPTY, 0, NOW_US, &id));
    return id;
}

static inline struct channel get_channel(struct fixture *f, uint64_t id, uint64_t viewer)
{
    struct channel channel;
    assert_ok(store_channel_get(f->store, id, viewer, &f->arena, &channel));
    return channel;
}

/* A message that nobody has sent before. */
static inline struct event new_message(uint64_t channel, uint64_t sender, struct slice text)
{
    static uint64_t count;
    struct event event = {
        .kind = EVENT_MESSAGE,
        .channel = channel,
        .sender = sender,
        .ts_us = NOW_US,
        .text = text,
    };
    count++;
    memcpy(event.cmid + 8, &count, sizeof(count));
    return event;
}

static inline struct store_append append_event(struct store *store, struct event *event)
{
    struct store_append item = {.event = event};
    assert_ok(store_append(store, &item, 1));
    return item;
}

/* Append a message; its seq. */
static inline uint64_t say(struct fixture *f, uint64_t channel, const char *text)
{
    struct event event = new_message(channel, 1, slice_str(text));
    const struct store_append item = append_event(f->store, &event);
    assert_ok(item.result);
    assert_false(item.duplicate);
    return event.seq;
}

/* Append an event without text; its seq. */
static inline uint64_t note_kind(struct fixture *f, uint64_t channel, enum event_kind kind)
{
    struct event event = new_message(channel, 1, SLICE_EMPTY);
    event.kind = kind;
    assert_ok(append_event(f->store, &event).result);
    return event.seq;
}

static inline struct store_page get_page(struct store *store, struct arena *arena, uint64_t channel,
                                         struct store_range range)
{
    struct store_page page;
    assert_ok(store_page(store, channel, range, arena, &page));
    return page;
}

/* The whole history of a channel of at most a page. */
static inline struct store_page get_history(struct store *store, struct arena *arena,
                                            uint64_t channel)
{
    const struct store_range all = {STORE_AFTER, 0, STORE_PAGE_MAX, BYTES_MANY};
    return get_page(store, arena, channel, all);
}

#endif
