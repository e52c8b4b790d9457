/* One connection to one Redis server that keeps itself up. */

#include "redis/link.h"

#include <assert.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "redis/attach.h"
#include "redis/script.h"
#include "redis/sentinel.h"

#define CONNECT_MS 3000u
#define RETRY_MIN_MS 100u
#define RETRY_MAX_MS 2000u
#define RETRY_SENTINELS_MS 500u /* they know a new primary before the old one can be reached */
#define WORDS_MAX 24u

/* How often a server and its sentinels are asked, and how many questions in a row may stay without
 * an answer. They are counted, not timed: a process that stood still must not blame the server. */
#define LOOK_MS 1000u
#define SILENT_MAX 5u

/*
 * After a failover the old primary may go on for a while. Everybody else leaves it when the
 * sentinels are asked the next time; until that is certain nothing is placed at the new one.
 */
#define SETTLE_MS (4u * LOOK_MS)

/* For how long a link that leaves waits for the replies that are under way. */
#define LEAVE_MS 1000u

enum link_state {
    LINK_WAITING,    /* to connect again */
    LINK_FINDING,    /* the primary, by its sentinels */
    LINK_CONNECTING, /* or shaking hands */
    LINK_SETTLING,
    LINK_UP,
    LINK_LEAVING, /* takes nothing more, but waits for replies: what they tell has happened */
    LINK_CLOSED,
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

    struct redis_primary primary; /* where it connects; without sentinels epoch 0, age 0 */
    struct redis_finder *finder;  /* asking the sentinels; NULL: not now */
    bool lost_sentinels;          /* no sentinel could tell, and that is logged */
    struct timer look;
    unsigned silent; /* questions in a row without an answer */
    size_t waiting;  /* replies */
};

struct pending {
    redis_reply_fn *fn;
    void *arg;
};

static void start(struct redis_link *link);
static void on_timer(struct timer *timer);
static void on_look(struct timer *timer);

/* ---- commands ---- */

static void on_reply(redisAsyncContext *context, void *reply, void *arg)
{
    struct redis_link *link = context->data;
    struct pending *pending = arg;
    const struct redis_value value = redis_value_of(reply);
    if (reply != NULL)
        link->silent = 0;
    link->waiting--;
    if (pending->fn != NULL)
        pending->fn(reply == NULL ? NULL : &value, pending->arg);
    mem_free(pending);
    if (link->state == LINK_LEAVING && link->waiting == 0)
        redis_link_reset(link);
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
    if (!send_words(link, on_reply, pending, count, words)) {
        mem_free(pending);
        return false;
    }
    link->waiting++;
    return true;
}

bool redis_link_send(struct redis_link *link, redis_reply_fn *fn, void *arg, size_t count,
                     const struct slice *words)
{
    return link->state == LINK_UP && send_command(link, fn, arg, count, words);
}

/* ---- handshake ---- */

static void note(const struct redis_link *link, enum log_level level, const char *event)
{
    log_write(level, event,
              LOG_FIELDS(LOG_STR("host", link->primary.host.name),
                         LOG_U64("port", link->primary.host.port)));
}

static void fail_handshake(struct redis_link *link, struct slice why)
{
    log_warn("redis refuses", LOG_STR("host", link->primary.host.name),
             LOG_U64("port", link->primary.host.port), LOG_SLICE("why", why));
    redis_link_reset(link);
}

static void come_up(struct redis_link *link)
{
    link->state = LINK_UP;
    note(link, LOG_INFO, "redis is up");
    if (link->options.up != NULL)
        link->options.up(link->options.arg);
}

static void handshake_done(struct redis_link *link)
{
    if (--link->handshakes > 0 || link->state != LINK_CONNECTING)
        return;
    timer_stop(link->loop, &link->timer);
    link->retry_ms = RETRY_MIN_MS;
    link->silent = 0;
    timer_start(link->loop, &link->look, LOOK_MS, on_look);
    /* Epoch 0: there was no failover yet, or there are no sentinels. */
    if (!link->options.sequencing || link->primary.epoch == 0 ||
        link->primary.age_ms >= SETTLE_MS) {
        come_up(link);
        return;
    }
    link->state = LINK_SETTLING;
    timer_start(link->loop, &link->timer, SETTLE_MS - link->primary.age_ms, on_timer);
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
    if (reply->type == REDIS_VALUE_ERROR) {
        fail_handshake(link, reply->text);
        return;
    }
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
    link->handshakes = 2;
    if (link->address.password[0] != '\0') {
        link->handshakes++;
        (void)send_command(link, on_step, link, 2, auth);
    }
    (void)send_command(link, on_info, link, 1, info);
    if (link->options.sequencing || link->options.presence) {
        link->handshakes++;
        (void)send_command(link, on_step, link, 4, load);
    }
    (void)send_command(link, on_step, link, 3, name);
}

