#ifndef EV_LOOP_H
#define EV_LOOP_H

/*
 * Loop: one event loop on one thread, over libuv. Everything here is for the loop's own thread, but
 * loop_post(), which any thread may call.
 *
 * Objects of a loop belong to its thread. Other threads reach it only through loop_post().
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct loop;
struct uv_loop_s;

/* A piece of work for a loop. It lives in the poster's object and is in one queue at a time. */
struct task;
typedef void task_fn(struct task *task);

struct task {
    struct task *next;
    task_fn *run;
};

/* Work for the end of this turn, after all that arrived was handled; once per time it was asked. */
struct turn_end;
typedef void turn_end_fn(struct turn_end *end);

struct turn_end {
    struct list link;
    turn_end_fn *run;
};

struct loop *loop_create(void);

/* After loop_run() has returned and nothing of the loop is used any more; runs what was posted. */
void loop_destroy(struct loop *loop);

/* Handle events until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Run `task` on the loop's thread soon, tasks of one poster in their order. From any thread. */
void loop_post(struct loop *loop, struct task *task);

/* Run what was posted, while the loop does not run: for the end of a process. */
void loop_run_posted(struct loop *loop);

/* Run `end` at the end of this turn; nothing when it is already asked for. */
void loop_at_turn_end(struct loop *loop, struct turn_end *end);

/* Monotonic milliseconds, taken once per turn. */
uint64_t loop_now_ms(const struct loop *loop);

/* libuv's own, for src/net and src/ev. */
struct uv_loop_s *loop_uv(struct loop *loop);

/*
 * Timers: on a wheel with a tick of 100 ms, so they are cheap and late by up to two ticks. For
 * time limits, not for clocks.
 */
struct timer;
typedef void timer_fn(struct timer *timer);

struct timer {
    struct list link;
    uint64_t due_tick;
    timer_fn *run;
};

/* (Re)start: `run` is called once, `delay_ms` from now or a little later. */
void timer_start(struct loop *loop, struct timer *timer, uint64_t delay_ms, timer_fn *run);

/* After this it does not run. Nothing when it is not started. */
void timer_stop(struct loop *loop, struct timer *timer);

#endif
