/* One connection to one Redis server that keeps itself up. */

#include "redis/link.h"

#include <assert.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <string.h>
#include <uv.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "redis/script.h"

#define CONNECT_MS 3000u
#define RETRY_MIN_MS 100u
#define RETRY_MAX_MS 2000u
#define WORDS_MAX 24u

enum link_state {
    LINK_WAITING,    /* to connect again */
    LINK_CONNECTING, /* or shaking hands */
    LINK_UP,
    LINK_CLOSED,
};

/* libuv for one hiredis context. */
struct watch {
    uv_poll_t poll;
    redisAsyncContext *context; /* NULL: hiredis is done with it */
    int events;
};

struct redis_link {
    struct loop *loop;
    struct redis_address address;
    struct redis_link_options options;
    redisAsyncContext *context; /* NULL: none */
    struct timer timer;
    enum link_state state;
    uint64_t retry_ms;
    unsigned handshakes; /* replies that the handshake waits for */
    char boot[REDIS_BOOT_MAX];
};

struct pending {
    redis_reply_fn *fn;
    void *arg;
};

static void start_connecting(struct redis_link *link);

/* ---- replies without hiredis ---- */

static struct redis_value value_of(const redisReply *reply)
{
    struct redis_value value = {.type = REDIS_VALUE_NIL};
    if (reply == NULL)
        return value;
    switch (reply->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
        value.type = reply->type == REDIS_REPLY_ERROR ? REDIS_VALUE_ERROR : REDIS_VALUE_TEXT;
        value.text = slice_from(reply->str, reply->len);
        break;
    case REDIS_REPLY_INTEGER:
        value.type = REDIS_VALUE_NUMBER;
        value.number = reply->integer;
        break;
    case REDIS_REPLY_ARRAY:
        value.type = REDIS_VALUE_LIST;
        value.list = reply->element;
        value.count = reply->elements;
        break;
    default:
        break;
    }
    return value;
}

struct redis_value redis_value_at(const struct redis_value *list, size_t at)
{
    if (list->type != REDIS_VALUE_LIST || at >= list->count)
        return (struct redis_value){.type = REDIS_VALUE_NIL};
    return value_of(((const redisReply *const *)list->list)[at]);
}

/* ---- hiredis on libuv ---- */

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = poll->data;
    /* An error of the socket comes as a status: writing finds out which. */
    if (watch->context != NULL && (status < 0 || (events & UV_WRITABLE) != 0))
        redisAsyncHandleWrite(watch->context);
    if (watch->context != NULL && (status < 0 || (events & UV_READABLE) != 0))
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
}

static void attach(struct redis_link *link, redisAsyncContext *context)
{
    struct watch *watch = mem_zalloc(sizeof(*watch));
    watch->context = context;
    const int rc = uv_poll_init(loop_uv(link->loop), &watch->poll, context->c.fd);
    assert(rc == 0);
    watch->poll.data = watch;
    context->ev.data = watch;
    context->ev.addRead = add_read;
    context->ev.delRead = del_read;
    context->ev.addWrite = add_write;
    context->ev.delWrite = del_write;
    context->ev.cleanup = cleanup;
    context->data = link;
}

/* ---- commands ---- */

static void on_reply(redisAsyncContext *context, void *reply, void *arg)
{
    (void)context;
    struct pending *pending = arg;
    const struct redis_value value = value_of(reply);
    if (pending->fn != NULL)
        pending->fn(reply == NULL ? NULL : &value, pending->arg);
    mem_free(pending);
}

static bool send_words(struct redis_link *link, redisCallbackFn *fn, void *arg, size_t count,
                       const struct slice *words)
{
    const char *texts[WORDS_MAX];
    size_t lens[WORDS_MAX];
    assert(count <= WORDS_MAX);
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].ptr;
        lens[i] = words[i].len;
    }
    return redisAsyncCommandArgv(link->context, fn, arg, (int)count, texts, lens) == REDIS_OK;
}

