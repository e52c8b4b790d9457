/* Loops: posted tasks, the ends of turns, timers. */

#include "../../support/loop_suite.h"

#include <pthread.h>

#include "base/mem.h"

/* ---- tasks ---- */

struct step {
    struct task task;
    struct loop *loop;
    unsigned *order; /* numbers are written here one after the other */
    unsigned *len;
    unsigned number;
    bool last;
};

static void take_step(struct task *task)
{
    const struct step *step = LIST_ITEM(task, struct step, task);
    step->order[(*step->len)++] = step->number;
    if (step->last)
        loop_stop(step->loop);
}

static void tasks_run_in_the_order_in_which_they_were_posted(void **state)
{
    enum { STEPS = 100 };
    struct loop *loop = loop_create();
    struct step steps[STEPS];
    unsigned order[STEPS];
    unsigned len = 0;
    (void)state;
    for (unsigned i = 0; i < STEPS; i++) {
        steps[i] = (struct step){{NULL, take_step}, loop, order, &len, i, i == STEPS - 1};
        loop_post(loop, &steps[i].task);
    }
    assert_int_equal(len, 0); /* never from inside the post */
    run_until_stopped(loop);
    assert_int_equal(len, STEPS);
    for (unsigned i = 0; i < STEPS; i++)
        assert_int_equal(order[i], i);
    loop_destroy(loop);
}

struct seed {
    struct task task;
    struct loop *loop;
    unsigned *count;
};

static void grow(struct task *task)
{
    struct seed *seed = LIST_ITEM(task, struct seed, task);
    if (++*seed->count == 50)
        loop_stop(seed->loop);
    else
        loop_post(seed->loop, &seed->task);
}

static void wither(struct task *task)
{
    struct seed *seed = LIST_ITEM(task, struct seed, task);
    ++*seed->count;
    mem_free(seed);
}

static void a_task_may_post_itself_again(void **state)
{
    struct loop *loop = loop_create();
    unsigned count = 0;
    struct seed seed = {{NULL, grow}, loop, &count};
    (void)state;
    loop_post(loop, &seed.task);
    run_until_stopped(loop);
    assert_int_equal(count, 50);
    loop_destroy(loop);
}

static struct seed *new_seed(struct loop *loop, unsigned *count)
{
    struct seed *seed = mem_alloc(sizeof(*seed));
    *seed = (struct seed){{NULL, wither}, loop, count};
    return seed;
}

static void a_task_may_free_itself(void **state)
{
    struct loop *loop = loop_create();
    unsigned count = 0;
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        loop_post(loop, &new_seed(loop, &count)->task);
    run_turns(loop, 2);
    assert_int_equal(count, 20);
    loop_destroy(loop);
}

static void what_was_posted_runs_when_the_loop_is_destroyed_or_asked_to(void **state)
{
    struct loop *loop = loop_create();
    unsigned count = 0;
    (void)state;
    loop_post(loop, &new_seed(loop, &count)->task);
    loop_run_posted(loop);
    assert_int_equal(count, 1);
    loop_post(loop, &new_seed(loop, &count)->task);
    loop_destroy(loop);
    assert_int_equal(count, 2);
}

/* ---- from other threads ---- */

#define POSTERS 4u
#define POSTS 5000u

struct arrival {
    struct task task;
    struct poster *poster;
    unsigned number;
};

struct poster {
    pthread_t thread;
    struct loop *loop;
    struct arrival *arrivals;
    unsigned next; /* the loop's */
    unsigned *finished;
};

static void arrive(struct task *task)
{
    const struct arrival *arrival = LIST_ITEM(task, struct arrival, task);
    struct poster *poster = arrival->poster;
    assert_int_equal(arrival->number, poster->next);
    poster->next++;
    if (poster->next == POSTS && ++*poster->finished == POSTERS)
        loop_stop(poster->loop);
}

