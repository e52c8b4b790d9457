#ifndef CONTRACT_STORE_WORKERS_H
#define CONTRACT_STORE_WORKERS_H

/* What the suites of the store share that work on it from several threads or processes. */

#include <pthread.h>

#include "store_suite.h"

#define CHANNELS 3u
#define BATCHES 12u
#define BATCH 50u

/* The asserts of cmocka belong to the main thread; the others just stop. */
static inline void must(enum err err)
{
    if (err != ERR_NONE) {
        fprintf(stderr, "a thread got the error %s\n", err_name(err));
        abort();
    }
}

struct worker {
    pthread_t thread;
    unsigned number;
    const char *url;
    const uint64_t *channels;
    uint64_t direct;
    bool created;
};

/* Every second event is one that the other threads send as well. */
static inline struct event worker_event(const struct worker *worker, unsigned batch, unsigned i)
{
    const bool shared = i % 2 == 0;
    struct event event = {
        .kind = i % 5 == 0 ? EVENT_JOIN : EVENT_MESSAGE,
        .channel = worker->channels[(batch + i) % CHANNELS],
        .sender = shared ? 99 : worker->number + 1,
        .ts_us = NOW_US,
        .text = i % 5 == 0 ? SLICE_EMPTY : SLICE("hello"),
    };
    const uint64_t id = batch * BATCH + i;
    memcpy(event.cmid, &id, sizeof(id));
    return event;
}

static inline void send_batch(struct store *store, const struct worker *worker, unsigned batch)
{
    struct event events[BATCH];
    struct store_append items[BATCH];
    for (unsigned i = 0; i < BATCH; i++) {
        events[i] = worker_event(worker, batch, i);
        items[i] = (struct store_append){.event = &events[i]};
    }
    must(store_append(store, items, BATCH));
    for (unsigned i = 0; i < BATCH; i++)
        must(items[i].result);
}

/* In order, without holes, and as far as the page's own word for the end. */
static inline bool history_valid(const struct store_page *page)
{
    uint64_t prev = 0;
    uint64_t n = 0;
    for (size_t i = 0; i < page->count; i++) {
        const struct event *event = &page->items[i];
        n += event_counts(event->kind) ? 1 : 0;
        if (event->prev != prev || event->seq <= prev || event->n != n)
            return false;
        prev = event->seq;
    }
    return prev == page->last_seq && !page->more_after;
}

static inline void *open_and_check(void *arg)
{
    const struct worker *worker = arg;
    struct store *store = NULL;
    must(store_open(worker->url, &store));
    must(store_check(store));
    store_close(store);
    return NULL;
}

#endif
