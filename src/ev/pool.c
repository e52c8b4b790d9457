/* Threads for work that blocks. */

#include "ev/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/mem.h"

struct pool_thread {
    struct pool *pool;
    pthread_t thread;
    void *context;
};

struct pool {
    struct pool_options options;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job *first; /* all under lock from here */
    struct job **last;
    size_t waiting;
    bool stopping;
    unsigned threads_len; /* of those that are open */
    struct pool_thread threads[];
};

static struct job *next_job(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->stopping)
        pthread_cond_wait(&pool->wake, &pool->lock);
    struct job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        if (pool->first == NULL)
            pool->last = &pool->first;
        pool->waiting--;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void finish(struct task *task)
{
    struct job *job = LIST_ITEM(task, struct job, task);
    job->done(job);
}

static void *run_thread(void *arg)
{
    struct pool_thread *self = arg;
    struct job *job;
    while ((job = next_job(self->pool)) != NULL) {
        job->work(job, self->context);
        job->task.run = finish;
        loop_post(job->loop, &job->task);
    }
    return NULL;
}

static void close_contexts(struct pool *pool)
{
    for (unsigned i = 0; i < pool->threads_len; i++) {
        if (pool->options.close != NULL)
            pool->options.close(pool->threads[i].context);
    }
}

enum err pool_create(const struct pool_options *options, struct pool **out)
{
    assert(options->threads > 0);
    struct pool *pool = mem_zalloc(sizeof(*pool) + options->threads * sizeof(struct pool_thread));
    pool->options = *options;
    pool->last = &pool->first;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);

    /* All contexts first, so that a failure has no thread to stop. */
    for (; pool->threads_len < options->threads; pool->threads_len++) {
        struct pool_thread *thread = &pool->threads[pool->threads_len];
        thread->pool = pool;
        const enum err err =
            options->open == NULL ? ERR_NONE : options->open(options->arg, &thread->context);
        if (err != ERR_NONE) {
            close_contexts(pool);
            mem_free(pool);
            return err;
        }
    }
    for (unsigned i = 0; i < pool->threads_len; i++) {
        const int rc =
            pthread_create(&pool->threads[i].thread, NULL, run_thread, &pool->threads[i]);
        assert(rc == 0);
        pthread_setname_np(pool->threads[i].thread, options->name);
    }
    *out = pool;
    return ERR_NONE;
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->threads_len; i++)
        pthread_join(pool->threads[i].thread, NULL);
    close_contexts(pool);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    mem_free(pool);
}

enum err pool_submit(struct pool *pool, struct loop *loop, struct job *job, job_work_fn *work,
                     job_done_fn *done)
{
    *job = (struct job){.loop = loop, .work = work, .done = done};
    pthread_mutex_lock(&pool->lock);
    const bool full = pool->waiting >= pool->options.queue_max || pool->stopping;
    if (!full) {
        *pool->last = job;
        pool->last = &job->next;
        pool->waiting++;
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->lock);
    return full ? ERR_UNAVAILABLE : ERR_NONE;
}
