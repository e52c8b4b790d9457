/* One loop with everything that lives on it. */

#include "main/worker.h"

#include <assert.h>

#include "base/mem.h"
#include "bus/bus.h"
#include "ev/loop.h"
#include "httpd/httpd.h"
#include "net/net.h"
#include "net/tls.h"
#include "presence/presence.h"
#include "rpc/rpc.h"

#define PIN_MS 1000u
#define DRAIN_CHECK_MS 100u

struct worker {
    const struct worker_shared *shared;
    unsigned index;
    pthread_t thread;
    struct loop *loop;
    struct net *net;
    struct httpd *httpd;
    struct listener *listener;
    struct chat chat;
    struct edge *edge;
    struct api *api;
    struct timer pin;

    /* Stopping. */
    struct task command;
    struct timer drain;
    uint64_t drain_until_ms;
    struct worker_drain how;
    struct loop *idle_loop;
    struct task *idle;
};

static void pin(struct timer *timer)
{
    struct worker *worker = LIST_ITEM(timer, struct worker, pin);
    board_pin(worker->shared->board, worker->index, edge_stats(worker->edge),
              net_stats(worker->net));
    timer_start(worker->loop, timer, PIN_MS, pin);
}

static void *run(void *arg)
{
    struct worker *worker = arg;
    pin(&worker->pin); /* and from then on by its timer: who asks early is told the truth as well */
    loop_run(worker->loop);
    return NULL;
}

/* ---- how many from one address ---- */

static bool admit(const struct address *peer, void *limits)
{
    return limits_enter(limits, OPEN_HTTP_FROM, address_key(peer));
}

static void gone(const struct address *peer, void *limits)
{
    limits_leave(limits, OPEN_HTTP_FROM, address_key(peer));
}

/* ---- life cycle ---- */

void worker_destroy(struct worker *worker)
{
    listener_close(worker->listener);
    loop_run_posted(worker->loop); /* the last answers of pools and journal */
    edge_destroy(worker->edge);
    api_destroy(worker->api);
    httpd_destroy(worker->httpd);
    chat_fini(&worker->chat);
    presence_close(worker->chat.presence);
    bus_close(worker->chat.bus);
    net_destroy(worker->net);
    loop_destroy(worker->loop);
    mem_free(worker);
}

enum err worker_start(const struct worker_shared *shared, unsigned index, struct worker **out)
{
    struct worker *worker = mem_zalloc(sizeof(*worker));
    worker->shared = shared;
    worker->index = index;
    worker->loop = loop_create();
    worker->net = net_create(worker->loop);
    if (shared->tls != NULL)
        net_set_tls(worker->net, shared->tls);
    const struct httpd_options http = {
        .body_max = RPC_TEXT_MAX,
        .head_ms = shared->http_head_ms,
        .body_ms = shared->http_body_ms,
        .idle_ms = shared->http_idle_ms,
        .trusted = &shared->trusted_proxies,
        .admit = admit,
        .gone = gone,
        .arg = shared->limits,
    };
    worker->httpd = httpd_create(worker->net, &http);
    worker->chat = (struct chat){.loop = worker->loop,
                                 .journal = shared->journal,
                                 .stores = shared->stores,
                                 .passwords = shared->passwords,
                                 .limits = shared->limits,
                                 .options = &shared->chat};
    chat_init(&worker->chat);
    worker->edge = edge_create(&worker->chat, worker->net, &shared->edge);
    worker->api = api_create(&worker->chat, &shared->api);
    api_attach_health(worker->api, worker->httpd);
    if (shared->serves_edge)
        edge_attach(worker->edge, worker->httpd);
    if (shared->serves_api)
        api_attach(worker->api, worker->httpd);

    enum err err = bus_open(worker->loop, shared->bus_url, &worker->chat.bus);
    if (err == ERR_NONE)
        err = presence_open(worker->loop, worker->chat.bus, shared->presence_url,
                            &worker->chat.presence);
    if (err == ERR_NONE)
        edge_follow(worker->edge);
    if (err == ERR_NONE)
        err = listener_open(worker->loop, &shared->address, httpd_accept, worker->httpd,
                            &worker->listener);
    if (err != ERR_NONE) {
        worker_destroy(worker);
        return err;
    }
    const int rc = pthread_create(&worker->thread, NULL, run, worker);
    assert(rc == 0);
    pthread_setname_np(worker->thread, "loop");
    *out = worker;
    return ERR_NONE;
}

/* ---- another certificate ---- */

struct new_tls {
    struct task task;
    struct worker *worker;
    struct tls_context *context;
};

static void set_tls(struct task *task)
{
    struct new_tls *new_tls = LIST_ITEM(task, struct new_tls, task);
    net_set_tls(new_tls->worker->net, new_tls->context);
    tls_context_unref(new_tls->context);
    mem_free(new_tls);
}

void worker_set_tls(struct worker *worker, struct tls_context *context)
{
    struct new_tls *new_tls = mem_alloc(sizeof(*new_tls));
    *new_tls = (struct new_tls){{NULL, set_tls}, worker, tls_context_ref(context)};
    loop_post(worker->loop, &new_tls->task);
}

/* ---- stopping ---- */

/* Whether nobody is there and nothing is under way, also not for those who have gone. */
static bool is_idle(const struct worker *worker)
{
    return net_stats(worker->net)->connections == 0 && httpd_connections(worker->httpd) == 0 &&
           edge_idle(worker->edge);
}

static void check_drained(struct timer *timer)
{
    struct worker *worker = LIST_ITEM(timer, struct worker, drain);
    const bool idle = is_idle(worker);
    if (idle || loop_now_ms(worker->loop) >= worker->drain_until_ms)
        loop_post(worker->idle_loop, worker->idle);
    else
        timer_start(worker->loop, timer, DRAIN_CHECK_MS, check_drained);
}

static void send_away(struct timer *timer)
{
    struct worker *worker = LIST_ITEM(timer, struct worker, drain);
    listener_close(worker->listener);
    worker->listener = NULL;
    httpd_drain(worker->httpd);
    edge_drain(worker->edge, worker->how.window_ms, worker->how.at_once);
    check_drained(&worker->drain);
}

static void begin_drain(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, command);
    worker->drain_until_ms = loop_now_ms(worker->loop) + worker->how.timeout_ms;
    api_drain(worker->api);
    if (worker->how.grace_ms == 0)
        send_away(&worker->drain);
    else
        timer_start(worker->loop, &worker->drain, worker->how.grace_ms, send_away);
}

void worker_drain(struct worker *worker, const struct worker_drain *drain, struct loop *loop,
                  struct task *idle)
{
    worker->how = *drain;
    worker->idle_loop = loop;
    worker->idle = idle;
    worker->command.run = begin_drain;
    loop_post(worker->loop, &worker->command);
}

static void stop_loop(struct task *task)
{
    struct worker *worker = LIST_ITEM(task, struct worker, command);
    timer_stop(worker->loop, &worker->pin);
    loop_stop(worker->loop);
}

bool worker_stop(struct worker *worker)
{
    worker->command.run = stop_loop;
    loop_post(worker->loop, &worker->command);
    pthread_join(worker->thread, NULL);
    return is_idle(worker);
}