static void *post_many(void *arg)
{
    struct poster *poster = arg;
    for (unsigned i = 0; i < POSTS; i++) {
        poster->arrivals[i] = (struct arrival){{NULL, arrive}, poster, i};
        loop_post(poster->loop, &poster->arrivals[i].task);
    }
    return NULL;
}

static void tasks_of_many_threads_all_run_each_threads_in_order(void **state)
{
    struct loop *loop = loop_create();
    struct poster posters[POSTERS];
    unsigned finished = 0;
    (void)state;
    for (unsigned i = 0; i < POSTERS; i++) {
        posters[i] = (struct poster){.loop = loop,
                                     .arrivals = mem_zalloc(POSTS * sizeof(struct arrival)),
                                     .finished = &finished};
        assert_int_equal(pthread_create(&posters[i].thread, NULL, post_many, &posters[i]), 0);
    }
    run_until_stopped(loop);
    for (unsigned i = 0; i < POSTERS; i++) {
        pthread_join(posters[i].thread, NULL);
        mem_free(posters[i].arrivals);
    }
    loop_destroy(loop);
}

/* ---- ends of turns ---- */

struct ending {
    struct turn_end end;
    struct loop *loop;
    unsigned count;
    unsigned again; /* how often it asks for itself */
};

static void end_turn(struct turn_end *end)
{
    struct ending *ending = LIST_ITEM(end, struct ending, end);
    ending->count++;
    if (ending->again > 0) {
        ending->again--;
        loop_at_turn_end(ending->loop, end);
    }
}

static void an_end_runs_once_per_turn_however_often_it_is_asked_for(void **state)
{
    struct loop *loop = loop_create();
    struct ending ending = {{{0}, end_turn}, loop, 0, 0};
    (void)state;
    for (unsigned i = 0; i < 10; i++)
        loop_at_turn_end(loop, &ending.end);
    assert_int_equal(ending.count, 0);
    run_turns(loop, 2);
    assert_int_equal(ending.count, 1);
    run_turns(loop, 2);
    assert_int_equal(ending.count, 1);
    loop_at_turn_end(loop, &ending.end);
    run_turns(loop, 2);
    assert_int_equal(ending.count, 2);
    loop_destroy(loop);
}

static void an_end_may_ask_for_itself_and_all_are_run(void **state)
{
    struct loop *loop = loop_create();
    struct ending ending = {{{0}, end_turn}, loop, 0, 30};
    (void)state;
    loop_at_turn_end(loop, &ending.end);
    run_turns(loop, 40);
    assert_int_equal(ending.count, 31);
    loop_destroy(loop);
}

/* ---- timers ---- */

struct alarm {
    struct timer timer;
    struct loop *loop;
    uint64_t at_ms;
    unsigned count;
    bool last;
    struct alarm *stops; /* another one, which it stops */
};

static void ring(struct timer *timer)
{
    struct alarm *alarm = LIST_ITEM(timer, struct alarm, timer);
    alarm->count++;
    alarm->at_ms = loop_now_ms(alarm->loop);
    if (alarm->stops != NULL)
        timer_stop(alarm->loop, &alarm->stops->timer);
    if (alarm->last)
        loop_stop(alarm->loop);
}

static void a_timer_runs_once_and_never_early(void **state)
{
    static const uint64_t delays_ms[] = {0, 1, 99, 100, 101, 250};
    struct loop *loop = loop_create();
    struct alarm alarms[COUNT(delays_ms)] = {0};
    (void)state;
    const uint64_t begin_ms = loop_now_ms(loop);
    for (size_t i = 0; i < COUNT(delays_ms); i++) {
        alarms[i].loop = loop;
        alarms[i].last = i == COUNT(delays_ms) - 1;
        timer_start(loop, &alarms[i].timer, delays_ms[i], ring);
    }
    run_until_stopped(loop);
    for (size_t i = 0; i < COUNT(delays_ms); i++) {
        assert_int_equal(alarms[i].count, 1);
        assert_true(alarms[i].at_ms >= begin_ms + delays_ms[i]);
    }
    loop_destroy(loop);
}

