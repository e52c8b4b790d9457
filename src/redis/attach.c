/* hiredis on a loop: libuv tells when a socket is ready. */

#include "redis/attach.h"

#include <assert.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <uv.h>

#include "base/mem.h"
#include "ev/loop.h"

#define READS_MAX 1024u /* of 16 KiB */

/* libuv for one hiredis context. */
struct watch {
    uv_poll_t poll;
    redisAsyncContext *context; /* NULL: hiredis is done with it */
    int events;
    redis_gone_fn *gone;
    void *arg;
};

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    /*
     * An error of the socket comes as a status, once. What has arrived before it is read first:
     * these replies tell what has happened. The error is found behind them.
     */
    for (unsigned i = 0; status < 0 && watch->context != NULL && i < READS_MAX; i++)
        redisAsyncHandleRead(watch->context);
    if (watch->context != NULL && (status < 0 || (events & UV_WRITABLE) != 0))
        redisAsyncHandleWrite(watch->context);
    if (watch->context != NULL && (events & UV_READABLE) != 0)
        redisAsyncHandleRead(watch->context);
}

/*
 * hiredis asks for each command again. Starting a poll anew forgets what this turn has seen of the
 * socket: a loop that sends something in every turn would never come to write or read.
 */
static void change(struct watch *watch, int add, int remove)
{
    const int events = (watch->events | add) & ~remove;
    if (events == watch->events)
        return;
    watch->events = events;
    if (events == 0)
        uv_poll_stop(&watch->poll);
    else
        (void)uv_poll_start(&watch->poll, watch->events, on_ready);
}

static void add_read(void *watch)
{
    change(watch, UV_READABLE, 0);
}

static void del_read(void *watch)
{
    change(watch, 0, UV_READABLE);
}

static void add_write(void *watch)
{
    change(watch, UV_WRITABLE, 0);
}

static void del_write(void *watch)
{
    change(watch, 0, UV_WRITABLE);
}

static void on_watch_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

static void cleanup(void *arg)
{
    struct watch *watch = arg;
    watch->context = NULL;
    uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
    watch->gone(watch->arg);
}

struct redisAsyncContext *redis_attach(struct loop *loop, const char *host, unsigned port,
                                       redis_gone_fn *gone, void *arg)
{
    redisAsyncContext *context = redisAsyncConnect(host, (int)port);
    if (context == NULL || context->err != 0) {
        if (context != NULL)
            redisAsyncFree(context);
        return NULL;
    }
    (void)redisEnableKeepAlive(&context->c);
    struct watch *watch = mem_zalloc(sizeof(*watch));
    watch->context = context;
    watch->gone = gone;
    watch->arg = arg;
    const int rc = uv_poll_init(loop_uv(loop), &watch->poll, context->c.fd);
    assert(rc == 0);
    watch->poll.data = watch;
    context->ev.data = watch;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = cleanup;
    context->data = arg;
    return context;
}
