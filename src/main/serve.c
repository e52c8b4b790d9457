/* parley serve: the whole system in one process, on SQLite. */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "bus/bus.h"
#include "ev/loop.h"
#include "ev/pool.h"
#include "main/board.h"
#include "main/commands.h"
#include "main/data_dir.h"
#include "main/worker.h"
#include "store/store.h"

#define BUS_URL "proc:parley"
#define LOOPS_MAX 64u
#define STORE_QUEUE_MAX 10000u
#define PASSWORD_QUEUE_MAX 64u
#define DAY_US (24LL * 3600 * 1000000)

struct server;

/* A worker says that it has drained. */
struct drained {
    struct task task;
    struct server *server;
};

struct server {
    const struct config *config;
    struct data_dir data;
    struct buf store_url;
    struct bus *publisher; /* the journal thread's */
    struct worker_shared shared;
    struct worker *workers[LOOPS_MAX];
    unsigned workers_len;

    /* The main thread's loop waits for signals. */
    struct loop *loop;
    uv_signal_t signals[2];
    struct drained drained[LOOPS_MAX];
    unsigned busy; /* workers that drain */
    bool stopping;
};

/* ---- the journal's thread ---- */

static void publish(const struct event *const *events, size_t count, void *arg)
{
    struct bus *publisher = arg;
    struct bus_message *messages = mem_alloc(count * sizeof(*messages));
    for (size_t i = 0; i < count; i++)
        messages[i] =
            (struct bus_message){{BUS_CHANNEL, events[i]->channel}, event_encode(events[i])};
    /* Best effort: who misses one sees by `prev` that something is missing. */
    err_ignore(bus_publish(publisher, messages, count));
    for (size_t i = 0; i < count; i++)
        bytes_unref(messages[i].payload);
    mem_free(messages);
}

/* ---- set-up ---- */

static enum err open_store(void *arg, void **context)
{
    struct store *store;
    const enum err err = store_open(arg, &store);
    *context = store;
    return err;
}

static void close_store(void *context)
{
    store_close(context);
}

static enum err open_pools(struct server *server)
{
    struct pool_options options = {
        .name = "store",
        .threads = (unsigned)server->config->store_threads,
        .queue_max = STORE_QUEUE_MAX,
        .open = open_store,
        .close = close_store,
        .arg = (void *)(uintptr_t)buf_cstr(&server->store_url),
    };
    enum err err = pool_create(&options, &server->shared.stores);
    if (err != ERR_NONE)
        return err;
    options.name = "password";
    options.threads = (unsigned)server->config->password_threads;
    options.queue_max = PASSWORD_QUEUE_MAX;
    return pool_create(&options, &server->shared.passwords);
}

static enum err open_journal(struct server *server)
{
    enum err err = bus_open(NULL, BUS_URL, &server->publisher);
    if (err != ERR_NONE)
        return err;
    const struct journal_options options = {
        .store_url = buf_cstr(&server->store_url),
        .queue_max = server->config->journal_queue,
        .on_commit = publish,
        .on_commit_arg = server->publisher,
    };
    return journal_open("store:", &options, &server->shared.journal);
}

static void write_metrics(struct buf *out, void *arg)
{
    const struct server *server = arg;
    board_write(server->shared.board, server->shared.journal, out);
}

static void fill_options(struct server *server)
{
    const struct config *config = server->config;
    struct worker_shared *shared = &server->shared;
    shared->bus_url = BUS_URL;
    shared->chat = (struct chat_options){
        .accounts = {.argon2_passes = config->argon2_passes,
                     .argon2_bytes = (size_t)config->argon2_memory_kib * 1024u,
                     .session_us = (int64_t)config->session_days * DAY_US},
        .message_rate = (uint32_t)config->message_rate,
        .message_burst = (uint32_t)config->message_burst,
    };
    shared->edge = (struct edge_options){
        .hello_ms = config->hello_timeout_s * 1000u,
        .ping_ms = config->ping_s * 1000u,
        .pong_ms = config->pong_timeout_s * 1000u,
        .stall_ms = config->stall_timeout_s * 1000u,
        .allowed_origin = slice_str(config->allowed_origin),
        .version = SLICE(PARLEY_VERSION),
    };
    shared->api = (struct api_options){
        .allowed_origin = slice_str(config->allowed_origin),
        .session_us = shared->chat.accounts.session_us,
        .secure_cookies = config->secure_cookies,
        .metrics = write_metrics,
        .metrics_arg = server,
    };
}

static unsigned loops_wanted(const struct config *config)
{
    if (config->loops != 0)
        return (unsigned)config->loops;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 1)
        return 1;
    return processors > 16 ? 16 : (unsigned)processors;
}

