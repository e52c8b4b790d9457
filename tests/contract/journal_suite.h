#ifndef CONTRACT_JOURNAL_SUITE_H
#define CONTRACT_JOURNAL_SUITE_H

/*
 * What the suites of the journal share. Each runs on "mem:", and on "store:" over a store in memory
 * and over SQLite. Channels 1 to 3 and user 1 exist.
 */

#include "../support/loop_suite.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "journal/journal.h"
#include "store/store.h"

#define CHANNELS 3u
#define COMMITTED_MAX 20000u

enum journal_kind { JOURNAL_MEM, JOURNAL_STORE_MEM, JOURNAL_STORE_SQLITE };

static enum journal_kind suite_kind;

/* What was given to on_commit, in order. */
struct commit {
    uint64_t channel;
    uint64_t seq;
    uint8_t cmid[UUID_BYTES];
    size_t text_len;
};

struct fixture {
    char dir[64];
    char store_url[128];
    struct store *store; /* keeps a store in memory alive; NULL with "mem:" */
    struct loop *loop;
    struct journal *journal;
    size_t queue_max;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct commit *commits; /* under lock */
    size_t commits_len;
    bool held; /* on_commit waits while this is set */
    bool waiting;
};

static inline void on_commit(const struct event *const *events, size_t count, void *arg)
{
    struct fixture *f = arg;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < count; i++) {
        struct commit *commit = &f->commits[f->commits_len++];
        assert_true(f->commits_len <= COMMITTED_MAX);
        *commit = (struct commit){
            .channel = events[i]->channel, .seq = events[i]->seq, .text_len = events[i]->text.len};
        memcpy(commit->cmid, events[i]->cmid, UUID_BYTES);
    }
    f->waiting = true;
    pthread_cond_broadcast(&f->changed);
    while (f->held)
        pthread_cond_wait(&f->changed, &f->lock);
    f->waiting = false;
    pthread_mutex_unlock(&f->lock);
}

static inline size_t commits_len(struct fixture *f)
{
    pthread_mutex_lock(&f->lock);
    const size_t len = f->commits_len;
    pthread_mutex_unlock(&f->lock);
    return len;
}

static inline void open_journal(struct fixture *f)
{
    const struct journal_options options = {.store_url = f->store_url,
                                            .queue_max = f->queue_max,
                                            .on_commit = on_commit,
                                            .on_commit_arg = f};
    const char *url = suite_kind == JOURNAL_MEM ? "mem:" : "store:";
    assert_int_equal(journal_open(url, &options, &f->journal), ERR_NONE);
}

static inline void open_store(struct fixture *f)
{
    static unsigned count;
    if (suite_kind == JOURNAL_STORE_MEM)
        snprintf(f->store_url, sizeof(f->store_url), "mem:journal-%u", ++count);
    else
        snprintf(f->store_url, sizeof(f->store_url), "sqlite:%s/store.db", f->dir);
    assert_int_equal(store_open(f->store_url, &f->store), ERR_NONE);
    uint64_t id = 0;
    assert_int_equal(store_user_create(f->store, SLICE("ada"), SLICE("Ada"), SLICE_EMPTY, 1, &id),
                     ERR_NONE);
    for (unsigned i = 0; i < CHANNELS; i++) {
        const char name[] = {'c', (char)('1' + i), '\0'};
        assert_int_equal(store_channel_create(f->store, slice_str(name), SLICE_EMPTY, 0, 1, &id),
                         ERR_NONE);
        assert_int_equal(id, i + 1);
    }
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
    open_journal(f);
    *state = f;
    return 0;
}

static inline int journal_teardown(void **state)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    struct fixture *f = *state;
    journal_close(f->journal);
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

#define journal_test(test) cmocka_unit_test_setup_teardown(test, journal_setup, journal_teardown)

#endif
