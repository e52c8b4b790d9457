/*
 * The journal of one process: a thread that takes whatever waits, up to a batch, and commits it to
 * the store in one durable step. While a commit is under way the next batch gathers, so the cost of
 * a sync is shared by all that arrive during one.
 *
 * Those who are answered together send their next together, but a little apart. So when the last
 * batches held several entries, the thread waits up to GATHER_NS for as many again; one sender
 * alone never waits.
 */

#include <assert.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "journal/journal_driver.h"
#include "store/store.h"

#define BATCH_MAX 256u
#define GATHER_NS 300000u

struct journal_store {
    struct journal base;
    struct journal_options options;
    struct store *store;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct journal_entry *first; /* all under lock from here */
    struct journal_entry **last;
    bool stopping;
    size_t recent[2]; /* how many the last two batches held */
    struct journal_stats stats;
};

/* What one commit works on; the thread's own. */
struct batch {
    struct journal_entry *entries[BATCH_MAX];
    struct store_append items[BATCH_MAX];
    const struct event *fresh[BATCH_MAX];
    size_t count;
};

static struct journal_store *store_of(struct journal *journal)
{
    assert(journal->driver == &journal_driver_store);
    return (struct journal_store *)journal;
}

/* How many entries are worth waiting for. */
static size_t gather_target(const struct journal_store *journal)
{
    return journal->recent[0] > journal->recent[1] ? journal->recent[0] : journal->recent[1];
}

/* Wait for the first entry, and a moment for the others. */
static void gather(struct journal_store *journal)
{
    while (journal->first == NULL && !journal->stopping)
        pthread_cond_wait(&journal->wake, &journal->lock);
    const uint64_t until_ns = clock_mono_ns() + GATHER_NS;
    const struct timespec until = {(time_t)(until_ns / 1000000000u),
                                   (long)(until_ns % 1000000000u)};
    int rc = 0;
    while (rc == 0 && journal->stats.waiting < gather_target(journal) && !journal->stopping)
        rc = pthread_cond_timedwait(&journal->wake, &journal->lock, &until);
}

/* Wait for entries and take up to a batch; false when the journal ends and nothing waits. */
static bool take(struct journal_store *journal, struct batch *batch)
{
    batch->count = 0;
    pthread_mutex_lock(&journal->lock);
    gather(journal);
    while (journal->first != NULL && batch->count < BATCH_MAX) {
        batch->entries[batch->count++] = journal->first;
        journal->first = journal->first->next;
        journal->stats.waiting--;
    }
    if (journal->first == NULL)
        journal->last = &journal->first;
    journal->recent[1] = journal->recent[0];
    journal->recent[0] = batch->count;
    pthread_mutex_unlock(&journal->lock);
    return batch->count > 0;
}

static void count(struct journal_store *journal, const struct batch *batch, size_t fresh,
                  bool failed)
{
    pthread_mutex_lock(&journal->lock);
    journal->stats.events += fresh;
    journal->stats.batches++;
    journal->stats.failures += failed ? 1 : 0;
    journal->stats.up = !failed;
    for (size_t i = 0; i < batch->count && !failed; i++) {
        /* One step gives the place and makes it durable. */
        const uint64_t age_us = journal_age_us(batch->entries[i]);
        histogram_add(&journal->stats.placed, age_us);
        histogram_add(&journal->stats.durable, age_us);
    }
    pthread_mutex_unlock(&journal->lock);
}

static void commit(struct journal_store *journal, struct batch *batch)
{
    const int64_t now_us = clock_wall_us();
    for (size_t i = 0; i < batch->count; i++) {
        batch->entries[i]->event.ts_us = now_us;
        batch->items[i] = (struct store_append){.event = &batch->entries[i]->event};
    }
    const enum err err = store_append(journal->store, batch->items, batch->count);

    size_t fresh = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct journal_entry *entry = batch->entries[i];
        entry->result = err != ERR_NONE ? err : batch->items[i].result;
        entry->duplicate = batch->items[i].duplicate;
        if (entry->result == ERR_NONE && !entry->duplicate)
            batch->fresh[fresh++] = &entry->event;
    }
    if (fresh > 0)
        journal->options.on_commit(batch->fresh, fresh, journal->options.on_commit_arg);
    count(journal, batch, fresh, err != ERR_NONE);
    for (size_t i = 0; i < batch->count; i++)
        journal_finish(batch->entries[i]);
}

static void *run(void *arg)
{
    struct journal_store *journal = arg;
    struct batch *batch = mem_zalloc(sizeof(*batch));
    while (take(journal, batch))
        commit(journal, batch);
    mem_free(batch);
    return NULL;
}

static enum err store_open_driver(const char *rest, const struct journal_options *options,
                                  struct journal **out)
{
    (void)rest;
    struct journal_store *journal = mem_zalloc(sizeof(*journal));
    journal->base.driver = &journal_driver_store;
    journal->options = *options;
    journal->last = &journal->first;
    journal->stats.up = true;
    const enum err err = store_open(options->store_url, &journal->store);
    if (err != ERR_NONE) {
        mem_free(journal);
        return err;
    }
    pthread_mutex_init(&journal->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&journal->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    const int rc = pthread_create(&journal->thread, NULL, run, journal);
    assert(rc == 0);
    pthread_setname_np(journal->thread, "journal");
    *out = &journal->base;
    return ERR_NONE;
}

static void store_close_driver(struct journal *base)
{
    struct journal_store *journal = store_of(base);
    pthread_mutex_lock(&journal->lock);
    journal->stopping = true;
    pthread_cond_signal(&journal->wake);
    pthread_mutex_unlock(&journal->lock);
    pthread_join(journal->thread, NULL);
    store_close(journal->store);
    pthread_cond_destroy(&journal->wake);
    pthread_mutex_destroy(&journal->lock);
    mem_free(journal);
}

static enum err append(struct journal *base, struct journal_entry *entry)
{
    struct journal_store *journal = store_of(base);
    pthread_mutex_lock(&journal->lock);
    const bool full = journal->stats.waiting >= journal->options.queue_max || journal->stopping;
    if (!full) {
        *journal->last = entry;
        journal->last = &entry->next;
        journal->stats.waiting++;
        if (journal->stats.waiting == 1 || journal->stats.waiting == gather_target(journal))
            pthread_cond_signal(&journal->wake);
    }
    pthread_mutex_unlock(&journal->lock);
    return full ? ERR_UNAVAILABLE : ERR_NONE;
}

static void stats(struct journal *base, struct journal_stats *out)
{
    struct journal_store *journal = store_of(base);
    pthread_mutex_lock(&journal->lock);
    *out = journal->stats;
    pthread_mutex_unlock(&journal->lock);
}

const struct journal_driver journal_driver_store = {
    .scheme = "store",
    .open = store_open_driver,
    .close = store_close_driver,
    .append = append,
    .stats = stats,
};
