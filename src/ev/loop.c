/* One event loop over libuv: its inbox, the ends of its turns, its timer wheel. */

#include "ev/loop.h"

#include <assert.h>
#include <pthread.h>
#include <uv.h>

#include "base/mem.h"

#define TICK_MS 100u
#define SLOTS 512u

struct loop {
    uv_loop_t uv;

    /* The inbox. */
    uv_async_t wake;
    pthread_mutex_t inbox_lock;
    struct task *inbox_first; /* under inbox_lock */
    struct task **inbox_last; /* under inbox_lock */

    /* The ends of turns: before the loop sleeps, and right after it has handled events. */
    uv_prepare_t prepare;
    uv_check_t check;
    struct list ends;

    /* The wheel. */
    uv_timer_t ticker;
    uint64_t tick; /* the slot of this tick has been run */
    size_t timers_len;
    struct list slots[SLOTS];
};

/* ---- inbox ---- */

static struct task *take_inbox(struct loop *loop)
{
    pthread_mutex_lock(&loop->inbox_lock);
    struct task *first = loop->inbox_first;
    loop->inbox_first = NULL;
    loop->inbox_last = &loop->inbox_first;
    pthread_mutex_unlock(&loop->inbox_lock);
    return first;
}

static void run_inbox(struct loop *loop)
{
    struct task *task = take_inbox(loop);
    while (task != NULL) {
        struct task *next = task->next; /* the task may free itself */
        task->run(task);
        task = next;
    }
}

static void on_wake(uv_async_t *wake)
{
    run_inbox(wake->data);
}

void loop_post(struct loop *loop, struct task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&loop->inbox_lock);
    const bool was_empty = loop->inbox_first == NULL;
    *loop->inbox_last = task;
    loop->inbox_last = &task->next;
    if (was_empty)
        uv_async_send(&loop->wake); /* inside the lock: the loop cannot be gone meanwhile */
    pthread_mutex_unlock(&loop->inbox_lock);
}

void loop_run_posted(struct loop *loop)
{
    run_inbox(loop);
}

/* ---- ends of turns ---- */

static void run_ends(struct loop *loop)
{
    struct list *link;
    while ((link = list_pop(&loop->ends)) != NULL) {
        struct turn_end *end = LIST_ITEM(link, struct turn_end, link);
        end->run(end);
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    run_ends(prepare->data);
}

static void on_check(uv_check_t *check)
{
    run_ends(check->data);
}

void loop_at_turn_end(struct loop *loop, struct turn_end *end)
{
    if (!list_linked(&end->link))
        list_push(&loop->ends, &end->link);
}

/* ---- timers ---- */

static uint64_t tick_now(const struct loop *loop)
{
    return loop_now_ms(loop) / TICK_MS;
}

static void run_slot(struct loop *loop, uint64_t tick)
{
    struct list due;
    list_init(&due);

    /* First collect: what runs may start and stop other timers of the slot. */
    struct list *slot = &loop->slots[tick % SLOTS];
    for (struct list *link = slot->next, *next; link != slot; link = next) {
        next = link->next;
        if (LIST_ITEM(link, struct timer, link)->due_tick <= tick) {
            list_remove(link);
            list_push(&due, link);
        }
    }
    struct list *link;
    while ((link = list_pop(&due)) != NULL) {
        struct timer *timer = LIST_ITEM(link, struct timer, link);
        loop->timers_len--;
        timer->run(timer);
    }
}

static void on_tick(uv_timer_t *ticker)
{
    struct loop *loop = ticker->data;
    const uint64_t now = tick_now(loop);
    /* After a long stall one round over all slots is enough. */
    if (now - loop->tick > SLOTS)
        loop->tick = now - SLOTS;
    while (loop->tick < now)
        run_slot(loop, ++loop->tick);
    if (loop->timers_len == 0)
        uv_timer_stop(&loop->ticker);
}

void timer_start(struct loop *loop, struct timer *timer, uint64_t delay_ms, timer_fn *run)
{
    timer_stop(loop, timer);
    if (loop->timers_len++ == 0) {
        loop->tick = tick_now(loop);
        uv_timer_start(&loop->ticker, on_tick, TICK_MS, TICK_MS);
    }
    timer->run = run;
    /* The first tick that is not before the time, and one that has not been run. */
    const uint64_t wanted = (loop_now_ms(loop) + delay_ms + TICK_MS - 1) / TICK_MS;
    const uint64_t next = tick_now(loop) + 1;
    timer->due_tick = wanted > next ? wanted : next;
    list_push(&loop->slots[timer->due_tick % SLOTS], &timer->link);
}

void timer_stop(struct loop *loop, struct timer *timer)
{
    if (!list_linked(&timer->link))
        return;
    list_remove(&timer->link);
    loop->timers_len--;
}

/* ---- life cycle ---- */

struct loop *loop_create(void)
{
    struct loop *loop = mem_zalloc(sizeof(*loop));
    list_init(&loop->ends);
    for (size_t i = 0; i < SLOTS; i++)
        list_init(&loop->slots[i]);
    loop->inbox_last = &loop->inbox_first;
    pthread_mutex_init(&loop->inbox_lock, NULL);

    int rc = uv_loop_init(&loop->uv);
    assert(rc == 0);
    rc = uv_async_init(&loop->uv, &loop->wake, on_wake);
    assert(rc == 0);
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_timer_init(&loop->uv, &loop->ticker);
    loop->wake.data = loop;
    loop->prepare.data = loop;
    loop->check.data = loop;
    loop->ticker.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    return loop;
}

void loop_destroy(struct loop *loop)
{
    if (loop == NULL)
        return;
    run_inbox(loop);
    run_ends(loop);
    uv_close((uv_handle_t *)&loop->wake, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->ticker, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    const int rc = uv_loop_close(&loop->uv);
    assert(rc == 0); /* else a handle outlives its loop */
    pthread_mutex_destroy(&loop->inbox_lock);
    mem_free(loop);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

uint64_t loop_now_ms(const struct loop *loop)
{
    return uv_now(&loop->uv);
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}