static enum err start_workers(struct server *server)
{
    const unsigned wanted = loops_wanted(server->config);
    server->shared.board = board_create(wanted);
    while (server->workers_len < wanted) {
        const enum err err = worker_start(&server->shared, server->workers_len,
                                          &server->workers[server->workers_len]);
        if (err != ERR_NONE)
            return err;
        server->workers_len++;
    }
    return ERR_NONE;
}

/* ---- what to tell the operator when it does not start ---- */

static void complain_address(const struct config *config, enum err err)
{
    switch (err) {
    case ERR_EXISTS:
        fprintf(stderr,
                "parley: something listens on %s already. Stop it, or choose another address: "
                "--listen 127.0.0.1:8081\n",
                config->listen);
        break;
    case ERR_FORBIDDEN:
        fprintf(stderr,
                "parley: listening on %s takes more rights. Ports from 1024 on do not: "
                "--listen :8080\n",
                config->listen);
        break;
    default:
        fprintf(stderr,
                "parley: cannot listen on \"%s\". Give an address of this machine with a port: "
                "--listen 127.0.0.1:8080\n",
                config->listen);
        break;
    }
}

static void complain_store(const struct config *config, enum err err)
{
    const char *why = "it cannot be opened; look at the log above";
    if (err == ERR_CORRUPT)
        why = "parley.db is not a database of Parley's, or it is damaged";
    else if (err == ERR_FORBIDDEN)
        why = "parley.db was written by a newer Parley; start that one";
    else if (err == ERR_DISK_FULL)
        why = "the disk is full";
    else if (err == ERR_IO)
        why = "the disk or the file system gives errors, or the rights are missing";
    fprintf(stderr, "parley: the data in %s cannot be used: %s.\n", config->data, why);
}

/* ---- stopping ---- */

static void close_signals(struct server *server)
{
    for (size_t i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&server->signals[i], NULL);
    loop_stop(server->loop);
}

static void on_drained(struct task *task)
{
    struct server *server = LIST_ITEM(task, struct drained, task)->server;
    if (--server->busy == 0)
        close_signals(server);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    if (server->stopping) {
        log_warn("stopping at once");
        _exit(1);
    }
    log_info("stopping", LOG_U64("signal", (uint64_t)number));
    server->stopping = true;
    server->busy = server->workers_len;
    for (unsigned i = 0; i < server->workers_len; i++) {
        server->drained[i] = (struct drained){{NULL, on_drained}, server};
        worker_drain(server->workers[i], server->config->stop_timeout_s * 1000u, server->loop,
                     &server->drained[i].task);
    }
}

/* Wait for SIGTERM or Ctrl-C and send the clients away. */
static void run_until_stopped(struct server *server)
{
    static const int numbers[2] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(loop_uv(server->loop), &server->signals[i]);
        server->signals[i].data = server;
        uv_signal_start(&server->signals[i], on_signal, numbers[i]);
    }
    printf("Parley " PARLEY_VERSION " is ready at http://%s%s%s:%u (data in %s)\n",
           strchr(server->shared.address.host, ':') != NULL ? "[" : "", server->shared.address.host,
           strchr(server->shared.address.host, ':') != NULL ? "]" : "", server->shared.address.port,
           server->config->data);
    (void)fflush(stdout);
    loop_run(server->loop);
}

/*
 * First nobody asks for anything any more, then what was asked for is done, then all is freed.
 * Clients that outlived the time limit leave things under way: then the end of the process frees
 * them.
 */
static void stop(struct server *server)
{
    bool idle = true;
    for (unsigned i = 0; i < server->workers_len; i++)
        idle = worker_stop(server->workers[i]) && idle;
    pool_destroy(server->shared.stores);
    pool_destroy(server->shared.passwords);
    journal_close(server->shared.journal);
    if (!idle) {
        log_warn("some clients were cut off");
        _exit(0);
    }
    for (unsigned i = 0; i < server->workers_len; i++)
        worker_destroy(server->workers[i]);
    bus_close(server->publisher);
    board_destroy(server->shared.board);
    buf_fini(&server->store_url);
    data_dir_close(&server->data);
    loop_destroy(server->loop);
}

int command_serve(const struct config *config)
{
    struct server server_here = {.config = config};
    struct server *server = &server_here;
    fill_options(server);
    enum err err = listen_address_parse(config->listen, &server->shared.address);
    if (err == ERR_NONE)
        err = listen_address_claim(&server->shared.address);
    if (err != ERR_NONE) {
        complain_address(config, err);
        return 1;
    }
    if (!data_dir_open(&server->data, config->data, true))
        return 1;
    data_dir_store_url(&server->data, &server->store_url);
    server->loop = loop_create();
    err = open_pools(server);
    if (err == ERR_NONE)
        err = open_journal(server);
    if (err != ERR_NONE) {
        complain_store(config, err);
        stop(server);
        return 1;
    }
    err = start_workers(server);
    if (err != ERR_NONE)
        complain_address(config, err);
    else
        run_until_stopped(server);
    stop(server);
    return err == ERR_NONE ? 0 : 1;
}
