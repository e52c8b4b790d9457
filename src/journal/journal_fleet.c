/* The journal of a fleet: life cycle; what it does is told in fleet.h. */

#include <assert.h>

#include "base/mem.h"
#include "journal/fleet.h"

#define STORE_THREADS 2u
#define STOP_MS 6000u
#define HEALTH_MS 500u

static struct journal_fleet *fleet_of(struct journal *journal)
{
    assert(journal->driver == &journal_driver_fleet);
    return (struct journal_fleet *)journal;
}

/* ---- appending, from any loop ---- */

static void arrive(struct task *task)
{
    struct journal_entry *entry = LIST_ITEM(task, struct journal_entry, task);
    fleet_enqueue(fleet_of(entry->journal), entry);
}

static enum err append(struct journal *base, struct journal_entry *entry)
{
    struct journal_fleet *fleet = fleet_of(base);
    pthread_mutex_lock(&fleet->lock);
    const bool full = fleet->stats.waiting >= fleet->options.queue_max;
    if (!full)
        fleet->stats.waiting++;
    pthread_mutex_unlock(&fleet->lock);
    if (full)
        return ERR_UNAVAILABLE;
    entry->task.run = arrive;
    loop_post(fleet->loop, &entry->task);
    return ERR_NONE;
}

static void stats(struct journal *base, struct journal_stats *out)
{
    struct journal_fleet *fleet = fleet_of(base);
    pthread_mutex_lock(&fleet->lock);
    *out = fleet->stats;
    out->up = fleet->up;
    pthread_mutex_unlock(&fleet->lock);
}

/* ---- health: once a second, for other threads to read ---- */

static void look(struct timer *timer)
{
    struct journal_fleet *fleet = LIST_ITEM(timer, struct journal_fleet, health);
    bool up = kafka_out_healthy(fleet->kafka);
    for (size_t i = 0; i < fleet->servers.count; i++)
        up = up && redis_link_is_up(fleet->links[i]);
    pthread_mutex_lock(&fleet->lock);
    fleet->up = up;
    pthread_mutex_unlock(&fleet->lock);
    timer_start(fleet->loop, timer, HEALTH_MS, look);
}

/* ---- opening ---- */

static enum err open_store(void *arg, void **context)
{
    const struct journal_options *options = arg;
    struct store *store;
    enum err err = store_open(options->store_url, &store);
    if (err != ERR_NONE)
        return err;
    err = store_follow(store, options->redis);
    if (err != ERR_NONE)
        store_close(store);
    *context = store;
    return err;
}

static void close_store(void *context)
{
    store_close(context);
}

static enum err open_parts(struct journal_fleet *fleet)
{
    const struct pool_options pool = {
        .name = "journal-store",
        .threads = STORE_THREADS,
        .queue_max = FLEET_PENDING_MAX,
        .open = open_store,
        .close = close_store,
        .arg = &fleet->options,
    };
    if (redis_servers_parse(fleet->options.redis, &fleet->servers) != ERR_NONE)
        return ERR_INVALID;
    const enum err err = pool_create(&pool, &fleet->stores);
    if (err != ERR_NONE)
        return err;
    fleet->kafka = kafka_out_open(fleet->loop, fleet->options.kafka);
    if (fleet->kafka == NULL)
        return ERR_INVALID;
    const struct redis_link_options link = {.sequencing = true};
    for (size_t i = 0; i < fleet->servers.count; i++)
        fleet->links[i] = redis_link_open(fleet->loop, &fleet->servers.items[i], &link);
    return ERR_NONE;
}

static void destroy(struct journal_fleet *fleet)
{
    pool_destroy(fleet->stores);
    for (size_t i = 0; i < fleet->servers.count; i++)
        redis_link_close(fleet->links[i]);
    kafka_out_close(fleet->kafka);
    loop_destroy(fleet->loop);
    map_fini(&fleet->channels);
    pthread_mutex_destroy(&fleet->lock);
    mem_free(fleet);
}

static void *run(void *arg)
{
    struct journal_fleet *fleet = arg;
    loop_run(fleet->loop);
    return NULL;
}

static enum err fleet_open(const char *rest, const struct journal_options *options,
                           struct journal **out)
{
    (void)rest;
    struct journal_fleet *fleet = mem_zalloc(sizeof(*fleet));
    fleet->base.driver = &journal_driver_fleet;
    fleet->options = *options;
    fleet->loop = loop_create();
    pthread_mutex_init(&fleet->lock, NULL);
    const enum err err = open_parts(fleet);
    if (err != ERR_NONE) {
        destroy(fleet);
        return err;
    }
    timer_start(fleet->loop, &fleet->health, HEALTH_MS, look);
    const int rc = pthread_create(&fleet->thread, NULL, run, fleet);
    assert(rc == 0);
    pthread_setname_np(fleet->thread, "journal");
    *out = &fleet->base;
    return ERR_NONE;
}

/* ---- closing: what is under way is waited for, but not for ever ---- */

static void on_stop_timer(struct timer *timer)
{
    loop_stop(LIST_ITEM(timer, struct journal_fleet, stop_timer)->loop);
}

static void begin_stop(struct task *task)
{
    struct journal_fleet *fleet = LIST_ITEM(task, struct journal_fleet, stop);
    fleet->stopping = true;
    if (fleet->pending == 0)
        loop_stop(fleet->loop);
    else
        timer_start(fleet->loop, &fleet->stop_timer, STOP_MS, on_stop_timer);
}

static void fleet_close(struct journal *base)
{
    struct journal_fleet *fleet = fleet_of(base);
    fleet->stop.run = begin_stop;
    loop_post(fleet->loop, &fleet->stop);
    pthread_join(fleet->thread, NULL);
    timer_stop(fleet->loop, &fleet->stop_timer);
    timer_stop(fleet->loop, &fleet->health);
    destroy(fleet);
}

const struct journal_driver journal_driver_fleet = {
    .scheme = "fleet",
    .open = fleet_open,
    .close = fleet_close,
    .append = append,
    .stats = stats,
};
