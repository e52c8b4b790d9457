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

/* Messages looked up at once. */
#define PUBLISH_MAX 256u

struct hub {
    struct hub *next; /* under hubs_lock */
    char name[64];
    unsigned refs; /* under hubs_lock */

    pthread_mutex_t lock;
    struct map topics; /* key -> which handles want it, one bit each, in the pointer itself */
    struct bus_proc *handles[HANDLES_MAX]; /* NULL: free place */
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

/* The handles that want a topic. The bits stand where the map keeps a pointer: none means absent.
 */
static uint64_t interest_get(const struct hub *hub, uint64_t key)
{
    return (uint64_t)(uintptr_t)map_get(&hub->topics, key);
}

static void interest_set(struct hub *hub, uint64_t key, uint64_t handles)
{
    if (handles == 0)
        (void)map_remove(&hub->topics, key);
    else
        map_put(&hub->topics, key, (void *)(uintptr_t)handles);
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

/* Add one message to what waits for the handle; false when too much does. */
static bool enqueue(struct bus_proc *bus, uint64_t key, struct bytes *payload)
{
    if (bus->len >= PENDING_MAX)
        return false;
    if (bus->len == bus->cap) {
        bus->cap = bus->cap == 0 ? 64 : bus->cap * 2;
        bus->items = mem_realloc_array(bus->items, bus->cap, sizeof(*bus->items));
    }
    bus->items[bus->len++] = (struct pending){key, bytes_ref(payload)};
    return true;
}

/* All that one handle wants of the messages, under its lock once, so that its loop sees them
 * together. */
static bool offer(struct bus_proc *bus, const struct bus_message *messages, const uint64_t *wanted,
                  size_t count)
{
    bool fits = true;
    pthread_mutex_lock(&bus->lock);
    for (size_t i = 0; i < count; i++) {
        if ((wanted[i] >> bus->place & 1) != 0)
            fits = enqueue(bus, bus_topic_key(messages[i].topic), messages[i].payload) && fits;
    }
    if (bus->len > 0 && !bus->woken) {
        bus->woken = true;
        loop_post(bus->base.loop, &bus->task);
    }
    pthread_mutex_unlock(&bus->lock);
    return fits;
}

static bool publish_some(struct hub *hub, const struct bus_message *messages, size_t count)
{
    uint64_t wanted[PUBLISH_MAX];
    uint64_t handles = 0;
    bool fits = true;
    for (size_t i = 0; i < count; i++) {
        wanted[i] = interest_get(hub, bus_topic_key(messages[i].topic));
        handles |= wanted[i];
    }
    while (handles != 0) {
        const unsigned place = (unsigned)__builtin_ctzll(handles);
        handles &= handles - 1;
        fits = offer(hub->handles[place], messages, wanted, count) && fits;
    }
    return fits;
}

static enum err proc_publish(struct bus *base, const struct bus_message *messages, size_t count)
{
    struct hub *hub = proc_of(base)->hub;
    bool fits = true;
    pthread_mutex_lock(&hub->lock);
    while (count > 0) {
        const size_t some = count < PUBLISH_MAX ? count : PUBLISH_MAX;
        fits = publish_some(hub, messages, some) && fits;
        messages += some;
        count -= some;
    }
    pthread_mutex_unlock(&hub->lock);
    return fits ? ERR_NONE : ERR_UNAVAILABLE;
}

static enum err proc_subscribe(struct bus *base, struct bus_topic topic)
{
    struct bus_proc *bus = proc_of(base);
    const uint64_t key = bus_topic_key(topic);
    pthread_mutex_lock(&bus->hub->lock);
    interest_set(bus->hub, key, interest_get(bus->hub, key) | 1ULL << bus->place);
    pthread_mutex_unlock(&bus->hub->lock);
    return ERR_NONE;
}

static void proc_unsubscribe(struct bus *base, struct bus_topic topic)
{
    struct bus_proc *bus = proc_of(base);
    const uint64_t key = bus_topic_key(topic);
    pthread_mutex_lock(&bus->hub->lock);
    interest_set(bus->hub, key, interest_get(bus->hub, key) & ~(1ULL << bus->place));
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
