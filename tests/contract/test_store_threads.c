/* What every driver of the store promises to several threads and processes at once. */

#include "store_suite.h"

#include <pthread.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/hash.h"

#define THREADS 4u
#define CHANNELS 3u
#define BATCHES 12u
#define BATCH 50u

/* The asserts of cmocka belong to the main thread; the others just stop. */
static void must(enum err err)
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

static void start_all(struct worker *workers, struct fixture *f, const uint64_t *channels,
                      void *(*run)(void *))
{
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.number = i, .url = f->url, .channels = channels};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
    }
}

static void join_all(struct worker *workers)
{
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
}

/* ---- appending together ---- */

/* Every second event is one that the other threads send as well. */
static struct event worker_event(const struct worker *worker, unsigned batch, unsigned i)
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

static void send_batch(struct store *store, const struct worker *worker, unsigned batch)
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
static bool history_valid(const struct store_page *page)
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

static void *append_and_read(void *arg)
{
    const struct worker *worker = arg;
    struct store *store = NULL;
    must(store_open(worker->url, &store));
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        send_batch(store, worker, batch);
        struct arena arena = {0};
        const struct store_range all = {STORE_AFTER, 0, STORE_PAGE_MAX, BYTES_MANY};
        struct store_page page;
        must(store_page(store, worker->channels[batch % CHANNELS], all, &arena, &page));
        if (!history_valid(&page))
            abort();
        arena_fini(&arena);
    }
    store_close(store);
    return NULL;
}

static void threads_keep_one_chain_per_channel(void **state)
{
    struct fixture *f = *state;
    const uint64_t channels[CHANNELS] = {new_channel(f, "a"), new_channel(f, "b"),
                                         new_channel(f, "c")};
    struct worker workers[THREADS];
    start_all(workers, f, channels, append_and_read);
    join_all(workers);

    size_t count = 0;
    for (size_t i = 0; i < CHANNELS; i++) {
        const struct store_page page = get_history(f->store, &f->arena, channels[i]);
        assert_true(history_valid(&page));
        const struct channel seen = get_channel(f, channels[i], 0);
        assert_int_equal(seen.last_seq, page.last_seq);
        assert_int_equal(seen.last_n, page.items[page.count - 1].n);
        count += page.count;
    }
    /* Half of them once per thread, the other half once in all. */
    assert_int_equal(count, BATCHES * BATCH / 2 * (THREADS + 1));
}

/* ---- making the same thing together ---- */

static void *open_direct(void *arg)
{
    struct worker *worker = arg;
    static const uint64_t users[] = {1, 2};
    struct store *store = NULL;
    must(store_open(worker->url, &store));
    must(store_direct_open(store, users, 2, NOW_US, &worker->direct, &worker->created));
    store_close(store);
    return NULL;
}

static void threads_make_a_direct_channel_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(new_user(f, "ada"), 1);
    assert_int_equal(new_user(f, "bob"), 2);
    struct worker workers[THREADS];
    start_all(workers, f, NULL, open_direct);
    join_all(workers);
    unsigned created = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(workers[i].direct, workers[0].direct);
        created += workers[i].created ? 1 : 0;
    }
    assert_int_equal(created, 1);
}

static void *open_and_check(void *arg)
{
    const struct worker *worker = arg;
    struct store *store = NULL;
    must(store_open(worker->url, &store));
    must(store_check(store));
    store_close(store);
    return NULL;
}

static void threads_may_open_a_new_store_at_once(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    store_close(f->other);
    f->store = f->other = NULL;
    for (unsigned round = 0; round < 5; round++) {
        if (suite_sqlite) {
            char path[128];
            snprintf(path, sizeof(path), "%s/store.db", f->dir);
            assert_int_equal(unlink(path), 0);
        }
        struct worker workers[THREADS];
        start_all(workers, f, NULL, open_and_check);
        join_all(workers);
    }
}

/* ---- taking turns ---- */

struct busy {
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t began;
    unsigned batches;
    bool stop;

    const char *url;
    uint64_t channel;
};

/* After each batch; false when it was the last one. */
static bool busy_goes_on(struct busy *busy)
{
    pthread_mutex_lock(&busy->mutex);
    const bool stop = busy->stop;
    busy->batches++;
    pthread_cond_signal(&busy->began);
    pthread_mutex_unlock(&busy->mutex);
    return !stop;
}

