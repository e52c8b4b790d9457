/*
 * One process of Parley, in any role: set up what the role needs, run until a signal comes, drain,
 * commit what was accepted, end.
 */

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
#include "main/certificate.h"
#include "main/commands.h"
#include "main/data_dir.h"
#include "main/process.h"
#include "main/worker.h"
#include "net/tls.h"
#include "persister/persister.h"
#include "redis/address.h"
#include "store/store.h"

#define LOCAL_BUS "proc:parley"
#define LOOPS_MAX 64u
#define SIGNALS 3u
#define STORE_QUEUE_MAX 10000u
#define PASSWORD_QUEUE_MAX 64u
#define DAY_US (24LL * 3600 * 1000000)

struct process;

/* A worker says that it has drained. */
struct drained {
    struct task task;
    struct process *process;
};

struct process {
    const struct config *config;
    const struct process_role *role;
    struct data_dir data;
    struct buf store_url;
    struct buf bus_url;
    struct buf presence_url;
    struct persister *persister;
    struct bus *publisher; /* the journal thread's */
    struct worker_shared shared;
    struct worker *workers[LOOPS_MAX];
    unsigned workers_len;

    /* The main thread's loop waits for signals. */
    struct loop *loop;
    uv_signal_t signals[SIGNALS];
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
    struct process *process = arg;
    struct store *store;
    enum err err = store_open(buf_cstr(&process->store_url), &store);
    if (err != ERR_NONE)
        return err;
    if (process->role->fleet)
        err = store_follow(store, process->config->redis);
    if (err != ERR_NONE)
        store_close(store);
    *context = store;
    return err;
}

static void close_store(void *context)
{
    store_close(context);
}

static enum err open_pools(struct process *process)
{
    struct pool_options options = {
        .name = "store",
        .threads = (unsigned)process->config->store_threads,
        .queue_max = STORE_QUEUE_MAX,
        .open = open_store,
        .close = close_store,
        .arg = process,
    };
    enum err err = pool_create(&options, &process->shared.stores);
    if (err != ERR_NONE)
        return err;
    options.name = "password";
    options.threads = (unsigned)process->config->password_threads;
    options.queue_max = PASSWORD_QUEUE_MAX;
    return pool_create(&options, &process->shared.passwords);
}

static enum err open_journal(struct process *process)
{
    struct journal_options options = {
        .store_url = buf_cstr(&process->store_url),
        .redis = process->config->redis,
        .kafka = process->config->kafka,
        .queue_max = process->config->journal_queue,
    };
    if (process->role->fleet)
        return journal_open("fleet:", &options, &process->shared.journal);
    const enum err err = bus_open(NULL, LOCAL_BUS, &process->publisher);
    if (err != ERR_NONE)
        return err;
    options.on_commit = publish;
    options.on_commit_arg = process->publisher;
    return journal_open("store:", &options, &process->shared.journal);
}

static enum err start_persister(struct process *process)
{
    const struct persister_options options = {
        .store_url = buf_cstr(&process->store_url),
        .redis = process->config->redis,
        .kafka = process->config->kafka,
        .name = process->config->name,
        .partitions = (int32_t)process->config->partitions,
        .replicas = (int32_t)process->config->replicas,
    };
    return persister_start(&options, &process->persister);
}

/* What the role stands on, from the bottom up. */
static enum err open_parts(struct process *process)
{
    enum err err = open_pools(process);
    if (err == ERR_NONE && (process->role->edge || process->role->api))
        err = open_journal(process);
    if (err == ERR_NONE && process->role->persister)
        err = start_persister(process);
    return err;
}

/* Where the role keeps its data and hears of others. */
static bool find_urls(struct process *process)
{
    const struct config *config = process->config;
    if (!process->role->fleet) {
        buf_append(&process->bus_url, SLICE(LOCAL_BUS));
        buf_append(&process->presence_url, SLICE("proc:"));
        if (!data_dir_open(&process->data, config->data, true))
            return false;
        data_dir_store_url(&process->data, &process->store_url);
        return true;
    }
    if (config->directory[0] == '\0' || config->redis[0] == '\0' || config->kafka[0] == '\0') {
        fprintf(stderr,
                "parley: a fleet needs --directory postgres://..., --redis HOST:PORT and --kafka "
                "HOST:PORT.\n");
        return false;
    }
    const char *problem = redis_servers_problem(config->redis);
    if (problem != NULL) {
        fprintf(stderr, "parley: --redis: %s.\n", problem);
        return false;
    }
    buf_format(&process->store_url, "pg:%s", config->directory);
    /* A persister hears nothing. */
    buf_format(&process->bus_url, process->role->persister ? "mem:" : "redis:%s", config->redis);
    buf_format(&process->presence_url, process->role->persister ? "proc:" : "redis:%s",
               config->redis);
    return true;
}

