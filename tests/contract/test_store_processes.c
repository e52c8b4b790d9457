/* What a store that outlives its process promises to several of them at once. */

#include "store_workers.h"

#include <signal.h>
#include <sys/wait.h>

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

/* Append without end; each seq goes into the pipe after the store has said that it is stored. */
static void append_until_killed(const char *url, uint64_t channel, uint64_t sender, int pipe_fd)
{
    struct store *store = NULL;
    must(store_open(url, &store));
    for (;;) {
        struct event event = new_message(channel, sender, SLICE("hello"));
        struct store_append item = {.event = &event};
        must(store_append(store, &item, 1));
        if (write(pipe_fd, &event.seq, sizeof(event.seq)) != sizeof(event.seq))
            abort();
    }
}

/* Kill a process in the midst of its appends; the last seq that it was told is stored. */
static uint64_t kill_a_writer(const char *url, uint64_t channel, uint64_t sender)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        append_until_killed(url, channel, sender, fds[1]);
    close(fds[1]);

    uint64_t seq = 0;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(read(fds[0], &seq, sizeof(seq)), sizeof(seq));
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    while (read(fds[0], &seq, sizeof(seq)) == sizeof(seq)) {
    }
    close(fds[0]);
    return seq;
}

static void what_was_stored_outlives_a_killed_process(void **state)
{
    struct fixture *f = *state;
    const uint64_t channel = new_channel(f, "general");
    store_close(f->store);
    store_close(f->other);
    f->store = f->other = NULL;
    uint64_t before = 0;
    for (unsigned round = 1; round <= 5; round++) {
        const uint64_t told = kill_a_writer(f->url, channel, round);
        assert_true(told >= before + 20);
        struct store *store = NULL;
        assert_ok(store_open(f->url, &store));
        const struct store_page page = get_history(store, &f->arena, channel);
        assert_true(history_valid(&page));
        assert_true(page.last_seq >= told);
        before = page.last_seq;
        store_close(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        suite_test(processes_keep_one_chain_per_channel),
        suite_test(what_was_stored_outlives_a_killed_process),
    };
    const struct CMUnitTest file_tests[] = {
        suite_test(processes_may_open_a_new_store_at_once),
    };
    return suite_run_only(SUITE_SQLITE | SUITE_PG, tests) +
           suite_run_only(SUITE_SQLITE, file_tests);
}
