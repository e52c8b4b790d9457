/* parley status: asks every process of an installation and prints one page that says what is wrong.
 */

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/slice.h"
#include "main/commands.h"
#include "net/tls.h"

#define ANSWER_MAX (1024u * 1024u)
#define WAIT_S 3
#define LAG_MAX 1000u
#define WAITING_MAX 1000u

/* One process, and what it says. */
struct target {
    struct slice name;
    struct slice address; /* HOST:PORT, or https://HOST:PORT */
    bool answers;
    bool draining;
    bool ready;
    struct buf metrics;
    struct buf problems; /* sentences, each with a space behind it */
};

/* ---- asking ---- */

static int connect_to(struct slice address)
{
    struct slice host;
    struct slice port;
    if (!slice_cut(address, ':', &host, &port))
        return -1;
    struct buf host_text = {0};
    struct buf port_text = {0};
    buf_append(&host_text, host);
    buf_append(&port_text, port);
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int fd = -1;
    if (getaddrinfo(buf_cstr(&host_text), buf_cstr(&port_text), &hints, &found) == 0) {
        const struct timeval limit = {WAIT_S, 0};
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0) {
            (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
            (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
            if (connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
                (void)close(fd);
                fd = -1;
            }
        }
        freeaddrinfo(found);
    }
    buf_fini(&host_text);
    buf_fini(&port_text);
    return fd;
}

/* Send a request and read the answer to its end, by TLS when `tls` is not NULL. */
static void exchange(int fd, struct tls *tls, struct slice request, struct buf *answer)
{
    char chunk[4096];
    ssize_t got = tls != NULL ? tls_send(tls, request.ptr, request.len)
                              : send(fd, request.ptr, request.len, MSG_NOSIGNAL);
    while (got > 0 && answer->len < ANSWER_MAX) {
        got = tls != NULL ? tls_recv(tls, chunk, sizeof(chunk)) : recv(fd, chunk, sizeof(chunk), 0);
        if (got > 0)
            buf_append(answer, slice_from(chunk, (size_t)got));
    }
}

static void exchange_tls(int fd, struct slice request, struct buf *answer)
{
    struct tls_context *context;
    if (tls_context_open_client(&context) != ERR_NONE)
        return;
    struct tls *tls = tls_create(context, fd);
    if (tls != NULL)
        exchange(fd, tls, request, answer);
    tls_destroy(tls);
    tls_context_unref(context);
}

/* The status of GET `path`, and its body; 0 when nobody answers. */
static unsigned ask(struct slice address, const char *path, struct buf *body)
{
    struct buf request = {0};
    struct buf answer = {0};
    unsigned status = 0;
    const bool secure = slice_starts(address, SLICE("https://"));
    const int fd = connect_to(secure ? slice_skip(address, 8) : address);
    if (fd < 0)
        return 0;
    buf_format(&request, "GET %s HTTP/1.1\r\nHost: status\r\nConnection: close\r\n\r\n", path);
    if (secure)
        exchange_tls(fd, buf_slice(&request), &answer);
    else
        exchange(fd, NULL, buf_slice(&request), &answer);
    (void)close(fd);
    const char *text = buf_cstr(&answer);
    const char *end = strstr(text, "\r\n\r\n");
    uint64_t number;
    if (end != NULL && answer.len > 12 && slice_to_u64(slice_from(answer.ptr + 9, 3), &number)) {
        status = (unsigned)number;
        if (body != NULL)
            buf_append(body, slice_str(end + 4));
    }
    buf_fini(&request);
    buf_fini(&answer);
    return status;
}

/* ---- judging ---- */

/* The sum of all lines of that metric; false when there is none. */
static bool metric(const struct target *target, struct slice name, uint64_t *out)
{
    struct slice rest = buf_slice(&target->metrics);
    struct slice line;
    struct slice key;
    struct slice value;
    bool found = false;
    *out = 0;
    while (slice_cut(rest, '\n', &line, &rest)) {
        uint64_t number;
        if (!slice_starts(line, name) || !slice_cut(line, ' ', &key, &value))
            continue;
        const bool whole = key.len == name.len || key.ptr[name.len] == '{';
        if (!whole || !slice_to_u64(value, &number))
            continue;
        *out += number;
        found = true;
    }
    return found;
}

static void judge(struct target *target)
{
    uint64_t value;
    uint64_t loops;
    if (!target->answers) {
        buf_append(&target->problems, SLICE("It does not answer: start it, or look at its log. "));
        return;
    }
    if (target->draining)
        buf_append(&target->problems, SLICE("It is draining. "));
    if (!target->ready)
        buf_append(&target->problems, SLICE("Its database cannot be used. "));
    if (metric(target, SLICE("parley_journal_up"), &value) && value == 0)
        buf_append(
            &target->problems,
            SLICE("Sends are refused: Redis or Kafka is down, or Redis has just failed over. "));
    if (metric(target, SLICE("parley_subscriptions"), &value) &&
        metric(target, SLICE("parley_bus_up"), &value) &&
        metric(target, SLICE("parley_loops"), &loops) && value < loops)
        buf_append(&target->problems, SLICE("A link to Redis is down: no live messages. "));
    if (metric(target, SLICE("parley_journal_waiting"), &value) && value > WAITING_MAX)
        buf_format(&target->problems, "%llu messages wait to become durable. ",
                   (unsigned long long)value);
    if (metric(target, SLICE("parley_persister_lag"), &value) && value > LAG_MAX)
        buf_format(&target->problems, "%llu messages wait to be stored. ",
                   (unsigned long long)value);
}

static void look(struct target *target)
{
    const unsigned health = ask(target->address, "/healthz", NULL);
    target->answers = health != 0;
    target->draining = health == 404;
    if (target->answers) {
        target->ready = ask(target->address, "/readyz", NULL) == 200;
        (void)ask(target->address, "/metrics", &target->metrics);
    }
    judge(target);
}

/* ---- printing ---- */

static void write_json(const struct target *target)
{
    struct buf line = {0};
    struct json_writer w;
    uint64_t sessions;
    json_writer_init(&w, &line);
    json_object_begin(&w);
    json_name(&w, SLICE("name"));
    json_write_string(&w, target->name);
    json_name(&w, SLICE("address"));
    json_write_string(&w, target->address);
    json_name(&w, SLICE("up"));
    json_write_bool(&w, target->answers);
    json_name(&w, SLICE("ready"));
    json_write_bool(&w, target->ready);
    if (metric(target, SLICE("parley_sessions"), &sessions)) {
        json_name(&w, SLICE("sessions"));
        json_write_u64(&w, sessions);
    }
    json_name(&w, SLICE("problems"));
    json_write_string(&w, slice_trim(buf_slice(&target->problems)));
    json_object_end(&w);
    printf("%s\n", buf_cstr(&line));
    buf_fini(&line);
}

static void write_line(const struct target *target)
{
    uint64_t sessions;
    uint64_t lag;
    printf("%-14.*s %-22.*s %-6s", (int)target->name.len, target->name.ptr,
           (int)target->address.len, target->address.ptr,
           !target->answers           ? "down"
           : target->problems.len > 0 ? "ill"
                                      : "well");
    if (metric(target, SLICE("parley_persister_lag"), &lag))
        printf("  %llu waiting", (unsigned long long)lag);
    else if (metric(target, SLICE("parley_sessions"), &sessions))
        printf("  %llu sessions", (unsigned long long)sessions);
    printf("\n");
    if (target->problems.len > 0)
        printf("    %.*s\n", (int)target->problems.len, target->problems.ptr);
}

/* "edge-1=10.0.0.5:8080", or only the address. */
static void name_target(struct slice text, struct target *out)
{
    *out = (struct target){0};
    if (!slice_cut(text, '=', &out->name, &out->address)) {
        out->name = text;
        out->address = text;
    }
}

int command_status(const struct config *config)
{
    struct slice rest = slice_str(config->targets);
    struct slice one;
    unsigned ill = 0;
    unsigned all = 0;
    while (rest.len > 0) {
        struct target target;
        if (!slice_cut(rest, ',', &one, &rest)) {
            one = rest;
            rest = SLICE_EMPTY;
        }
        name_target(slice_trim(one), &target);
        look(&target);
        if (config->json)
            write_json(&target);
        else
            write_line(&target);
        all++;
        ill += target.problems.len > 0 ? 1 : 0;
        buf_fini(&target.metrics);
        buf_fini(&target.problems);
    }
    if (!config->json && ill == 0)
        printf("All %u are well.\n", all);
    else if (!config->json)
        printf("%u of %u need a look.\n", ill, all);
    return ill == 0 ? 0 : 1;
}