static void write_metrics(struct buf *out, void *arg)
{
    const struct process *process = arg;
    board_write(process->shared.board, process->shared.journal, out);
    if (process->persister != NULL)
        persister_metrics(process->persister, out);
}

static enum registration registration_of(const struct config *config)
{
    const struct slice word = slice_str(config->registration);
    if (slice_eq(word, SLICE("invite")))
        return REGISTRATION_INVITE;
    return slice_eq(word, SLICE("closed")) ? REGISTRATION_CLOSED : REGISTRATION_OPEN;
}

#define MINUTE_MS 60000u
#define HOUR_MS (60u * MINUTE_MS)

/* As much at once as in the whole period. */
static struct limit_rate rate_of(uint64_t amount, uint32_t period_ms)
{
    return (struct limit_rate){(uint32_t)amount, period_ms, (uint32_t)amount};
}

static struct limits *make_limits(const struct config *config)
{
    const struct limits_options options = {
        .rates = {[LIMIT_MESSAGES] = {(uint32_t)config->message_rate, MINUTE_MS,
                                      (uint32_t)config->message_burst},
                  [LIMIT_LOGINS_NAME] = rate_of(config->login_tries, 15 * MINUTE_MS),
                  [LIMIT_LOGINS_FROM] = rate_of(config->login_tries_address, HOUR_MS),
                  [LIMIT_SIGN_UPS_FROM] = rate_of(config->sign_ups_address, HOUR_MS),
                  [LIMIT_PASSWORDS] = rate_of(config->login_tries, 15 * MINUTE_MS)},
        .open_max = {[OPEN_HTTP_FROM] = (uint32_t)config->connections_address,
                     [OPEN_SOCKETS_FROM] = (uint32_t)config->connections_address,
                     [OPEN_USER] = (uint32_t)config->connections_user},
    };
    return limits_create(&options);
}

static bool read_proxies(const struct config *config, struct networks *out)
{
    if (networks_parse(slice_str(config->trusted_proxies), out) == ERR_NONE)
        return true;
    fprintf(stderr,
            "parley: --trusted-proxies must be addresses or networks with commas between them, as "
            "10.0.1.5,10.0.2.0/24, not \"%s\".\n",
            config->trusted_proxies);
    return false;
}

static void fill_options(struct process *process)
{
    const struct config *config = process->config;
    struct worker_shared *shared = &process->shared;
    shared->bus_url = buf_cstr(&process->bus_url);
    shared->limits = make_limits(config);
    shared->http_head_ms = config->http_head_timeout_s * 1000u;
    shared->http_body_ms = config->http_body_timeout_s * 1000u;
    shared->http_idle_ms = config->http_idle_timeout_s * 1000u;
    shared->presence_url = buf_cstr(&process->presence_url);
    shared->serves_edge = process->role->edge;
    shared->serves_api = process->role->api;
    shared->chat = (struct chat_options){
        .accounts = {.argon2_passes = config->argon2_passes,
                     .argon2_bytes = (size_t)config->argon2_memory_kib * 1024u,
                     .session_us = (int64_t)config->session_days * DAY_US,
                     .registration = registration_of(config)},
    };
    shared->edge = (struct edge_options){
        .hello_ms = config->hello_timeout_s * 1000u,
        .ping_ms = config->ping_s * 1000u,
        .pong_ms = config->pong_timeout_s * 1000u,
        .stall_ms = config->stall_timeout_s * 1000u,
        .lossy_bus = process->role->fleet,
        .compress = config->compress,
        .allowed_origin = slice_str(config->allowed_origin),
        .version = SLICE(PARLEY_VERSION),
    };
    shared->api = (struct api_options){
        .allowed_origin = slice_str(config->allowed_origin),
        .session_us = shared->chat.accounts.session_us,
        .secure_cookies = config->secure_cookies || shared->tls != NULL,
        .metrics = write_metrics,
        .metrics_arg = process,
    };
}

/*
 * An edge of a fleet has one loop: each loop subscribes for itself, and so Redis's count of a
 * channel's subscribers is the number of edges with a member. More processors take more edges.
 */
static unsigned loops_wanted(const struct config *config, const struct process_role *role)
{
    if (config->loops != 0)
        return (unsigned)config->loops;
    if (role->fleet && role->edge)
        return 1;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (processors < 1)
        return 1;
    return processors > 16 ? 16 : (unsigned)processors;
}