static bool send_command(struct redis_link *link, redis_reply_fn *fn, void *arg, size_t count,
                         const struct slice *words)
{
    struct pending *pending = mem_alloc(sizeof(*pending));
    *pending = (struct pending){fn, arg};
    if (send_words(link, on_reply, pending, count, words))
        return true;
    mem_free(pending);
    return false;
}

bool redis_link_send(struct redis_link *link, redis_reply_fn *fn, void *arg, size_t count,
                     const struct slice *words)
{
    return link->state == LINK_UP && send_command(link, fn, arg, count, words);
}

/* ---- handshake ---- */

static void fail_handshake(struct redis_link *link, struct slice why)
{
    log_warn("redis refuses", LOG_STR("host", link->address.host),
             LOG_U64("port", link->address.port), LOG_SLICE("why", why));
    redis_link_reset(link);
}

static void handshake_done(struct redis_link *link)
{
    if (--link->handshakes > 0 || link->state != LINK_CONNECTING)
        return;
    timer_stop(link->loop, &link->timer);
    link->state = LINK_UP;
    link->retry_ms = RETRY_MIN_MS;
    log_info("redis is up", LOG_STR("host", link->address.host),
             LOG_U64("port", link->address.port));
    if (link->options.up != NULL)
        link->options.up(link->options.arg);
}

/* One step of the handshake was answered. */
static void on_step(const struct redis_value *reply, void *arg)
{
    struct redis_link *link = arg;
    if (reply == NULL || link->state != LINK_CONNECTING)
        return;
    if (reply->type == REDIS_VALUE_ERROR)
        fail_handshake(link, reply->text);
    else
        handshake_done(link);
}

/* The value behind "name:" in the text of INFO. */
static struct slice info_get(struct slice info, struct slice name)
{
    struct slice line;
    while (slice_cut(info, '\n', &line, &info)) {
        struct slice key;
        struct slice value;
        if (slice_cut(line, ':', &key, &value) && slice_eq(key, name)) {
            if (value.len > 0 && value.ptr[value.len - 1] == '\r')
                value.len--;
            return value;
        }
    }
    return SLICE_EMPTY;
}

static void on_info(const struct redis_value *reply, void *arg)
{
    struct redis_link *link = arg;
    if (reply == NULL || link->state != LINK_CONNECTING)
        return;
    const struct slice run_id = info_get(reply->text, SLICE("run_id"));
    const struct slice replication = info_get(reply->text, SLICE("master_replid"));
    if (!slice_eq(info_get(reply->text, SLICE("role")), SLICE("master")) || run_id.len == 0 ||
        run_id.len + replication.len + 2 > REDIS_BOOT_MAX) {
        fail_handshake(link, SLICE("it is no primary"));
        return;
    }
    struct buf boot = {0};
    buf_append(&boot, run_id);
    buf_byte(&boot, '.');
    buf_append(&boot, replication);
    memcpy(link->boot, buf_cstr(&boot), boot.len + 1);
    buf_fini(&boot);
    handshake_done(link);
}

static void shake_hands(struct redis_link *link)
{
    const struct slice auth[] = {SLICE("AUTH"), slice_str(link->address.password)};
    const struct slice name[] = {SLICE("CLIENT"), SLICE("SETNAME"), SLICE("parley")};
    const struct slice load[] = {SLICE("FUNCTION"), SLICE("LOAD"), SLICE("REPLACE"),
                                 link->options.presence ? redis_presence_script() : redis_script()};
    const struct slice info[] = {SLICE("INFO")};
    link->handshakes = 1;
    if (link->address.password[0] != '\0') {
        link->handshakes++;
        (void)send_command(link, on_step, link, 2, auth);
    }
    if (link->options.sequencing || link->options.presence) {
        link->handshakes += 2;
        (void)send_command(link, on_step, link, 4, load);
        (void)send_command(link, on_info, link, 1, info);
    }
    (void)send_command(link, on_step, link, 3, name);
}

/* ---- connection ---- */

static void on_timer(struct timer *timer)
{
    struct redis_link *link = LIST_ITEM(timer, struct redis_link, timer);
    if (link->state == LINK_WAITING)
        start_connecting(link);
    else
        redis_link_reset(link); /* connecting took too long */
}

