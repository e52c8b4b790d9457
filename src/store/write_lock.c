/* Turns at writing, handed from each writer straight to the one that waits longest. */

#include "store/write_lock.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <time.h>

#include "base/list.h"
#include "base/mem.h"

struct write_lock {
    struct list link; /* in `locks` */
    dev_t device;
    ino_t inode;
    unsigned refs;         /* guarded by locks_mutex */
    pthread_mutex_t mutex; /* guards what follows */
    bool held;             /* stays true while it goes from hand to hand */
    struct list waiters;
};

struct waiter {
    struct list link;
    pthread_cond_t turned;
    bool turn;
};

static pthread_mutex_t locks_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct list locks = {&locks, &locks};

static struct write_lock *find(const struct stat *file)
{
    for (struct list *at = locks.next; at != &locks; at = at->next) {
        struct write_lock *lock = LIST_ITEM(at, struct write_lock, link);
        if (lock->device == file->st_dev && lock->inode == file->st_ino)
            return lock;
    }
    return NULL;
}

static struct write_lock *create(const struct stat *file)
{
    struct write_lock *lock = mem_zalloc(sizeof(*lock));
    lock->device = file->st_dev;
    lock->inode = file->st_ino;
    pthread_mutex_init(&lock->mutex, NULL);
    list_init(&lock->waiters);
    list_push(&locks, &lock->link);
    return lock;
}

enum err write_lock_open(const char *path, struct write_lock **out)
{
    struct stat file;
    if (stat(path, &file) != 0)
        return ERR_IO;

    pthread_mutex_lock(&locks_mutex);
    struct write_lock *lock = find(&file);
    if (lock == NULL)
        lock = create(&file);
    lock->refs++;
    pthread_mutex_unlock(&locks_mutex);
    *out = lock;
    return ERR_NONE;
}

void write_lock_close(struct write_lock *lock)
{
    if (lock == NULL)
        return;
    pthread_mutex_lock(&locks_mutex);
    const bool last = --lock->refs == 0;
    if (last)
        list_remove(&lock->link);
    pthread_mutex_unlock(&locks_mutex);
    if (!last)
        return;

    assert(!lock->held);
    pthread_mutex_destroy(&lock->mutex);
    mem_free(lock);
}

static void waiter_init(struct waiter *waiter)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&waiter->turned, &attr);
    pthread_condattr_destroy(&attr);
}

static struct timespec deadline(unsigned wait_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(wait_ms / 1000);
    at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* With the mutex held. */
static bool wait_turn(struct write_lock *lock, unsigned wait_ms)
{
    struct waiter me = {0};
    waiter_init(&me);
    list_push(&lock->waiters, &me.link);

    const struct timespec until = deadline(wait_ms);
    int result = 0;
    while (!me.turn && result == 0)
        result = pthread_cond_timedwait(&me.turned, &lock->mutex, &until);

    list_remove(&me.link); /* still linked when the time was up */
    pthread_cond_destroy(&me.turned);
    return me.turn;
}

enum err write_lock_acquire(struct write_lock *lock, unsigned wait_ms)
{
    pthread_mutex_lock(&lock->mutex);
    bool mine = !lock->held;
    if (mine)
        lock->held = true;
    else
        mine = wait_turn(lock, wait_ms);
    pthread_mutex_unlock(&lock->mutex);
    return mine ? ERR_NONE : ERR_UNAVAILABLE;
}

void write_lock_release(struct write_lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
    assert(lock->held);
    struct list *first = list_pop(&lock->waiters);
    if (first == NULL) {
        lock->held = false;
    } else {
        struct waiter *next = LIST_ITEM(first, struct waiter, link);
        next->turn = true;
        pthread_cond_signal(&next->turned);
    }
    pthread_mutex_unlock(&lock->mutex);
}
