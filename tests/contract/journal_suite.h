#ifndef CONTRACT_JOURNAL_SUITE_H
#define CONTRACT_JOURNAL_SUITE_H

/*
 * What the suites of the journal share. Each runs on "mem:", on "store:" over a store in memory and
 * over SQLite, or, where tests/support/with_backends.py has started the servers, on "fleet:". Each
 * test has CHANNELS channels of its own, with ids behind `base`.
 */

#include "bus_suite.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "journal/journal.h"
#include "store/store.h"

#define CHANNELS 3u
#define COMMITTED_MAX 20000u

enum journal_kind { JOURNAL_MEM, JOURNAL_STORE_MEM, JOURNAL_STORE_SQLITE, JOURNAL_FLEET };

static enum journal_kind suite_kind;

/* What was handed on, in order; the channel without `base`. */
struct commit {
    uint64_t channel;
    uint64_t seq;
    uint8_t cmid[UUID_BYTES];
    size_t text_len;
};

struct fixture {
    char dir[64];
    char store_url[256];
    struct store *store; /* keeps a store in memory alive; NULL with "mem:" */
    uint64_t base;
    struct loop *loop;
    struct bus *bus; /* of a fleet: hears what Redis publishes, on `loop` */
    struct journal *journal;
    size_t queue_max;
    unsigned finished; /* threads of the test that are done, on `loop` */

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct commit *commits; /* under lock */
    size_t commits_len;
    bool held; /* on_commit waits while this is set */
    bool waiting;
};

static inline void note_commit(struct fixture *f, const struct event *event)
{
    struct commit *commit = &f->commits[f->commits_len++];
    assert_true(f->commits_len <= COMMITTED_MAX);
    *commit = (struct commit){
        .channel = event->channel - f->base, .seq = event->seq, .text_len = event->text.len};
    memcpy(commit->cmid, event->cmid, UUID_BYTES);
}

static inline void on_commit(const struct event *const *events, size_t count, void *arg)
{
    struct fixture *f = arg;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < count; i++)
        note_commit(f, events[i]);
    f->waiting = true;
    pthread_cond_broadcast(&f->changed);
    while (f->held)
        pthread_cond_wait(&f->changed, &f->lock);
    f->waiting = false;
    pthread_mutex_unlock(&f->lock);
}

static inline void on_published(struct bus_topic topic, struct bytes *payload, void *arg)
{
    struct event event;
    (void)topic;
    assert_true(event_decode(bytes_slice(payload), &event));
    note_commit(arg, &event);
}

/* All that is done has been handed on. */
static inline void settle_commits(struct fixture *f)
{
    if (suite_kind == JOURNAL_FLEET)
        suite_bus_settle(f->loop, f->bus);
}

static inline size_t commits_len(struct fixture *f)
{
    pthread_mutex_lock(&f->lock);
    const size_t len = f->commits_len;
    pthread_mutex_unlock(&f->lock);
    return len;
}

static inline bool journal_is_up(void *arg)
{
    struct journal_stats stats;
    journal_stats(arg, &stats);
    return stats.up;
}

static inline struct journal_options journal_suite_options(struct fixture *f)
{
    return (struct journal_options){.store_url = f->store_url,
                                    .redis = getenv("PARLEY_REDIS"),
                                    .kafka = getenv("PARLEY_KAFKA"),
                                    .queue_max = f->queue_max,
                                    .on_commit = on_commit,
                                    .on_commit_arg = f};
}

static inline const char *journal_suite_url(void)
{
    return suite_kind == JOURNAL_FLEET ? "fleet:" : suite_kind == JOURNAL_MEM ? "mem:" : "store:";
}

static inline void open_journal(struct fixture *f)
{
    const struct journal_options options = journal_suite_options(f);
    assert_int_equal(journal_open(journal_suite_url(), &options, &f->journal), ERR_NONE);
    run_until(f->loop, journal_is_up, f->journal);
}

static inline void name_store(struct fixture *f)
{
    static unsigned count;
    if (suite_kind == JOURNAL_FLEET)
        snprintf(f->store_url, sizeof(f->store_url), "pg:%s", getenv("PARLEY_PG_DIRECTORY"));
    else if (suite_kind == JOURNAL_STORE_MEM)
        snprintf(f->store_url, sizeof(f->store_url), "mem:journal-%u", ++count);
    else
        snprintf(f->store_url, sizeof(f->store_url), "sqlite:%s/store.db", f->dir);
}

/* Names that no test has had before: the databases of a fleet are there for all of them. */
static inline uint64_t new_channel(struct fixture *f)
{
    static unsigned count;
    char name[32];
    uint64_t id = 0;
    snprintf(name, sizeof(name), "c%u", ++count);
    assert_int_equal(store_channel_create(f->store, slice_str(name), SLICE_EMPTY, 0, 1, &id),
                     ERR_NONE);
    return id;
}

static inline void open_store(struct fixture *f)
{
    name_store(f);
    assert_int_equal(store_open(f->store_url, &f->store), ERR_NONE);
    if (suite_kind == JOURNAL_FLEET)
        assert_int_equal(store_follow(f->store, getenv("PARLEY_REDIS")), ERR_NONE);
    f->base = new_channel(f) - 1;
    for (unsigned i = 1; i < CHANNELS; i++)
        assert_int_equal(new_channel(f), f->base + 1 + i);
}

/* Hear the channels, as edges do. */
static inline void open_bus(struct fixture *f)
{
    f->bus = suite_bus_open(f->loop, suite_redis());
    for (unsigned i = 0; i < CHANNELS; i++) {
        struct bus_sub *sub = NULL;
        const struct bus_topic topic = {BUS_CHANNEL, f->base + 1 + i};
        assert_int_equal(bus_subscribe(f->bus, topic, on_published, f, &sub), ERR_NONE);
    }
    suite_bus_settle(f->loop, f->bus);
}

static inline int journal_setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof(*f));
    f->queue_max = 10000;
    f->commits = mem_zalloc(COMMITTED_MAX * sizeof(*f->commits));
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    snprintf(f->dir, sizeof(f->dir), "/tmp/parley-journal-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    f->loop = loop_create();
    if (suite_kind != JOURNAL_MEM)
        open_store(f);
    if (suite_kind == JOURNAL_FLEET)
        open_bus(f);
    open_journal(f);
    *state = f;
    return 0;
}

static inline int journal_teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct fixture *f = *state;
    journal_close(f->journal);
    bus_close(f->bus);
    run_turns(f->loop, 3);
    store_close(f->store);
    loop_destroy(f->loop);
    for (size_t i = 0; i < COUNT(suffixes); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/store.db%s", f->dir, suffixes[i]);
        unlink(path);
    }
    rmdir(f->dir);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->changed);
    mem_free(f->commits);
    mem_free(f);
    return 0;
}

/* The drivers that this run is about, from..to. */
static inline enum journal_kind first_kind(void)
{
    return suite_redis() != NULL ? JOURNAL_FLEET : JOURNAL_MEM;
}

static inline enum journal_kind last_kind(void)
{
    return suite_redis() != NULL ? JOURNAL_FLEET : JOURNAL_STORE_SQLITE;
}

static const char *const kind_names[] = {"mem", "store over mem", "store over sqlite", "fleet"};

#define journal_test(test) cmocka_unit_test_setup_teardown(test, journal_setup, journal_teardown)

#endif