static void a_timer_that_was_stopped_does_not_run(void **state)
{
    struct loop *loop = loop_create();
    struct alarm stopped = {.loop = loop};
    struct alarm last = {.loop = loop, .last = true};
    (void)state;
    timer_stop(loop, &stopped.timer); /* not started: nothing */
    timer_start(loop, &stopped.timer, 50, ring);
    timer_start(loop, &last.timer, 200, ring);
    timer_stop(loop, &stopped.timer);
    timer_stop(loop, &stopped.timer);
    run_until_stopped(loop);
    assert_int_equal(stopped.count, 0);
    loop_destroy(loop);
}

static void timers_of_the_same_moment_may_stop_each_other(void **state)
{
    struct loop *loop = loop_create();
    struct alarm one = {.loop = loop};
    struct alarm two = {.loop = loop};
    struct alarm last = {.loop = loop, .last = true};
    (void)state;
    one.stops = &two;
    two.stops = &one;
    timer_start(loop, &one.timer, 50, ring);
    timer_start(loop, &two.timer, 50, ring);
    timer_start(loop, &last.timer, 200, ring);
    run_until_stopped(loop);
    assert_int_equal(one.count + two.count, 1);
    loop_destroy(loop);
}

static void starting_a_timer_again_moves_it(void **state)
{
    struct loop *loop = loop_create();
    struct alarm moved = {.loop = loop, .last = true};
    (void)state;
    const uint64_t begin_ms = loop_now_ms(loop);
    timer_start(loop, &moved.timer, 1, ring);
    timer_start(loop, &moved.timer, 300, ring);
    run_until_stopped(loop);
    assert_int_equal(moved.count, 1);
    assert_true(moved.at_ms >= begin_ms + 300);
    loop_destroy(loop);
}

static void ring_again(struct timer *timer)
{
    struct alarm *alarm = LIST_ITEM(timer, struct alarm, timer);
    if (++alarm->count == 3)
        loop_stop(alarm->loop);
    else
        timer_start(alarm->loop, timer, 0, ring_again);
}

static void a_timer_may_start_itself_again(void **state)
{
    struct loop *loop = loop_create();
    struct alarm alarm = {.loop = loop};
    (void)state;
    timer_start(loop, &alarm.timer, 0, ring_again);
    run_until_stopped(loop);
    assert_int_equal(alarm.count, 3);
    loop_destroy(loop);
}

static void a_timer_of_a_later_round_of_the_wheel_waits_for_its_own(void **state)
{
    enum { ROUND_MS = 512 * 100 };
    struct loop *loop = loop_create();
    struct alarm later = {.loop = loop};
    struct alarm same_slot = {.loop = loop, .last = true};
    (void)state;
    timer_start(loop, &later.timer, ROUND_MS + 100, ring);
    timer_start(loop, &same_slot.timer, 100, ring);
    run_until_stopped(loop);
    assert_int_equal(later.count, 0);
    timer_stop(loop, &later.timer);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_run_in_the_order_in_which_they_were_posted),
        cmocka_unit_test(a_task_may_post_itself_again),
        cmocka_unit_test(a_task_may_free_itself),
        cmocka_unit_test(what_was_posted_runs_when_the_loop_is_destroyed_or_asked_to),
        cmocka_unit_test(tasks_of_many_threads_all_run_each_threads_in_order),
        cmocka_unit_test(an_end_runs_once_per_turn_however_often_it_is_asked_for),
        cmocka_unit_test(an_end_may_ask_for_itself_and_all_are_run),
        cmocka_unit_test(a_timer_runs_once_and_never_early),
        cmocka_unit_test(a_timer_that_was_stopped_does_not_run),
        cmocka_unit_test(timers_of_the_same_moment_may_stop_each_other),
        cmocka_unit_test(starting_a_timer_again_moves_it),
        cmocka_unit_test(a_timer_may_start_itself_again),
        cmocka_unit_test(a_timer_of_a_later_round_of_the_wheel_waits_for_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
