/* Pools: work on their threads, done on the loop that asked. */

#include "../../support/loop_suite.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "ev/pool.h"

/* ---- contexts ---- */

struct contexts {
    atomic_uint opened;
    atomic_uint closed;
    unsigned fail_at; /* opening that many fails; 0: none */
};

struct context {
    struct contexts *contexts;
    pthread_t owner;
    bool used;
};

static enum err open_context(void *arg, void **out)
{
    struct contexts *contexts = arg;
    if (atomic_fetch_add(&contexts->opened, 1) + 1 == contexts->fail_at)
        return ERR_DISK_FULL;
    struct context *context = mem_zalloc(sizeof(*context));
    context->contexts = contexts;
    *out = context;
    return ERR_NONE;
}

static void close_context(void *context)
{
    atomic_fetch_add(&((struct context *)context)->contexts->closed, 1);
    mem_free(context);
}

/* ---- jobs ---- */

struct work {
    struct job job;
    struct loop *loop;
    pthread_t submitter;
    unsigned *left; /* the loop stops when the last is done */
    unsigned works;
    unsigned dones;
    bool on_wrong_thread;
    bool shared_context; /* another thread had the same one */
};

static void work_on_it(struct job *job, void *arg)
{
    struct work *work = LIST_ITEM(job, struct work, job);
    struct context *context = arg;
    work->works++;
    work->on_wrong_thread = pthread_equal(pthread_self(), work->submitter) != 0;
    if (context == NULL)
        return;
    if (!context->used)
        context->owner = pthread_self();
    else if (pthread_equal(context->owner, pthread_self()) == 0)
        work->shared_context = true;
    context->used = true;
}

static void done_with_it(struct job *job)
{
    struct work *work = LIST_ITEM(job, struct work, job);
    work->dones++;
    if (pthread_equal(pthread_self(), work->submitter) == 0)
        work->on_wrong_thread = true;
    if (--*work->left == 0)
        loop_stop(work->loop);
}

static struct pool *new_pool(unsigned threads, size_t queue_max, struct contexts *contexts)
{
    const struct pool_options options = {
        .name = "test",
        .threads = threads,
        .queue_max = queue_max,
        .open = contexts == NULL ? NULL : open_context,
        .close = contexts == NULL ? NULL : close_context,
        .arg = contexts,
    };
    struct pool *pool = NULL;
    assert_int_equal(pool_create(&options, &pool), ERR_NONE);
    return pool;
}

static void submit_all(struct pool *pool, struct loop *loop, struct work *works, unsigned count,
                       unsigned *left)
{
    *left = count;
    for (unsigned i = 0; i < count; i++) {
        works[i] = (struct work){.loop = loop, .submitter = pthread_self(), .left = left};
        assert_int_equal(pool_submit(pool, loop, &works[i].job, work_on_it, done_with_it),
                         ERR_NONE);
        assert_int_equal(works[i].dones, 0); /* never from inside the call */
    }
}

static void check_all(const struct work *works, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(works[i].works, 1);
        assert_int_equal(works[i].dones, 1);
        assert_false(works[i].on_wrong_thread);
        assert_false(works[i].shared_context);
    }
}

static void each_job_works_on_a_thread_and_is_done_once_on_its_loop(void **state)
{
    enum { JOBS = 2000 };
    struct contexts contexts = {0};
    struct loop *loop = loop_create();
    struct pool *pool = new_pool(4, JOBS, &contexts);
    struct work *works = mem_zalloc(JOBS * sizeof(*works));
    unsigned left;
    (void)state;
    submit_all(pool, loop, works, JOBS, &left);
    run_until_stopped(loop);
    check_all(works, JOBS);
    pool_destroy(pool);
    assert_int_equal(contexts.opened, 4);
    assert_int_equal(contexts.closed, 4);
    mem_free(works);
    loop_destroy(loop);
}

static void a_pool_without_contexts_works(void **state)
{
    struct loop *loop = loop_create();
    struct pool *pool = new_pool(1, 10, NULL);
    struct work works[10];
    unsigned left;
    (void)state;
    submit_all(pool, loop, works, 10, &left);
    run_until_stopped(loop);
    check_all(works, 10);
    pool_destroy(pool);
    loop_destroy(loop);
}

static void
when_a_context_cannot_be_opened_nothing_is_started_and_the_others_are_closed(void **state)
{
    struct contexts contexts = {.fail_at = 3};
    const struct pool_options options = {.name = "test",
                                         .threads = 5,
                                         .queue_max = 1,
                                         .open = open_context,
                                         .close = close_context,
                                         .arg = &contexts};
    struct pool *pool = NULL;
    (void)state;
    assert_int_equal(pool_create(&options, &pool), ERR_DISK_FULL);
    assert_null(pool);
    assert_int_equal(contexts.opened, 3);
    assert_int_equal(contexts.closed, 2);
}

