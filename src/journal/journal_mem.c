/*
 * A journal that keeps events' places in memory only, for tests of what stands above it: any
 * channel exists, and nothing is durable. Everything happens inside journal_append(), under one
 * lock.
 */

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "journal/journal_driver.h"

struct head {
    uint64_t last_seq;
    uint64_t last_n;
    struct placed *placed; /* newest first */
};

/* What was given to a cmid. */
struct placed {
    struct placed *older;
    struct event event; /* without its text */
};

struct journal_mem {
    struct journal base;
    struct journal_options options;
    pthread_mutex_t lock;
    struct map heads; /* channel -> struct head */
    struct journal_stats stats;
};

static struct journal_mem *mem_of(struct journal *journal)
{
    assert(journal->driver == &journal_driver_mem);
    return (struct journal_mem *)journal;
}

static struct head *head_of(struct journal_mem *journal, uint64_t channel)
{
    struct head *head = map_get(&journal->heads, channel);
    if (head == NULL) {
        head = mem_zalloc(sizeof(*head));
        map_put(&journal->heads, channel, head);
    }
    return head;
}

static const struct placed *find(const struct head *head, const struct event *event)
{
    for (const struct placed *placed = head->placed; placed != NULL; placed = placed->older) {
        if (placed->event.sender == event->sender &&
            memcmp(placed->event.cmid, event->cmid, UUID_BYTES) == 0)
            return placed;
    }
    return NULL;
}

static void place(struct journal_mem *journal, struct head *head, struct event *event)
{
    event->prev = head->last_seq;
    event->seq = ++head->last_seq;
    head->last_n += event_counts(event->kind) ? 1 : 0;
    event->n = head->last_n;
    event->ts_us = clock_wall_us();

    struct placed *placed = mem_alloc(sizeof(*placed));
    *placed = (struct placed){head->placed, *event};
    placed->event.text = SLICE_EMPTY;
    head->placed = placed;

    const struct event *committed = event;
    journal->options.on_commit(&committed, 1, journal->options.on_commit_arg);
    journal->stats.events++;
    journal->stats.batches++;
}

static enum err append(struct journal *base, struct journal_entry *entry)
{
    struct journal_mem *journal = mem_of(base);
    pthread_mutex_lock(&journal->lock);
    struct head *head = head_of(journal, entry->event.channel);
    const struct placed *known = find(head, &entry->event);
    if (known != NULL) {
        const struct slice text = entry->event.text;
        entry->event = known->event;
        entry->event.text = text;
        entry->duplicate = true;
    } else {
        place(journal, head, &entry->event);
    }
    journal_finish(entry); /* inside the lock, so that dones keep the order */
    pthread_mutex_unlock(&journal->lock);
    return ERR_NONE;
}

static enum err mem_open(const char *rest, const struct journal_options *options,
                         struct journal **out)
{
    (void)rest;
    struct journal_mem *journal = mem_zalloc(sizeof(*journal));
    journal->base.driver = &journal_driver_mem;
    journal->options = *options;
    journal->stats.up = true;
    pthread_mutex_init(&journal->lock, NULL);
    *out = &journal->base;
    return ERR_NONE;
}

static void mem_close(struct journal *base)
{
    struct journal_mem *journal = mem_of(base);
    size_t at = 0;
    uint64_t channel;
    void *value;
    while (map_next(&journal->heads, &at, &channel, &value)) {
        struct head *head = value;
        while (head->placed != NULL) {
            struct placed *placed = head->placed;
            head->placed = placed->older;
            mem_free(placed);
        }
        mem_free(head);
    }
    map_fini(&journal->heads);
    pthread_mutex_destroy(&journal->lock);
    mem_free(journal);
}

static void stats(struct journal *base, struct journal_stats *out)
{
    struct journal_mem *journal = mem_of(base);
    pthread_mutex_lock(&journal->lock);
    *out = journal->stats;
    pthread_mutex_unlock(&journal->lock);
}

const struct journal_driver journal_driver_mem = {
    .scheme = "mem",
    .open = mem_open,
    .close = mem_close,
    .append = append,
    .stats = stats,
};
