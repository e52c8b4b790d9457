/* Asking all sentinels at once, on a loop (hiredis below). */

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "base/mem.h"
#include "ev/loop.h"
#include "redis/attach.h"
#include "redis/sentinel.h"

/* One sentinel that is asked. */
struct asking {
    struct redis_finder *finder;
    redisAsyncContext *context; /* NULL: it is over */
    struct redis_host host;     /* what it has answered so far */
};

struct redis_finder {
    struct loop *loop;
    const struct redis_address *address;
    redis_found_fn *fn; /* NULL: it was called, or is not wanted any more */
    void *arg;
    struct timer timer;
    struct sentinel_poll poll;
    size_t open; /* contexts: the finder lives until none is left */
    struct asking asked[REDIS_SENTINELS_MAX];
};

/* ---- the end ---- */

static void hang_up(struct redis_finder *finder)
{
    timer_stop(finder->loop, &finder->timer);
    finder->fn = NULL;
    finder->open++; /* so that it is not freed meanwhile */
    for (size_t i = 0; i < finder->address->sentinels_len; i++) {
        if (finder->asked[i].context != NULL)
            redisAsyncFree(finder->asked[i].context); /* on_gone() now or soon */
    }
    if (--finder->open == 0)
        mem_free(finder);
}

static void finish(struct redis_finder *finder)
{
    redis_found_fn *fn = finder->fn;
    void *arg = finder->arg;
    const struct sentinel_poll poll = finder->poll;
    hang_up(finder);
    fn(poll.found ? &poll.primary : NULL, arg);
}

void redis_find_cancel(struct redis_finder *finder)
{
    if (finder != NULL)
        hang_up(finder);
}

static void on_timer(struct timer *timer)
{
    finish(LIST_ITEM(timer, struct redis_finder, timer));
}

static void on_gone(void *arg)
{
    struct asking *asking = arg;
    struct redis_finder *finder = asking->finder;
    asking->context = NULL;
    finder->open--;
    if (finder->open > 0)
        return;
    if (finder->fn != NULL)
        finish(finder); /* nobody is left who could answer */
    else
        mem_free(finder);
}

/* ---- one sentinel ---- */

static void on_host(redisAsyncContext *context, void *reply, void *unused)
{
    (void)unused;
    struct asking *asking = context->data;
    const struct redis_value value = redis_value_of(reply);
    asking->host = sentinel_host(&value);
}

static void on_master(redisAsyncContext *context, void *reply, void *unused)
{
    (void)unused;
    struct asking *asking = context->data;
    struct redis_finder *finder = asking->finder;
    const struct redis_value value = redis_value_of(reply);
    if (reply == NULL || finder->fn == NULL)
        return;
    sentinel_hear(&finder->poll, &asking->host, &value);
    if (sentinel_enough(&finder->poll, finder->address))
        finish(finder);
}

static void ask(struct redis_finder *finder, size_t index)
{
    const struct redis_address *address = finder->address;
    struct asking *asking = &finder->asked[index];
    asking->finder = finder;
    asking->context = redis_attach(finder->loop, address->sentinels[index].name,
                                   address->sentinels[index].port, on_gone, asking);
    if (asking->context == NULL)
        return;
    finder->open++;
    if (address->sentinel_password[0] != '\0')
        (void)redisAsyncCommand(asking->context, NULL, NULL, "AUTH %s", address->sentinel_password);
    (void)redisAsyncCommand(asking->context, on_host, NULL, "SENTINEL GET-MASTER-ADDR-BY-NAME %s",
                            address->primary);
    (void)redisAsyncCommand(asking->context, on_master, NULL, "SENTINEL MASTER %s",
                            address->primary);
}

struct redis_finder *redis_find(struct loop *loop, const struct redis_address *address,
                                redis_found_fn *fn, void *arg)
{
    struct redis_finder *finder = mem_zalloc(sizeof(*finder));
    finder->loop = loop;
    finder->address = address;
    finder->fn = fn;
    finder->arg = arg;
    for (size_t i = 0; i < address->sentinels_len; i++)
        ask(finder, i);
    timer_start(loop, &finder->timer, finder->open > 0 ? SENTINEL_WAIT_MS : 0, on_timer);
    return finder;
}
