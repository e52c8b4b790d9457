/*
 * Presence among the loops of one process: one table for all handles, under one lock. The lock is
 * held while a change is published, so that changes of one person arrive in their order.
 */

#include <assert.h>
#include <pthread.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "bus/bus.h"
#include "presence/presence_driver.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map people;    /* under the lock: user -> how many handles say what, as counts_of() */
static uint64_t changes = 1; /* under the lock */
static unsigned handles_open; /* under the lock */

/*
 * How many handles say that somebody is online, and how many that they are away. They stand where
 * the map keeps a pointer: none means absent.
 */
struct counts {
    uint32_t of[2];
};

/* An answer on its way. */
struct answer {
    struct task task;
    presence_got_fn *fn;
    void *arg;
    size_t count;
    struct presence_seen seen[];
};

/* ---- telling ---- */

static struct counts counts_of(uint64_t user)
{
    const uint64_t both = (uint64_t)(uintptr_t)map_get(&people, user);
    return (struct counts){{(uint32_t)both, (uint32_t)(both >> 32)}};
}

static void counts_put(uint64_t user, const struct counts *counts)
{
    const uint64_t both = counts->of[0] | (uint64_t)counts->of[1] << 32;
    if (both == 0)
        (void)map_remove(&people, user);
    else
        map_put(&people, user, (void *)(uintptr_t)both);
}

static uint32_t *count(struct counts *counts, enum presence_state state)
{
    assert(state != PRESENCE_GONE);
    return &counts->of[state - PRESENCE_AWAY];
}

static enum presence_state best(struct counts counts)
{
    if (*count(&counts, PRESENCE_ONLINE) > 0)
        return PRESENCE_ONLINE;
    return *count(&counts, PRESENCE_AWAY) > 0 ? PRESENCE_AWAY : PRESENCE_GONE;
}

static void publish(struct bus *bus, uint64_t user, enum presence_state state)
{
    struct buf text = {0};
    buf_byte(&text, (char)('0' + (int)state));
    buf_byte(&text, ':');
    buf_u64(&text, ++changes);
    const struct bus_message message = {{BUS_PRESENCE, user}, bytes_create(buf_slice(&text))};
    err_ignore(bus_publish(bus, &message, 1)); /* of this moment only */
    bytes_unref(message.payload);
    buf_fini(&text);
}

static void change(struct bus *bus, const struct untold *untold)
{
    struct counts counts = counts_of(untold->user);
    const enum presence_state before = best(counts);
    if (untold->before != PRESENCE_GONE)
        (*count(&counts, untold->before))--;
    if (untold->state != PRESENCE_GONE)
        (*count(&counts, untold->state))++;
    counts_put(untold->user, &counts);
    if (best(counts) != before)
        publish(bus, untold->user, best(counts));
}

static void proc_tell(struct presence *presence)
{
    struct untold untold;
    pthread_mutex_lock(&lock);
    while (presence_next_untold(presence, &untold))
        change(presence->bus, &untold);
    pthread_mutex_unlock(&lock);
}

/* ---- asking ---- */

static void give(struct task *task)
{
    struct answer *answer = LIST_ITEM(task, struct answer, task);
    answer->fn(ERR_NONE, answer->seen, answer->count, answer->arg);
    mem_free(answer);
}

static enum err proc_get(struct presence *presence, const uint64_t *users, size_t users_len,
                         presence_got_fn *fn, void *arg)
{
    struct answer *answer = mem_zalloc(sizeof(*answer) + users_len * sizeof(answer->seen[0]));
    answer->task.run = give;
    answer->fn = fn;
    answer->arg = arg;
    answer->count = users_len;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < users_len; i++)
        answer->seen[i] = (struct presence_seen){users[i], best(counts_of(users[i])), changes};
    pthread_mutex_unlock(&lock);
    loop_post(presence->loop, &answer->task);
    return ERR_NONE;
}

/* ---- life cycle ---- */

static enum err proc_open(struct loop *loop, struct bus *bus, const char *name,
                          struct presence **out)
{
    (void)loop;
    (void)bus;
    (void)name;
    pthread_mutex_lock(&lock);
    handles_open++;
    pthread_mutex_unlock(&lock);
    *out = mem_zalloc(sizeof(**out));
    return ERR_NONE;
}

static void proc_close(struct presence *presence)
{
    assert(presence->driver == &presence_driver_proc);
    pthread_mutex_lock(&lock);
    if (--handles_open == 0) {
        assert(people.len == 0);
        map_fini(&people);
    }
    pthread_mutex_unlock(&lock);
    mem_free(presence);
}

const struct presence_driver presence_driver_proc = {
    .scheme = "proc",
    .open = proc_open,
    .close = proc_close,
    .tell = proc_tell,
    .get = proc_get,
};