static void busy_wait_begin(struct busy *busy)
{
    pthread_mutex_lock(&busy->mutex);
    while (busy->batches == 0)
        pthread_cond_wait(&busy->began, &busy->mutex);
    pthread_mutex_unlock(&busy->mutex);
}

static void busy_stop(struct busy *busy)
{
    pthread_mutex_lock(&busy->mutex);
    busy->stop = true;
    pthread_mutex_unlock(&busy->mutex);
}

/* Commit without a pause, as the journal does under load. */
static void *append_all_the_time(void *arg)
{
    struct busy *busy = arg;
    struct store *store = NULL;
    must(store_open(busy->url, &store));
    uint64_t id = 0;
    do {
        struct event events[BATCH];
        struct store_append items[BATCH];
        for (unsigned i = 0; i < BATCH; i++) {
            events[i] = (struct event){EVENT_MESSAGE, .channel = busy->channel, .sender = 5};
            events[i].text = SLICE("hello");
            id++;
            memcpy(events[i].cmid, &(uint64_t){hash_mix64(id)}, sizeof(id));
            items[i] = (struct store_append){.event = &events[i]};
        }
        must(store_append(store, items, BATCH));
    } while (busy_goes_on(busy));
    store_close(store);
    return NULL;
}

static void a_busy_writer_lets_others_write(void **state)
{
    struct fixture *f = *state;
    struct busy busy = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .url = f->url};
    busy.channel = new_channel(f, "busy");
    const uint64_t channel = new_channel(f, "general");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, append_all_the_time, &busy), 0);
    busy_wait_begin(&busy);

    const uint64_t begin_ns = clock_mono_ns();
    for (unsigned i = 0; i < 50; i++)
        say(f, channel, "me too");
    const uint64_t took_ms = (clock_mono_ns() - begin_ns) / 1000000;

    busy_stop(&busy);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&busy.began);
    pthread_mutex_destroy(&busy.mutex);
    assert_true(took_ms < 5000); /* each waits for one batch, not for luck */
}

/* ---- processes ---- */

static void run_process(struct fixture *f, const uint64_t *channels, unsigned number)
{
    const struct worker worker = {.number = number, .url = f->url, .channels = channels};
    struct store *store = NULL;
    must(store_open(worker.url, &store));
    for (unsigned batch = 0; batch < BATCHES; batch++)
        send_batch(store, &worker, batch);
    store_close(store);
    _exit(0);
}

static void wait_processes(const pid_t *pids, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int status = 0;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

static void processes_may_open_a_new_store_at_once(void **state)
{
    struct fixture *f = *state;
    if (!suite_sqlite)
        skip(); /* memory is one process's */
    store_close(f->store);
    store_close(f->other);
    f->store = f->other = NULL;
    for (unsigned round = 0; round < 5; round++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/store.db", f->dir);
        assert_int_equal(unlink(path), 0);
        pid_t pids[3];
        for (unsigned i = 0; i < 3; i++) {
            struct worker worker = {.url = f->url};
            pids[i] = fork();
            assert_true(pids[i] >= 0);
            if (pids[i] == 0) {
                open_and_check(&worker);
                _exit(0);
            }
        }
        wait_processes(pids, 3);
    }
}

static void processes_keep_one_chain_per_channel(void **state)
{
    struct fixture *f = *state;
    if (!suite_sqlite)
        skip(); /* memory is one process's */
    const uint64_t channels[CHANNELS] = {new_channel(f, "a"), new_channel(f, "b"),
                                         new_channel(f, "c")};
    /* A file that is open in two processes must not have been opened before the fork. */
    store_close(f->store);
    store_close(f->other);
    f->store = f->other = NULL;
    pid_t pids[3];
    for (unsigned i = 0; i < 3; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            run_process(f, channels, i);
    }
    wait_processes(pids, 3);

    assert_ok(store_open(f->url, &f->store));
    size_t count = 0;
    for (size_t i = 0; i < CHANNELS; i++) {
        const struct store_page page = get_history(f->store, &f->arena, channels[i]);
        assert_true(history_valid(&page));
        count += page.count;
    }
    assert_int_equal(count, BATCHES * BATCH / 2 * (3 + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(threads_keep_one_chain_per_channel),
        suite_test(threads_make_a_direct_channel_once),
        suite_test(threads_may_open_a_new_store_at_once),
        suite_test(a_busy_writer_lets_others_write),
        suite_test(processes_may_open_a_new_store_at_once),
        suite_test(processes_keep_one_chain_per_channel),
    };
    return suite_run(tests);
}
