/*
 * The bus between the loops of one process. A hub knows which handles want which topic; publishing
 * puts a reference into the pending list of each of them and wakes its loop. No copy is made.
 *
 * Every handle has one lock for its pending list; the hub has one for the topics. The hub's lock is
 * taken first.
 */

#include <pthread.h>
#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "bus/bus_driver.h"
#include "ev/loop.h"

#define HANDLES_MAX 64u

/* Messages that wait for a loop; a loop that is that far behind has stopped. */
#define PENDING_MAX (1u << 20)

struct hub {
    struct hub *next; /* under hubs_lock */
    char name[64];
    unsigned refs; /* under hubs_lock */

    pthread_mutex_t lock;
    struct map topics;                     /* key -> struct interest */
    struct bus_proc *handles[HANDLES_MAX]; /* NULL: free place */
};

/* Which handles want a topic, one bit each. */
struct interest {
    uint64_t handles;
};

struct pending {
    uint64_t key;
    struct bytes *payload;
};

struct bus_proc {
    struct bus base;
    struct hub *hub;
    unsigned place;

    pthread_mutex_t lock;
    struct pending *items; /* under lock */
    size_t len;
    size_t cap;
    bool woken;
    bool closed;
    struct task task;
};

static pthread_mutex_t hubs_lock = PTHREAD_MUTEX_INITIALIZER;
static struct hub *hubs;

static struct bus_proc *proc_of(struct bus *bus)
{
    assert(bus->driver == &bus_driver_proc);
    return (struct bus_proc *)bus;
}

/* ---- hubs ---- */

static struct hub *hub_ref(const char *name)
{
    pthread_mutex_lock(&hubs_lock);
    struct hub *hub = hubs;
    while (hub != NULL && strcmp(hub->name, name) != 0)
        hub = hub->next;
    if (hub == NULL) {
        hub = mem_zalloc(sizeof(*hub));
        memcpy(hub->name, name, strlen(name));
        pthread_mutex_init(&hub->lock, NULL);
        hub->next = hubs;
        hubs = hub;
    }
    hub->refs++;
    pthread_mutex_unlock(&hubs_lock);
    return hub;
}

static void hub_unref(struct hub *hub)
{
    pthread_mutex_lock(&hubs_lock);
    if (--hub->refs > 0) {
        pthread_mutex_unlock(&hubs_lock);
        return;
    }
    struct hub **at = &hubs;
    while (*at != hub)
        at = &(*at)->next;
    *at = hub->next;
    pthread_mutex_unlock(&hubs_lock);
    assert(hub->topics.len == 0);
    map_fini(&hub->topics);
    pthread_mutex_destroy(&hub->lock);
    mem_free(hub);
}

/* ---- delivery ---- */

static void free_handle(struct bus_proc *bus)
{
    pthread_mutex_destroy(&bus->lock);
    mem_free(bus);
}

/* On the handle's loop: take what waits and hand it out. */
static void drain(struct task *task)
{
    struct bus_proc *bus = LIST_ITEM(task, struct bus_proc, task);
    pthread_mutex_lock(&bus->lock);
    struct pending *items = bus->items;
    const size_t len = bus->len;
    bus->items = NULL;
    bus->len = 0;
    bus->cap = 0;
    bus->woken = false;
    const bool closed = bus->closed;
    pthread_mutex_unlock(&bus->lock);

    for (size_t i = 0; i < len; i++) {
        if (!closed)
            bus_deliver(&bus->base, bus_topic_of(items[i].key), items[i].payload);
        bytes_unref(items[i].payload);
    }
    mem_free(items);
    if (closed)
        free_handle(bus);
}

static enum err enqueue(struct bus_proc *bus, uint64_t key, struct bytes *payload)
{
    pthread_mutex_lock(&bus->lock);
    const bool full = bus->len >= PENDING_MAX;
    if (!full) {
        if (bus->len == bus->cap) {
            bus->cap = bus->cap == 0 ? 64 : bus->cap * 2;
            bus->items = mem_realloc_array(bus->items, bus->cap, sizeof(*bus->items));
        }
        bus->items[bus->len++] = (struct pending){key, bytes_ref(payload)};
        if (!bus->woken) {
            bus->woken = true;
            loop_post(bus->base.loop, &bus->task);
        }
    }
    pthread_mutex_unlock(&bus->lock);
    return full ? ERR_UNAVAILABLE : ERR_NONE;
}

