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

/* A person who is there. */
struct person {
    unsigned handles[3]; /* how many say so, by what they say; [PRESENCE_GONE] is unused */
    enum presence_state state;
    uint64_t at;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct map persons;    /* under the lock: user -> struct person */
static uint64_t changes = 1;  /* under the lock */
static unsigned handles_open; /* under the lock */

/* An answer on its way. */
struct answer {
    struct task task;
    presence_got_fn *fn;
    void *arg;
    size_t count;
    struct presence_seen seen[];
};

/* ---- telling ---- */

static enum presence_state best(const struct person *person)
{
    if (person->handles[PRESENCE_ONLINE] > 0)
        return PRESENCE_ONLINE;
    return person->handles[PRESENCE_AWAY] > 0 ? PRESENCE_AWAY : PRESENCE_GONE;
}

static void publish(struct bus *bus, uint64_t user, const struct person *person)
{
    struct buf text = {0};
    buf_byte(&text, (char)('0' + (int)person->state));
    buf_byte(&text, ':');
    buf_u64(&text, person->at);
    const struct bus_message message = {{BUS_PRESENCE, user}, bytes_create(buf_slice(&text))};
    err_ignore(bus_publish(bus, &message, 1)); /* of this moment only */
    bytes_unref(message.payload);
    buf_fini(&text);
}

static void change(struct bus *bus, const struct untold *untold)
{
    struct person *person = map_get(&persons, untold->user);
    if (person == NULL) {
        person = mem_zalloc(sizeof(*person));
        map_put(&persons, untold->user, person);
    }
    if (untold->before != PRESENCE_GONE)
        person->handles[untold->before]--;
    if (untold->state != PRESENCE_GONE)
        person->handles[untold->state]++;
    const enum presence_state state = best(person);
    if (state != person->state) {
        person->state = state;
        person->at = ++changes;
        publish(bus, untold->user, person);
    }
    if (state == PRESENCE_GONE) {
        (void)map_remove(&persons, untold->user);
        mem_free(person);
    }
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

static enum err proc_get(struct presence *presence, const uint64_t *users, size_t count,
                         presence_got_fn *fn, void *arg)
{
    struct answer *answer = mem_zalloc(sizeof(*answer) + count * sizeof(answer->seen[0]));
    answer->task.run = give;
    answer->fn = fn;
    answer->arg = arg;
    answer->count = count;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++) {
        const struct person *person = map_get(&persons, users[i]);
        answer->seen[i] = (struct presence_seen){
            users[i], person == NULL ? PRESENCE_GONE : person->state, changes};
    }
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
        assert(persons.len == 0);
        map_fini(&persons);
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
