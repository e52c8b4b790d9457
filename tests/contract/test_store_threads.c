/* What every driver of the store promises to several threads at once. */

#include "store_workers.h"

#include "base/hash.h"

#define THREADS 4u

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

static void threads_may_open_a_new_store_at_once(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    store_close(f->other);
    f->store = f->other = NULL;
    for (unsigned round = 0; round < 5; round++) {
        if (suite_driver == SUITE_SQLITE) {
            char path[128];
            snprintf(path, sizeof(path), "%s/store.db", f->dir);
            assert_int_equal(unlink(path), 0);
        }
        struct worker workers[THREADS];
        start_all(workers, f, NULL, open_and_check);
        join_all(workers);
    }
}

/* ---- read markers ---- */

#define MARKS 60u

static void *mark_up_and_down(void *arg)
{
    const struct worker *worker = arg;
    struct store *store = NULL;
    struct arena arena = {0};
    must(store_open(worker->url, &store));
    uint64_t seen = 0;
    for (unsigned i = 0; i < MARKS; i++) {
        struct channel channel;
        const uint64_t seq = (i ^ worker->number) + 1;
        must(store_mark_read(store, worker->channels[0], 1, seq, &arena, &channel));
        if (channel.read_seq < seq || channel.read_seq < seen || channel.read_n != channel.read_seq)
            abort();
        seen = channel.read_seq;
    }
    arena_fini(&arena);
    store_close(store);
    return NULL;
}

static void threads_never_move_a_marker_back(void **state)
{
    struct fixture *f = *state;
    const uint64_t ada = new_user(f, "ada");
    assert_int_equal(ada, 1);
    const uint64_t channel = new_channel(f, "general");
    assert_ok(store_member_add(f->store, channel, ada, NOW_US));
    for (unsigned i = 0; i < MARKS + THREADS; i++)
        assert_int_equal(say(f, channel, "hello"), i + 1);
    struct worker workers[THREADS];
    start_all(workers, f, &channel, mark_up_and_down);
    uint64_t last = 0;
    for (unsigned i = 0; i < 2000; i++) {
        const uint64_t seen = get_channel(f, channel, ada).read_seq;
        assert_true(seen >= last);
        last = seen;
    }
    join_all(workers);
    assert_int_equal(get_channel(f, channel, ada).read_seq, MARKS);
}

/* ---- taking turns ---- */

#define TURNS 400u

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

    for (unsigned i = 0; i < TURNS; i++)
        say(f, channel, "me too");
    busy_stop(&busy);
    pthread_join(thread, NULL);
    pthread_cond_destroy(&busy.began);
    pthread_mutex_destroy(&busy.mutex);
    /* In turns it is about one batch for each write; by luck it would be ten or a hundred. */
    if (suite_driver == SUITE_SQLITE)
        assert_true(busy.batches < 2 * TURNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(threads_keep_one_chain_per_channel),
        suite_test(threads_make_a_direct_channel_once),
        suite_test(threads_may_open_a_new_store_at_once),
        suite_test(threads_never_move_a_marker_back),
        suite_test(a_busy_writer_lets_others_write),
    };
    return suite_run(tests);
}
