/* Token buckets and counts by key, for the whole process. */

#include "chat/limits.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>

#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "chat/rate.h"

#define NS_PER_MS 1000000u
#define SWEEP_FIRST 1024u

/*
 * Of each limit. Keys that are tried by guessing cost a password's hash each, which are some dozens
 * a second: nobody gets here with those before the first buckets are full again and swept out.
 */
#define BUCKETS_MAX 200000u

struct limits {
    pthread_mutex_t mutex;
    struct limits_options options;
    struct map open[LIMITS_OPEN_COUNT]; /* keyed hash of the key -> how many, as a uintptr_t */
    struct map buckets[LIMITS_COUNT];   /* keyed hash of the key -> struct rate */
    size_t sweep_at[LIMITS_COUNT];      /* so many buckets */
    uint8_t secret[crypto_shorthash_KEYBYTES];
};

struct limits *limits_create(const struct limits_options *options)
{
    struct limits *limits = mem_zalloc(sizeof(*limits));
    pthread_mutex_init(&limits->mutex, NULL);
    randombytes_buf(limits->secret, sizeof(limits->secret));
    limits->options = *options;
    for (size_t i = 0; i < LIMITS_COUNT; i++)
        limits->sweep_at[i] = SWEEP_FIRST;
    return limits;
}

/* Forget the buckets that are full again, or all of them. */
static void sweep(struct map *buckets, uint64_t now_ms, bool all)
{
    struct map kept = {0};
    size_t at = 0;
    uint64_t key;
    void *rate;
    while (map_next(buckets, &at, &key, &rate)) {
        if (all || rate_idle(rate, now_ms))
            mem_free(rate);
        else
            map_put(&kept, key, rate);
    }
    map_fini(buckets);
    *buckets = kept;
}

void limits_destroy(struct limits *limits)
{
    if (limits == NULL)
        return;
    for (size_t i = 0; i < LIMITS_COUNT; i++) {
        sweep(&limits->buckets[i], 0, true);
        map_fini(&limits->buckets[i]);
    }
    for (size_t i = 0; i < LIMITS_OPEN_COUNT; i++)
        map_fini(&limits->open[i]);
    pthread_mutex_destroy(&limits->mutex);
    mem_free(limits);
}

static void make_room(struct limits *limits, enum limit limit, uint64_t now_ms)
{
    struct map *buckets = &limits->buckets[limit];
    if (buckets->len < limits->sweep_at[limit])
        return;
    sweep(buckets, now_ms, false);
    if (buckets->len >= BUCKETS_MAX)
        sweep(buckets, now_ms, true);
    limits->sweep_at[limit] = buckets->len < SWEEP_FIRST / 2 ? SWEEP_FIRST : buckets->len * 2;
    if (limits->sweep_at[limit] > BUCKETS_MAX)
        limits->sweep_at[limit] = BUCKETS_MAX;
}

static uint64_t hash(const struct limits *limits, struct slice key)
{
    uint64_t out;
    crypto_shorthash((uint8_t *)&out, (const uint8_t *)key.ptr, key.len, limits->secret);
    return out;
}

/* The key's bucket, made when it is missing; with the lock. */
static struct rate *bucket(struct limits *limits, enum limit limit, struct slice key,
                           uint64_t now_ms)
{
    const uint64_t id = hash(limits, key);
    struct rate *rate = map_get(&limits->buckets[limit], id);
    if (rate == NULL) {
        const struct limit_rate *wanted = &limits->options.rates[limit];
        make_room(limits, limit, now_ms);
        rate = mem_alloc(sizeof(*rate));
        rate_init(rate, wanted->amount, wanted->period_ms, wanted->burst, now_ms);
        map_put(&limits->buckets[limit], id, rate);
    }
    return rate;
}

/* Read with the lock, for time must not run backwards from one loop to the next. */
static uint64_t now(void)
{
    return clock_mono_ns() / NS_PER_MS;
}

bool limits_take(struct limits *limits, enum limit limit, struct slice key,
                 uint64_t *retry_after_ms)
{
    pthread_mutex_lock(&limits->mutex);
    const uint64_t now_ms = now();
    struct rate *rate = bucket(limits, limit, key, now_ms);
    const bool taken = rate_take(rate, now_ms);
    if (!taken)
        *retry_after_ms = rate_wait_ms(rate);
    pthread_mutex_unlock(&limits->mutex);
    return taken;
}

void limits_give_back(struct limits *limits, enum limit limit, struct slice key)
{
    pthread_mutex_lock(&limits->mutex);
    rate_give_back(bucket(limits, limit, key, now()));
    pthread_mutex_unlock(&limits->mutex);
}

/* ---- what is open ---- */

bool limits_enter(struct limits *limits, enum limit_open open, struct slice key)
{
    pthread_mutex_lock(&limits->mutex);
    const uint64_t id = hash(limits, key);
    const uintptr_t count = (uintptr_t)map_get(&limits->open[open], id);
    const bool fits = count < limits->options.open_max[open];
    if (fits)
        map_put(&limits->open[open], id, (void *)(count + 1)); /* a number: never followed */
    pthread_mutex_unlock(&limits->mutex);
    return fits;
}

void limits_leave(struct limits *limits, enum limit_open open, struct slice key)
{
    pthread_mutex_lock(&limits->mutex);
    const uint64_t id = hash(limits, key);
    const uintptr_t count = (uintptr_t)map_get(&limits->open[open], id);
    assert(count > 0);
    if (count == 1)
        (void)map_remove(&limits->open[open], id);
    else
        map_put(&limits->open[open], id, (void *)(count - 1));
    pthread_mutex_unlock(&limits->mutex);
}