/* ---- a thread that is held up ---- */

struct gate {
    struct job job;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool entered;
    bool open;
};

static void wait_at_gate(struct job *job, void *context)
{
    struct gate *gate = LIST_ITEM(job, struct gate, job);
    (void)context;
    pthread_mutex_lock(&gate->lock);
    gate->entered = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void nothing(struct job *job)
{
    (void)job;
}

/* Occupy the pool's only thread. */
static void hold_up(struct gate *gate, struct pool *pool, struct loop *loop)
{
    *gate = (struct gate){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    assert_int_equal(pool_submit(pool, loop, &gate->job, wait_at_gate, nothing), ERR_NONE);
    pthread_mutex_lock(&gate->lock);
    while (!gate->entered)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void let_go(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void a_full_queue_refuses_and_calls_nothing(void **state)
{
    struct loop *loop = loop_create();
    struct pool *pool = new_pool(1, 2, NULL);
    struct gate gate;
    struct work works[2];
    unsigned left;
    unsigned none = 1;
    struct work refused = {.loop = loop, .submitter = pthread_self(), .left = &none};
    (void)state;
    hold_up(&gate, pool, loop);
    submit_all(pool, loop, works, 2, &left);
    assert_int_equal(pool_submit(pool, loop, &refused.job, work_on_it, done_with_it),
                     ERR_UNAVAILABLE);
    let_go(&gate);
    run_until_stopped(loop);
    check_all(works, 2);
    assert_int_equal(refused.works + refused.dones, 0);

    /* And takes jobs again. */
    submit_all(pool, loop, works, 1, &left);
    run_until_stopped(loop);
    check_all(works, 1);
    pool_destroy(pool);
    loop_destroy(loop);
}

static void destroying_runs_what_is_queued_and_the_loop_takes_it_afterwards(void **state)
{
    enum { JOBS = 50 };
    struct loop *loop = loop_create();
    struct pool *pool = new_pool(1, JOBS, NULL);
    struct gate gate;
    struct work works[JOBS];
    unsigned left;
    (void)state;
    hold_up(&gate, pool, loop);
    submit_all(pool, loop, works, JOBS, &left);
    let_go(&gate);
    pool_destroy(pool);
    assert_int_equal(left, JOBS);
    loop_run_posted(loop);
    check_all(works, JOBS);
    loop_destroy(loop);
}

static void destroying_none_is_allowed(void **state)
{
    (void)state;
    pool_destroy(NULL);
}

/* ---- several loops on one pool ---- */

#define LOOPS 3u
#define JOBS_EACH 500u

struct client {
    pthread_t thread;
    struct loop *loop; /* made and ended by the main thread, as in the program */
    struct pool *pool;
    struct work works[JOBS_EACH];
};

static void *submit_from_a_loop(void *arg)
{
    struct client *client = arg;
    unsigned left;
    submit_all(client->pool, client->loop, client->works, JOBS_EACH, &left);
    run_until_stopped(client->loop);
    return NULL;
}

static void several_loops_share_a_pool(void **state)
{
    struct contexts contexts = {0};
    struct pool *pool = new_pool(3, LOOPS * JOBS_EACH, &contexts);
    struct client *clients = mem_zalloc(LOOPS * sizeof(*clients));
    (void)state;
    for (unsigned i = 0; i < LOOPS; i++) {
        clients[i].loop = loop_create();
        clients[i].pool = pool;
        assert_int_equal(pthread_create(&clients[i].thread, NULL, submit_from_a_loop, &clients[i]),
                         0);
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        pthread_join(clients[i].thread, NULL);
        check_all(clients[i].works, JOBS_EACH);
    }
    pool_destroy(pool);
    for (unsigned i = 0; i < LOOPS; i++)
        loop_destroy(clients[i].loop);
    mem_free(clients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_job_works_on_a_thread_and_is_done_once_on_its_loop),
        cmocka_unit_test(a_pool_without_contexts_works),
        cmocka_unit_test(
            when_a_context_cannot_be_opened_nothing_is_started_and_the_others_are_closed),
        cmocka_unit_test(a_full_queue_refuses_and_calls_nothing),
        cmocka_unit_test(destroying_runs_what_is_queued_and_the_loop_takes_it_afterwards),
        cmocka_unit_test(destroying_none_is_allowed),
        cmocka_unit_test(several_loops_share_a_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
