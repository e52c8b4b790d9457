#ifndef EV_POOL_H
#define EV_POOL_H

/*
 * Pool: threads for work that blocks (the database, password hashing). A loop submits a job; its
 * `work` runs on a thread of the pool, then its `done` on the loop that submitted it, exactly once.
 */

#include <stddef.h>

#include "base/err.h"
#include "ev/loop.h"

struct pool;
struct job;

/* `context` is what the thread's `open` gave. */
typedef void job_work_fn(struct job *job, void *context);
typedef void job_done_fn(struct job *job);

/* Lives in the submitter's object, untouched by it until `done`. */
struct job {
    struct job *next;
    struct loop *loop;
    job_work_fn *work;
    job_done_fn *done;
    struct task task;
};

struct pool_options {
    const char *name; /* of its threads, at most 15 characters */
    unsigned threads;
    size_t queue_max; /* jobs that wait; past it pool_submit() refuses */
    /* Make and end what each thread needs for itself; both may be NULL. */
    enum err (*open)(void *arg, void **context);
    void (*close)(void *context);
    void *arg;
};

/* Start the threads. Fails with what `open` gave, and then nothing was started. */
NODISCARD enum err pool_create(const struct pool_options *options, struct pool **out);

/* Run what is queued, then end the threads. The loops must still take their tasks. NULL is allowed.
 */
void pool_destroy(struct pool *pool);

/* ERR_UNAVAILABLE when too many jobs wait; then neither function is called. */
NODISCARD enum err pool_submit(struct pool *pool, struct loop *loop, struct job *job,
                               job_work_fn *work, job_done_fn *done);

#endif