static enum err start_workers(struct process *process)
{
    const unsigned wanted = loops_wanted(process->config, process->role);
    process->shared.board = board_create(wanted);
    while (process->workers_len < wanted) {
        const enum err err = worker_start(&process->shared, process->workers_len,
                                          &process->workers[process->workers_len]);
        if (err != ERR_NONE)
            return err;
        process->workers_len++;
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

static void complain_fleet(const struct config *config, enum err err)
{
    const char *why = "look at the log above";
    if (err == ERR_INVALID)
        why = "--directory or --kafka is malformed";
    else if (err == ERR_UNAVAILABLE)
        why = "the directory database cannot be reached";
    else if (err == ERR_CORRUPT || err == ERR_NOT_FOUND)
        why = "the directory database is not set up; run parley migrate";
    else if (err == ERR_FORBIDDEN)
        why = "the directory database is of a newer Parley";
    fprintf(stderr, "parley: cannot start with --directory %s: %s.\n", config->directory, why);
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

static void close_signals(struct process *process)
{
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&process->signals[i], NULL);
    loop_stop(process->loop);
}

static void on_drained(struct task *task)
{
    struct process *process = LIST_ITEM(task, struct drained, task)->process;
    if (--process->busy == 0)
        close_signals(process);
}

/* SIGHUP: the files have changed. */
static void reload(struct process *process)
{
    struct tls_context *context = certificate_reload(process->config);
    if (context == NULL)
        return;
    for (unsigned i = 0; i < process->workers_len; i++)
        worker_set_tls(process->workers[i], context);
    tls_context_unref(context);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct process *process = handle->data;
    if (number == SIGHUP) {
        reload(process);
        return;
    }
    if (process->stopping) {
        log_warn("stopping at once");
        _exit(1);
    }
    log_info("stopping", LOG_U64("signal", (uint64_t)number));
    process->stopping = true;
    process->busy = process->workers_len;
    const struct worker_drain drain = {
        .grace_ms = process->role->fleet ? process->config->drain_grace_s * 1000u : 0,
        .window_ms = process->config->drain_window_s * 1000u,
        .at_once = !process->role->fleet,
        .timeout_ms = process->config->stop_timeout_s * 1000u,
    };
    for (unsigned i = 0; i < process->workers_len; i++) {
        process->drained[i] = (struct drained){{NULL, on_drained}, process};
        worker_drain(process->workers[i], &drain, process->loop, &process->drained[i].task);
    }
}

/* Wait for SIGTERM or Ctrl-C and send the clients away. */
static void say_ready(const struct process *process)
{
    const struct listen_address *address = &process->shared.address;
    const bool v6 = strchr(address->host, ':') != NULL;
    printf("Parley " PARLEY_VERSION " %s is ready at http%s://%s%s%s:%u", process->role->name,
           process->shared.tls != NULL ? "s" : "", v6 ? "[" : "", address->host, v6 ? "]" : "",
           address->port);
    if (!process->role->fleet)
        printf(" (data in %s)", process->config->data);
    printf("\n");
    (void)fflush(stdout);
}

static void run_until_stopped(struct process *process)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(loop_uv(process->loop), &process->signals[i]);
        process->signals[i].data = process;
        uv_signal_start(&process->signals[i], on_signal, numbers[i]);
    }
    say_ready(process);
    loop_run(process->loop);
}

/*
 * First nobody asks for anything any more, then what was asked for is done, then all is freed.
 * Clients that outlived the time limit leave things under way: then the end of the process frees
 * them.
 */
static void stop(struct process *process)
{
    bool idle = true;
    for (unsigned i = 0; i < process->workers_len; i++)
        idle = worker_stop(process->workers[i]) && idle;
    persister_stop(process->persister);
    pool_destroy(process->shared.stores);
    pool_destroy(process->shared.passwords);
    journal_close(process->shared.journal);
    if (!idle) {
        log_warn("some clients were cut off");
        _exit(0);
    }
    for (unsigned i = 0; i < process->workers_len; i++)
        worker_destroy(process->workers[i]);
    bus_close(process->publisher);
    board_destroy(process->shared.board);
    limits_destroy(process->shared.limits);
    tls_context_unref(process->shared.tls);
    buf_fini(&process->store_url);
    buf_fini(&process->bus_url);
    buf_fini(&process->presence_url);
    data_dir_close(&process->data);
    loop_destroy(process->loop);
}

static bool claim_address(struct process *process)
{
    enum err err = listen_address_parse(process->config->listen, &process->shared.address);
    if (err == ERR_NONE)
        err = listen_address_claim(&process->shared.address);
    if (err != ERR_NONE)
        complain_address(process->config, err);
    return err == ERR_NONE;
}

int process_run(const struct config *config, const struct process_role *role)
{
    struct process process_here = {.config = config, .role = role, .data = {.lock_fd = -1}};
    struct process *process = &process_here;
    if (!certificate_open(config, &process->shared.tls) || !claim_address(process) ||
        !find_urls(process) || !read_proxies(config, &process->shared.trusted_proxies))
        return 1;
    fill_options(process);
    process->loop = loop_create();
    enum err err = open_parts(process);
    if (err != ERR_NONE) {
        if (role->fleet)
            complain_fleet(config, err);
        else
            complain_store(config, err);
        stop(process);
        return 1;
    }
    err = start_workers(process);
    if (err != ERR_NONE)
        complain_address(config, err);
    else
        run_until_stopped(process);
    stop(process);
    return err == ERR_NONE ? 0 : 1;
}
