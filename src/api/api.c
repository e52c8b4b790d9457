/* The HTTP side: operations, health, metrics. */

#include "api/api.h"

#include "api/api_parts.h"
#include "base/mem.h"
#include "chat/chat.h"
#include "ev/pool.h"
#include "httpd/httpd.h"
#include "proto/http1.h"
#include "store/store.h"

/* ---- health ---- */

static bool is_get(struct http_exchange *x)
{
    const struct slice method = http_exchange_request(x)->method;
    if (slice_eq(method, SLICE("GET")) || slice_eq(method, SLICE("HEAD")))
        return true;
    http_answer_header(x, SLICE("Allow"), SLICE("GET, HEAD"));
    http_answer_text(x, 405, "Only GET works here.");
    return false;
}

static void on_healthz(struct http_exchange *x, void *arg)
{
    const struct api *api = arg;
    if (!is_get(x))
        return;
    http_answer_header(x, SLICE("Cache-Control"), SLICE("no-store"));
    if (api->draining)
        http_answer_text(x, 404, "draining"); /* 404 is what makes HAProxy drain us */
    else
        http_answer_text(x, 200, "ok");
}

/* Checking writes to the disk: once a second is enough, whoever asks. */
#define READY_MS 1000u

struct ready_check {
    struct job job;
    struct api *api;
    struct http_exchange *x;
    enum err err;
};

static void check_ready(struct job *job, void *store)
{
    LIST_ITEM(job, struct ready_check, job)->err = store_check(store);
}

static void say_ready(struct http_exchange *x, enum err err)
{
    http_answer_header(x, SLICE("Cache-Control"), SLICE("no-store"));
    if (err == ERR_NONE)
        http_answer_text(x, 200, "ready");
    else
        http_answer_text(x, 503, "The store cannot be used.");
}

static void answer_ready(struct job *job)
{
    struct ready_check *check = LIST_ITEM(job, struct ready_check, job);
    /* Only good news are kept: whoever waits for them hears at once. */
    check->api->ready_ms = check->err == ERR_NONE ? loop_now_ms(check->api->chat->loop) : 0;
    say_ready(check->x, check->err);
    mem_free(check);
}

static void on_readyz(struct http_exchange *x, void *arg)
{
    struct api *api = arg;
    if (!is_get(x))
        return;
    if (api->ready_ms != 0 && loop_now_ms(api->chat->loop) - api->ready_ms < READY_MS) {
        say_ready(x, ERR_NONE);
        return;
    }
    struct ready_check *check = mem_zalloc(sizeof(*check));
    check->api = api;
    check->x = x;
    const enum err err =
        pool_submit(api->chat->stores, api->chat->loop, &check->job, check_ready, answer_ready);
    if (err == ERR_NONE)
        return; /* check->err is the other thread's now */
    check->err = err;
    answer_ready(&check->job);
}

static void on_metrics(struct http_exchange *x, void *arg)
{
    const struct api *api = arg;
    if (!is_get(x))
        return;
    struct buf text = {0};
    api->options->metrics(&text, api->options->metrics_arg);
    http_answer_header(x, SLICE("Cache-Control"), SLICE("no-store"));
    http_answer(x, 200, SLICE("text/plain; version=0.0.4; charset=utf-8"), buf_slice(&text));
    buf_fini(&text);
}

/* ---- life cycle ---- */

struct api *api_create(struct chat *chat, const struct api_options *options)
{
    struct api *api = mem_zalloc(sizeof(*api));
    api->chat = chat;
    api->options = options;
    return api;
}

void api_destroy(struct api *api)
{
    mem_free(api);
}

void api_attach_health(struct api *api, struct httpd *httpd)
{
    httpd_route(httpd, SLICE("/healthz"), on_healthz, api);
    httpd_route(httpd, SLICE("/readyz"), on_readyz, api);
    httpd_route(httpd, SLICE("/metrics"), on_metrics, api);
}

void api_attach(struct api *api, struct httpd *httpd)
{
    httpd_route(httpd, SLICE("/api/v1/"), api_on_operation, api);
    httpd_route(httpd, SLICE("/api/"), api_on_unknown, api);
    httpd_route(httpd, SLICE("/"), api_on_file, api);
    httpd_on_refusal(httpd, api_refusal);
}

void api_drain(struct api *api)
{
    api->draining = true;
}