/* ---- looking whether it is still there, and still the primary ---- */

static void leave(struct redis_link *link)
{
    if (link->state != LINK_UP || link->waiting == 0) {
        redis_link_reset(link);
        return;
    }
    link->state = LINK_LEAVING;
    timer_stop(link->loop, &link->look);
    timer_start(link->loop, &link->timer, LEAVE_MS, on_timer);
}

static void on_role(const struct redis_value *reply, void *arg)
{
    struct redis_link *link = arg;
    if (reply == NULL || reply->type != REDIS_VALUE_LIST ||
        slice_eq(redis_value_at(reply, 0).text, SLICE("master")))
        return;
    note(link, LOG_WARN, "redis is no primary any more");
    leave(link);
}

static void on_primary(const struct redis_primary *primary, void *arg)
{
    struct redis_link *link = arg;
    link->finder = NULL;
    if (primary == NULL || link->context == NULL ||
        !redis_primary_moved(primary, &link->primary.host, link->primary.epoch))
        return;
    note(link, LOG_WARN, "redis has failed over");
    leave(link);
}

static void on_look(struct timer *timer)
{
    struct redis_link *link = LIST_ITEM(timer, struct redis_link, look);
    const struct slice role[] = {SLICE("ROLE")};
    timer_start(link->loop, &link->look, LOOK_MS, on_look);
    if (link->address.sentinels_len > 0 && link->finder == NULL)
        link->finder = redis_find(link->loop, &link->address, on_primary, link);
    if (link->options.message != NULL)
        return;
    if (link->silent == SILENT_MAX) {
        note(link, LOG_WARN, "redis does not answer");
        redis_link_reset(link);
        return;
    }
    link->silent++;
    (void)send_command(link, on_role, link, 1, role);
}

/* ---- connection ---- */

static void on_timer(struct timer *timer)
{
    struct redis_link *link = LIST_ITEM(timer, struct redis_link, timer);
    if (link->state == LINK_WAITING)
        start(link);
    else if (link->state == LINK_SETTLING)
        come_up(link);
    else
        redis_link_reset(link); /* connecting, or leaving, took too long */
}

static void connect_later(struct redis_link *link)
{
    const uint64_t max_ms = link->address.sentinels_len > 0 ? RETRY_SENTINELS_MS : RETRY_MAX_MS;
    link->state = LINK_WAITING;
    timer_start(link->loop, &link->timer, link->retry_ms, on_timer);
    link->retry_ms = link->retry_ms * 2 < max_ms ? link->retry_ms * 2 : max_ms;
}

/* The context is gone, whatever the reason; all its replies have been called back. */
static void on_gone(void *arg)
{
    struct redis_link *link = arg;
    const bool was_up = link->state == LINK_UP || link->state == LINK_LEAVING;
    link->context = NULL;
    if (link->state == LINK_CLOSED) {
        mem_free(link);
        return;
    }
    if (was_up)
        note(link, LOG_WARN, "redis is down");
    timer_stop(link->loop, &link->timer);
    timer_stop(link->loop, &link->look);
    redis_find_cancel(link->finder);
    link->finder = NULL;
    connect_later(link);
    if (was_up && link->options.down != NULL)
        link->options.down(link->options.arg);
}

static void start_connecting(struct redis_link *link)
{
    const struct redis_host *host = &link->primary.host;
    link->context = redis_attach(link->loop, host->name, host->port, on_gone, link);
    if (link->context == NULL) {
        connect_later(link);
        return;
    }
    link->state = LINK_CONNECTING;
    timer_start(link->loop, &link->timer, CONNECT_MS, on_timer);
    shake_hands(link);
}

static void on_found(const struct redis_primary *primary, void *arg)
{
    struct redis_link *link = arg;
    link->finder = NULL;
    if (primary == NULL) {
        if (!link->lost_sentinels)
            log_warn("no sentinel knows the primary", LOG_STR("name", link->address.primary));
        link->lost_sentinels = true;
        connect_later(link);
        return;
    }
    link->lost_sentinels = false;
    link->primary = *primary;
    start_connecting(link);
}

static void start(struct redis_link *link)
{
    if (link->address.sentinels_len == 0) {
        link->primary.host = link->address.server;
        start_connecting(link);
        return;
    }
    link->state = LINK_FINDING;
    link->finder = redis_find(link->loop, &link->address, on_found, link);
}

void redis_link_reset(struct redis_link *link)
{
    /* Frees it at once, or after the callback that is running; on_gone() follows. */
    if (link->context != NULL)
        redisAsyncFree(link->context);
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
    timer_stop(link->loop, &link->look);
    redis_find_cancel(link->finder);
    link->finder = NULL;
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
    const struct redis_value reply = redis_value_of(arg);
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
