/*
 * load: many WebSocket clients of one Parley in one process.
 *
 *   bench_load PORT SERVER_PIDS TOKENS CONNECTIONS IN_FLIGHT TEXT_BYTES SECONDS
 *
 * Connects, says hello on each, and keeps IN_FLIGHT messages under way from random senders into
 * random ones of their channels, each with a fresh cmid; the next one leaves when one is acked.
 * With IN_FLIGHT 0 the connections stay idle. Prints one JSON object: acks, deliveries, latencies,
 * the server's processor time and memory.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "proto/ws.h"

#define CHANNELS_MAX 64u
#define SAMPLES_MAX 1000000u

struct client {
    int fd;
    bool ready;
    bool upgraded;
    struct ws_decoder decoder;
    struct buf head; /* of the upgrade's answer */
    uint64_t channels[CHANNELS_MAX];
    uint32_t channels_len;
    uint64_t sent_ns; /* of the message under way; one at a time per client and window slot */
};

struct bench {
    uint16_t port;
    unsigned in_flight;
    size_t text_bytes;
    struct client *clients;
    size_t clients_len;
    size_t ready;
    int epoll;
    struct slice *tokens;
    struct buf tokens_text;

    bool measuring;
    uint64_t acks;
    uint64_t errors;
    uint64_t deliveries;
    uint64_t next_id;
    uint64_t *sent_ns; /* by id modulo the window's size */
    uint32_t *latency_us;
    size_t latencies;
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t argument(const char *text)
{
    uint64_t value;
    if (!slice_to_u64(slice_str(text), &value)) {
        fprintf(stderr, "load: \"%s\" is no number\n", text);
        exit(2);
    }
    return value;
}

/* ---- the server's processor time and memory ---- */

static void read_proc(uint64_t pid, const char *name, struct buf *out)
{
    struct buf path = {0};
    char chunk[4096];
    buf_format(&path, "/proc/%llu/%s", (unsigned long long)pid, name);
    FILE *file = fopen(buf_cstr(&path), "r");
    if (file == NULL)
        fail(buf_cstr(&path));
    size_t got;
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(out, slice_from(chunk, got));
    (void)fclose(file);
    buf_fini(&path);
}

/* utime + stime, fields 14 and 15, counted from behind the command's ')'. */
static uint64_t process_cpu_ns(uint64_t pid)
{
    struct buf text = {0};
    read_proc(pid, "stat", &text);
    const char *at = strrchr(buf_cstr(&text), ')') + 1;
    uint64_t ticks = 0;
    for (int field = 2; field <= 15 && *at != '\0'; field++) {
        at += strspn(at, " ");
        if (field >= 14)
            ticks += strtoull(at, NULL, 10);
        at += strcspn(at, " ");
    }
    /* `field` starts at 2 for the state behind the command, so 14 and 15 are one further. */
    buf_fini(&text);
    return ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

static uint64_t process_memory_kib(uint64_t pid)
{
    struct buf text = {0};
    read_proc(pid, "smaps_rollup", &text);
    const char *at = strstr(buf_cstr(&text), "Anonymous:");
    const uint64_t kib = at == NULL ? 0 : strtoull(at + 10, NULL, 10);
    buf_fini(&text);
    return kib;
}

/* The sum of `of` over a list like "12,34". */
static uint64_t sum_over(struct slice pids, uint64_t (*of)(uint64_t pid))
{
    uint64_t sum = 0;
    struct slice one;
    uint64_t pid;
    while (pids.len > 0) {
        if (!slice_cut(pids, ',', &one, &pids)) {
            one = pids;
            pids = SLICE_EMPTY;
        }
        if (slice_to_u64(one, &pid))
            sum += of(pid);
    }
    return sum;
}

/* ---- clients ---- */

static void send_all(struct client *client, struct slice bytes)
{
    while (bytes.len > 0) {
        const ssize_t sent = send(client->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent < 0)
            fail("send");
        bytes = slice_skip(bytes, (size_t)sent);
    }
}

static void send_text(struct client *client, struct slice json)
{
    static const uint8_t mask[4] = {1, 2, 3, 4};
    struct buf frame = {0};
    ws_write_masked_frame(&frame, WS_TEXT, json, mask);
    send_all(client, buf_slice(&frame));
    buf_fini(&frame);
}

static void say_hello(struct bench *bench, struct client *client)
{
    struct buf json = {0};
    struct json_writer w;
    json_writer_init(&w, &json);
    json_object_begin(&w);
    json_name(&w, SLICE("id"));
    json_write_u64(&w, 0);
    json_name(&w, SLICE("op"));
    json_write_string(&w, SLICE("hello"));
    json_name(&w, SLICE("token"));
    json_write_string(&w, bench->tokens[client - bench->clients]);
    json_object_end(&w);
    send_text(client, buf_slice(&json));
    buf_fini(&json);
}

/* A UUID of version 7, as the web client makes them. */
static void make_cmid(uint8_t uuid[UUID_BYTES])
{
    const uint64_t now_ms = (uint64_t)(clock_wall_us() / 1000);
    randombytes_buf(uuid, UUID_BYTES);
    for (unsigned i = 0; i < 6; i++)
        uuid[i] = (uint8_t)(now_ms >> (8 * (5 - i)));
    uuid[6] = (uint8_t)(0x70 | (uuid[6] & 0x0f));
}

static void send_message(struct bench *bench)
{
    struct client *client = &bench->clients[randombytes_uniform((uint32_t)bench->clients_len)];
    if (client->channels_len == 0)
        return send_message(bench);
    static char text[65536];
    uint8_t uuid[UUID_BYTES];
    char cmid[UUID_TEXT_LEN];
    make_cmid(uuid);
    uuid_write(uuid, cmid);
    memset(text, 'x', bench->text_bytes);

    struct buf json = {0};
    struct json_writer w;
    const uint64_t id = ++bench->next_id;
    json_writer_init(&w, &json);
    json_object_begin(&w);
    json_name(&w, SLICE("id"));
    json_write_u64(&w, id);
    json_name(&w, SLICE("op"));
    json_write_string(&w, SLICE("sendMessage"));
    json_name(&w, SLICE("channel"));
    json_write_u64(&w, client->channels[randombytes_uniform(client->channels_len)]);
    json_name(&w, SLICE("cmid"));
    json_write_string(&w, slice_from(cmid, sizeof(cmid)));
    json_name(&w, SLICE("text"));
    json_write_string(&w, slice_from(text, bench->text_bytes));
    json_object_end(&w);
    bench->sent_ns[id % (bench->in_flight * 4)] = clock_mono_ns();
    send_text(client, buf_slice(&json));
    buf_fini(&json);
}

static void on_hello(struct bench *bench, struct client *client, struct json answer)
{
    struct json channels;
    struct json channel;
    struct json id;
    size_t at = 0;
    if (!json_get(answer, SLICE("channels"), &channels)) {
        fprintf(stderr, "load: hello was refused: %.*s\n", (int)answer.raw.len, answer.raw.ptr);
        exit(1);
    }
    while (json_array_next(channels, &at, &channel) && client->channels_len < CHANNELS_MAX) {
        if (json_get(channel, SLICE("id"), &id) &&
            json_u64(id, &client->channels[client->channels_len]))
            client->channels_len++;
    }
    client->ready = true;
    bench->ready++;
}

static void on_ack(struct bench *bench, struct json answer)
{
    struct json value;
    uint64_t id;
    if (!json_get(answer, SLICE("re"), &value) || !json_u64(value, &id))
        return;
    if (json_get(answer, SLICE("error"), &value)) {
        if (bench->errors++ == 0)
            fprintf(stderr, "load: refused: %.*s\n", (int)answer.raw.len, answer.raw.ptr);
    } else if (bench->measuring) {
        bench->acks++;
        if (bench->latencies < SAMPLES_MAX)
            bench->latency_us[bench->latencies++] =
                (uint32_t)((clock_mono_ns() - bench->sent_ns[id % (bench->in_flight * 4)]) / 1000);
    }
    send_message(bench);
}

static void on_text(struct bench *bench, struct client *client, struct slice text)
{
    struct json json;
    if (slice_starts(text, SLICE("{\"ev\":\"message\""))) {
        bench->deliveries += bench->measuring ? 1 : 0;
        return;
    }
    if (!json_parse(text, 16, &json))
        return;
    if (!client->ready)
        on_hello(bench, client, json);
    else
        on_ack(bench, json);
}

static void on_bytes(struct bench *bench, struct client *client, char *data, size_t len)
{
    if (!client->upgraded) {
        buf_append(&client->head, slice_from(data, len));
        if (strstr(buf_cstr(&client->head), "\r\n\r\n") == NULL)
            return;
        client->upgraded = true;
        buf_fini(&client->head);
        say_hello(bench, client);
        return;
    }
    enum parse result = PARSE_DONE;
    while (result == PARSE_DONE) {
        struct ws_message message;
        size_t used;
        result = ws_decode(&client->decoder, data, len, &used, &message);
        data += used;
        len -= used;
        if (result == PARSE_DONE && message.opcode == WS_TEXT)
            on_text(bench, client, message.payload);
        else if (result == PARSE_DONE && message.opcode == WS_CLOSE) {
            fprintf(stderr, "load: closed by the server: %u\n", message.close_code);
            exit(1);
        }
    }
}

static void run_events(struct bench *bench, uint64_t until_ns, size_t until_ready)
{
    static char data[256 * 1024];
    struct epoll_event events[512];
    while (clock_mono_ns() < until_ns && bench->ready < until_ready) {
        const int ready = epoll_wait(bench->epoll, events, 512, 20);
        for (int i = 0; i < ready; i++) {
            struct client *client = events[i].data.ptr;
            const ssize_t got = recv(client->fd, data, sizeof(data), MSG_DONTWAIT);
            if (got > 0)
                on_bytes(bench, client, data, (size_t)got);
            else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
                fprintf(stderr, "load: the server closed a connection\n");
                exit(1);
            }
        }
    }
}

static void connect_client(struct bench *bench, struct client *client)
{
    static const struct slice upgrade =
        SLICE("GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    const struct sockaddr_in addr = {.sin_family = AF_INET,
                                     .sin_port = htons(bench->port),
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int on = 1;
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (client->fd < 0 || connect(client->fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0)
        fail("connect");
    (void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    ws_decoder_init(&client->decoder, 16u * 1024u * 1024u, false);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    (void)epoll_ctl(bench->epoll, EPOLL_CTL_ADD, client->fd, &event);
    send_all(client, upgrade);
}

static void read_tokens(struct bench *bench, const char *path)
{
    char chunk[4096];
    size_t got;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail(path);
    while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_append(&bench->tokens_text, slice_from(chunk, got));
    (void)fclose(file);
    struct slice rest = buf_slice(&bench->tokens_text);
    bench->tokens = mem_zalloc((bench->clients_len + 1) * sizeof(*bench->tokens));
    for (size_t i = 0; i < bench->clients_len; i++) {
        if (!slice_cut(rest, '\n', &bench->tokens[i], &rest)) {
            fprintf(stderr, "load: %s has too few tokens\n", path);
            exit(2);
        }
    }
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint32_t percentile(struct bench *bench, double part)
{
    if (bench->latencies == 0)
        return 0;
    return bench->latency_us[(size_t)((double)(bench->latencies - 1) * part)];
}

static void measure(struct bench *bench, struct slice pids, uint64_t seconds, uint64_t memory_kib)
{
    for (unsigned i = 0; i < bench->in_flight; i++)
        send_message(bench);
    run_events(bench, clock_mono_ns() + 1000000000u, SIZE_MAX); /* warm */
    bench->measuring = true;
    const uint64_t began_ns = clock_mono_ns();
    const uint64_t cpu_ns = sum_over(pids, process_cpu_ns);
    run_events(bench, began_ns + seconds * 1000000000u, SIZE_MAX);
    const uint64_t used_ns = sum_over(pids, process_cpu_ns) - cpu_ns;
    const double elapsed_s = (double)(clock_mono_ns() - began_ns) / 1e9;

    qsort(bench->latency_us, bench->latencies, sizeof(*bench->latency_us), by_size);
    printf("{\"seconds\":%.2f,\"acks\":%llu,\"acks_per_s\":%.0f,\"errors\":%llu,"
           "\"deliveries\":%llu,\"deliveries_per_s\":%.0f,\"cpu_s\":%.3f,"
           "\"cpu_ns_per_delivery\":%.1f,\"ack_p50_us\":%u,\"ack_p99_us\":%u,"
           "\"memory_before_kib\":%llu,\"memory_after_kib\":%llu,\"connections\":%zu}\n",
           elapsed_s, (unsigned long long)bench->acks, (double)bench->acks / elapsed_s,
           (unsigned long long)bench->errors, (unsigned long long)bench->deliveries,
           (double)bench->deliveries / elapsed_s, (double)used_ns / 1e9,
           bench->deliveries == 0 ? 0 : (double)used_ns / (double)bench->deliveries,
           percentile(bench, 0.5), percentile(bench, 0.99), (unsigned long long)memory_kib,
           (unsigned long long)sum_over(pids, process_memory_kib), bench->clients_len);
}

int main(int argc, char **argv)
{
    if (argc != 8 || sodium_init() < 0) {
        fprintf(stderr,
                "usage: bench_load PORT SERVER_PIDS TOKENS CONNECTIONS IN_FLIGHT TEXT_BYTES "
                "SECONDS\n");
        return 2;
    }
    struct bench *bench = mem_zalloc(sizeof(*bench));
    const struct slice pids = slice_str(argv[2]);
    bench->port = (uint16_t)argument(argv[1]);
    bench->clients_len = argument(argv[4]);
    bench->in_flight = (unsigned)argument(argv[5]);
    bench->text_bytes = argument(argv[6]);
    bench->clients = mem_zalloc(bench->clients_len * sizeof(*bench->clients));
    bench->latency_us = mem_alloc(SAMPLES_MAX * sizeof(*bench->latency_us));
    bench->sent_ns = mem_zalloc((bench->in_flight * 4 + 1) * sizeof(*bench->sent_ns));
    bench->epoll = epoll_create1(0);
    read_tokens(bench, argv[3]);

    const uint64_t memory_kib = sum_over(pids, process_memory_kib);
    for (size_t i = 0; i < bench->clients_len; i++) {
        connect_client(bench, &bench->clients[i]);
        if (i % 64 == 63)
            run_events(bench, UINT64_MAX, i - 31);
    }
    run_events(bench, UINT64_MAX, bench->clients_len);
    measure(bench, pids, argument(argv[7]), memory_kib);
    return bench->errors == 0 ? 0 : 1;
}