static void connect_later(struct redis_link *link)
{
    link->state = LINK_WAITING;
    timer_start(link->loop, &link->timer, link->retry_ms, on_timer);
    link->retry_ms = link->retry_ms * 2 < RETRY_MAX_MS ? link->retry_ms * 2 : RETRY_MAX_MS;
}

/* The context is gone, whatever the reason; all its replies have been called back. */
static void lost(struct redis_link *link)
{
    const bool was_up = link->state == LINK_UP;
    link->context = NULL;
    if (link->state == LINK_CLOSED) {
        mem_free(link);
        return;
    }
    if (was_up)
        log_warn("redis is down", LOG_STR("host", link->address.host),
                 LOG_U64("port", link->address.port));
    connect_later(link);
    if (was_up && link->options.down != NULL)
        link->options.down(link->options.arg);
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
    (void)status;
    lost(context->data);
}

static void on_connect(const redisAsyncContext *context, int status)
{
    struct redis_link *link = context->data;
    if (status == REDIS_OK) {
        (void)redisEnableKeepAlive((redisContext *)(uintptr_t)&context->c);
        shake_hands(link);
    } else {
        lost(link); /* hiredis frees the context after this */
    }
}

static void start_connecting(struct redis_link *link)
{
    redisAsyncContext *context = redisAsyncConnect(link->address.host, link->address.port);
    if (context == NULL || context->err != 0) {
        if (context != NULL)
            redisAsyncFree(context);
        connect_later(link);
        return;
    }
    link->state = LINK_CONNECTING;
    link->context = context;
    attach(link, context);
    (void)redisAsyncSetConnectCallback(context, on_connect);
    (void)redisAsyncSetDisconnectCallback(context, on_disconnect);
    timer_start(link->loop, &link->timer, CONNECT_MS, on_timer);
}

void redis_link_reset(struct redis_link *link)
{
    redisAsyncContext *context = link->context;
    if (context == NULL)
        return;
    /* Frees at once, or after the callback that is running; on_disconnect() or lost() follows. */
    const bool connected = (context->c.flags & REDIS_CONNECTED) != 0;
    redisAsyncFree(context);
    if (!connected && link->context == context)
        lost(link);
}

struct redis_link *redis_link_open(struct loop *loop, const struct redis_address *address,
                                   const struct redis_link_options *options)
{
    struct redis_link *link = mem_zalloc(sizeof(*link));
    link->loop = loop;
    link->address = *address;
    link->options = *options;
    link->retry_ms = RETRY_MIN_MS;
    link->state = LINK_WAITING;
    timer_start(loop, &link->timer, 0, on_timer);
    return link;
}

void redis_link_close(struct redis_link *link)
{
    if (link == NULL)
        return;
    timer_stop(link->loop, &link->timer);
    link->state = LINK_CLOSED;
    if (link->context == NULL)
        mem_free(link);
    else
        redis_link_reset(link);
}

bool redis_link_is_up(const struct redis_link *link)
{
    return link->state == LINK_UP;
}

const char *redis_link_boot(const struct redis_link *link)
{
    return link->boot;
}

/* ---- subscriptions ---- */

static void on_message(redisAsyncContext *context, void *arg, void *unused)
{
    (void)unused;
    struct redis_link *link = context->data;
    const struct redis_value reply = value_of(arg);
    const struct redis_value kind = redis_value_at(&reply, 0);
    if (link == NULL || link->state != LINK_UP || !slice_eq(kind.text, SLICE("message")))
        return;
    link->options.message(redis_value_at(&reply, 1).text, redis_value_at(&reply, 2).text,
                          link->options.arg);
}

void redis_link_subscribe(struct redis_link *link, struct slice topic)
{
    const struct slice words[] = {SLICE("SUBSCRIBE"), topic};
    if (link->state == LINK_UP)
        (void)send_words(link, on_message, NULL, 2, words);
}

void redis_link_unsubscribe(struct redis_link *link, struct slice topic)
{
    const struct slice words[] = {SLICE("UNSUBSCRIBE"), topic};
    if (link->state == LINK_UP)
        (void)send_words(link, NULL, NULL, 2, words);
}
