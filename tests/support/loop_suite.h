#ifndef SUPPORT_LOOP_SUITE_H
#define SUPPORT_LOOP_SUITE_H

/* What tests on a loop share: cmocka with its headers, and running until something has happened. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ev/loop.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HANGS_MS 60000u
#define LOOK_US 1000u

static inline void loop_hangs(struct timer *timer)
{
    (void)timer;
    fprintf(stderr, "the test waits for something that does not happen\n");
    abort();
}

/* Run until somebody calls loop_stop(). */
static inline void run_until_stopped(struct loop *loop)
{
    struct timer guard = {0};
    timer_start(loop, &guard, HANGS_MS, loop_hangs);
    loop_run(loop);
    timer_stop(loop, &guard);
}

typedef bool loop_check_fn(void *arg);

struct loop_wait {
    struct task task;
    struct loop *loop;
    loop_check_fn *check;
    void *arg;
    bool over;
};

static inline void loop_look(struct task *task)
{
    struct loop_wait *wait = LIST_ITEM(task, struct loop_wait, task);
    wait->over = wait->check(wait->arg);
    if (wait->over) {
        loop_stop(wait->loop);
    } else {
        (void)usleep(LOOK_US); /* timers are too coarse */
        loop_post(wait->loop, task);
    }
}

/* Run until `check` says so, for what nobody announces. */
static inline void run_until(struct loop *loop, loop_check_fn *check, void *arg)
{
    struct loop_wait wait = {{NULL, loop_look}, loop, check, arg, false};
    loop_post(loop, &wait.task);
    while (!wait.over) /* others may stop the loop, too */
        run_until_stopped(loop);
}

struct loop_turns {
    struct task task;
    struct loop *loop;
    unsigned left;
    bool over;
};

static inline void loop_next_turn(struct task *task)
{
    struct loop_turns *turns = LIST_ITEM(task, struct loop_turns, task);
    turns->over = turns->left-- == 0;
    if (turns->over)
        loop_stop(turns->loop);
    else
        loop_post(turns->loop, task);
}

/* Run some turns, for what must not happen in them. */
static inline void run_turns(struct loop *loop, unsigned count)
{
    struct loop_turns turns = {{NULL, loop_next_turn}, loop, count, false};
    loop_post(loop, &turns.task);
    while (!turns.over) /* others may stop the loop, too */
        run_until_stopped(loop);
}

#endif