static enum err proc_publish(struct bus *base, struct bus_topic topic, struct bytes *payload)
{
    struct hub *hub = proc_of(base)->hub;
    const uint64_t key = bus_topic_key(topic);
    enum err err = ERR_NONE;
    pthread_mutex_lock(&hub->lock);
    const struct interest *interest = map_get(&hub->topics, key);
    uint64_t left = interest == NULL ? 0 : interest->handles;
    while (left != 0) {
        const unsigned place = (unsigned)__builtin_ctzll(left);
        left &= left - 1;
        const enum err one = enqueue(hub->handles[place], key, payload);
        if (one != ERR_NONE)
            err = one;
    }
    pthread_mutex_unlock(&hub->lock);
    return err;
}

static enum err proc_subscribe(struct bus *base, struct bus_topic topic)
{
    struct bus_proc *bus = proc_of(base);
    const uint64_t key = bus_topic_key(topic);
    pthread_mutex_lock(&bus->hub->lock);
    struct interest *interest = map_get(&bus->hub->topics, key);
    if (interest == NULL) {
        interest = mem_zalloc(sizeof(*interest));
        map_put(&bus->hub->topics, key, interest);
    }
    interest->handles |= 1ULL << bus->place;
    pthread_mutex_unlock(&bus->hub->lock);
    return ERR_NONE;
}

static void proc_unsubscribe(struct bus *base, struct bus_topic topic)
{
    struct bus_proc *bus = proc_of(base);
    const uint64_t key = bus_topic_key(topic);
    pthread_mutex_lock(&bus->hub->lock);
    struct interest *interest = map_get(&bus->hub->topics, key);
    assert(interest != NULL);
    interest->handles &= ~(1ULL << bus->place);
    if (interest->handles == 0) {
        map_remove(&bus->hub->topics, key);
        mem_free(interest);
    }
    pthread_mutex_unlock(&bus->hub->lock);
}

/* ---- life cycle ---- */

static bool take_place(struct bus_proc *bus)
{
    struct hub *hub = bus->hub;
    pthread_mutex_lock(&hub->lock);
    unsigned place = 0;
    while (place < HANDLES_MAX && hub->handles[place] != NULL)
        place++;
    if (place < HANDLES_MAX) {
        hub->handles[place] = bus;
        bus->place = place;
    }
    pthread_mutex_unlock(&hub->lock);
    return place < HANDLES_MAX;
}

static enum err proc_open(struct loop *loop, const char *name, struct bus **out)
{
    if (strlen(name) >= sizeof(((struct hub *)0)->name))
        return ERR_INVALID;
    struct bus_proc *bus = mem_zalloc(sizeof(*bus));
    bus->base.driver = &bus_driver_proc;
    bus->base.loop = loop;
    bus->task.run = drain;
    bus->place = HANDLES_MAX;
    pthread_mutex_init(&bus->lock, NULL);
    bus->hub = hub_ref(name);
    if (loop != NULL && !take_place(bus)) {
        hub_unref(bus->hub);
        free_handle(bus);
        return ERR_UNAVAILABLE;
    }
    *out = &bus->base;
    return ERR_NONE;
}

static void proc_close(struct bus *base)
{
    struct bus_proc *bus = proc_of(base);
    if (bus->place < HANDLES_MAX) {
        pthread_mutex_lock(&bus->hub->lock);
        bus->hub->handles[bus->place] = NULL;
        pthread_mutex_unlock(&bus->hub->lock);
    }
    hub_unref(bus->hub);

    /* A posted task still points here: it frees the handle then. */
    pthread_mutex_lock(&bus->lock);
    bus->closed = true;
    const bool woken = bus->woken;
    pthread_mutex_unlock(&bus->lock);
    if (!woken)
        free_handle(bus);
}

const struct bus_driver bus_driver_proc = {
    .scheme = "proc",
    .open = proc_open,
    .close = proc_close,
    .publish = proc_publish,
    .subscribe = proc_subscribe,
    .unsubscribe = proc_unsubscribe,
};
