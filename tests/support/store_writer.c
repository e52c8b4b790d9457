/*
 * Works on a store as the roles of a fleet do, for tests that break or move things meanwhile. A
 * line on stdin is one command, a line of JSON on stdout its answer:
 *
 *     store_writer pg:postgres://... CHANNELS
 *     write        puts, leases and appends until the next line, whatever it is; then reads all
 *                  of it back through a new handle
 *     probe        what each channel answers, through a handle that lives as long as the process
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "store/store.h"

#define BATCH 100u
#define LEASE 64u
#define CHANNELS_MAX 256u
#define BYTES_MANY ((size_t)1 << 30)

struct writer {
    const char *url;
    struct store *store;
    uint64_t user; /* a member of all channels */
    uint64_t ids[CHANNELS_MAX];
    struct store_lease places[CHANNELS_MAX]; /* start is the newest seq that was given */
    uint64_t appended[CHANNELS_MAX];
    size_t channels;
    uint64_t stored; /* acknowledged by the store */
    uint64_t retries;
    uint64_t longest_ms; /* that one call was tried again */
    uint64_t stale;      /* pages that lacked what was stored */
    uint64_t cmids;
};

static void must(enum err err, const char *what)
{
    if (err == ERR_NONE)
        return;
    fprintf(stderr, "store_writer: %s: %s\n", what, err_name(err));
    exit(1);
}

/* ---- trying again ---- */

struct attempt {
    struct writer *writer;
    uint64_t began_ns;
};

/* Whether to call again. */
static bool again(struct attempt *attempt, enum err err)
{
    struct writer *w = attempt->writer;
    if (attempt->began_ns == 0)
        attempt->began_ns = clock_mono_ns();
    const uint64_t tried_ms = (clock_mono_ns() - attempt->began_ns) / 1000000;
    if (tried_ms > w->longest_ms)
        w->longest_ms = tried_ms;
    if (err != ERR_UNAVAILABLE && err != ERR_UNCERTAIN)
        return false;
    w->retries++;
    const struct timespec pause = {.tv_nsec = 2000000};
    nanosleep(&pause, NULL);
    return true;
}

/* ---- writing ---- */

static struct event new_event(struct writer *w, size_t at)
{
    struct event event = {.kind = EVENT_MESSAGE, .channel = w->ids[at], .sender = w->user};
    event.ts_us = clock_wall_us();
    event.text = SLICE("what was stored must be there");
    w->cmids++;
    memcpy(event.cmid, &w->cmids, sizeof(w->cmids));
    const uint64_t salt = (uint64_t)getpid();
    memcpy(event.cmid + 8, &salt, sizeof(salt));
    return event;
}

static void lease(struct writer *w, size_t at)
{
    struct attempt attempt = {.writer = w};
    struct store_lease got;
    enum err err;
    do
        err = store_lease(w->store, w->ids[at], LEASE, &got);
    while (again(&attempt, err));
    must(err, "lease");
    /* What was placed and not stored yet is known here alone. */
    if (w->places[at].last_seq > got.last_seq) {
        got.last_seq = w->places[at].last_seq;
        got.last_n = w->places[at].last_n;
    }
    w->places[at] = got;
}

static struct event place_event(struct writer *w, size_t at)
{
    struct store_lease *place = &w->places[at];
    if (place->start == place->limit)
        lease(w, at);
    struct event event = new_event(w, at);
    event.prev = place->last_seq;
    event.seq = ++place->start;
    event.n = place->last_n + 1;
    place->last_seq = event.seq;
    place->last_n = event.n;
    return event;
}

/* All channels but the last, which is for appends. */
static void put_batch(struct writer *w)
{
    struct event events[BATCH];
    const struct event *pointers[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        events[i] = place_event(w, i % (w->channels - 1));
        pointers[i] = &events[i];
    }
    struct attempt attempt = {.writer = w};
    enum err err;
    do
        err = store_put(w->store, pointers, BATCH);
    while (again(&attempt, err));
    must(err, "put");
    w->stored += BATCH;
}

static void append_one(struct writer *w)
{
    struct event event = new_event(w, w->channels - 1);
    struct store_append item = {.event = &event};
    struct attempt attempt = {.writer = w};
    enum err err;
    do
        err = store_append(w->store, &item, 1);
    while (again(&attempt, err));
    must(err != ERR_NONE ? err : item.result, "append");
    w->appended[w->channels - 1]++;
    w->stored++;
}

/* What was stored a moment ago is in the newest page. */
static void read_newest(struct writer *w, size_t at)
{
    struct arena arena = {0};
    struct store_page page;
    const struct store_range newest = {STORE_NEWEST, 0, 1, BYTES_MANY};
    const enum err err = store_page(w->store, w->ids[at], newest, &arena, &page);
    if (err == ERR_NONE && (page.count != 1 || page.items[0].seq != w->places[at].last_seq))
        w->stale++;
    if (err != ERR_NONE && err != ERR_UNAVAILABLE)
        must(err, "page");
    arena_fini(&arena);
}

static bool told_to_stop(void)
{
    struct pollfd fd = {STDIN_FILENO, POLLIN, 0};
    return poll(&fd, 1, 0) > 0;
}

/* ---- reading back ---- */

/* How many events a channel has, and whether each knows the one before it. */
static uint64_t read_chain(struct store *store, uint64_t channel, uint64_t *breaks)
{
    uint64_t count = 0;
    uint64_t prev = 0;
    bool more = true;
    while (more) {
        struct arena arena = {0};
        struct store_page page;
        const struct store_range range = {STORE_AFTER, prev, STORE_PAGE_MAX, BYTES_MANY};
        must(store_page(store, channel, range, &arena, &page), "reading back");
        for (size_t i = 0; i < page.count; i++) {
            *breaks += page.items[i].prev != prev || page.items[i].n != count + i + 1 ? 1 : 0;
            prev = page.items[i].seq;
        }
        count += page.count;
        more = page.more_after;
        arena_fini(&arena);
    }
    return count;
}

static void number(struct json_writer *w, struct slice name, uint64_t value)
{
    json_name(w, name);
    json_write_u64(w, value);
}

static void write_until_told(struct writer *w, struct json_writer *out)
{
    w->stored = w->retries = w->longest_ms = w->stale = 0;
    for (unsigned round = 0; !told_to_stop(); round++) {
        put_batch(w);
        if (round % 4 == 0)
            append_one(w);
        read_newest(w, round % (w->channels - 1));
    }
    struct store *fresh;
    must(store_open(w->url, &fresh), "opening again");
    uint64_t found = 0;
    uint64_t breaks = 0;
    for (size_t i = 0; i < w->channels; i++)
        found += read_chain(fresh, w->ids[i], &breaks);
    store_close(fresh);
    json_object_begin(out);
    number(out, SLICE("stored"), w->stored);
    number(out, SLICE("found"), found);
    number(out, SLICE("breaks"), breaks);
    number(out, SLICE("stale"), w->stale);
    number(out, SLICE("retries"), w->retries);
    number(out, SLICE("longest_ms"), w->longest_ms);
    json_object_end(out);
}

/* ---- probing ---- */

static void probe_channel(struct writer *w, size_t at, struct json_writer *out)
{
    struct arena arena = {0};
    struct store_page page;
    const struct store_range newest = {STORE_NEWEST, 0, 1, BYTES_MANY};
    const uint64_t began_ns = clock_mono_ns();
    const enum err read = store_page(w->store, w->ids[at], newest, &arena, &page);
    struct store_lease got;
    const enum err leased = store_lease(w->store, w->ids[at], 1, &got);
    struct event event = new_event(w, at);
    event.seq = got.limit;
    const struct event *const pointer = &event;
    const enum err put = leased != ERR_NONE ? leased : store_put(w->store, &pointer, 1);
    json_object_begin(out);
    number(out, SLICE("channel"), w->ids[at]);
    json_name(out, SLICE("read"));
    json_write_string(out, slice_str(err_name(read)));
    json_name(out, SLICE("put"));
    json_write_string(out, slice_str(err_name(put)));
    number(out, SLICE("ms"), (clock_mono_ns() - began_ns) / 1000000);
    json_object_end(out);
    arena_fini(&arena);
}

static void probe(struct writer *w, struct json_writer *out)
{
    struct arena arena = {0};
    struct store_channels list = {0};
    const enum err listed = store_channels_of(w->store, w->user, &arena, &list);
    json_object_begin(out);
    json_name(out, SLICE("list"));
    json_write_string(out, slice_str(err_name(listed)));
    number(out, SLICE("listed"), list.count);
    json_name(out, SLICE("heads"));
    json_array_begin(out);
    for (size_t i = 0; i < list.count; i++)
        json_write_u64(out, list.items[i].last_seq);
    json_array_end(out);
    json_name(out, SLICE("check"));
    json_write_string(out, slice_str(err_name(store_check(w->store))));
    json_name(out, SLICE("channels"));
    json_array_begin(out);
    for (size_t i = 0; i < w->channels; i++)
        probe_channel(w, i, out);
    json_array_end(out);
    json_object_end(out);
    arena_fini(&arena);
}

/* ---- set-up ---- */

static void make_channel(struct writer *w, size_t at)
{
    char name[32];
    const int len = snprintf(name, sizeof(name), "c%d-%zu", (int)getpid(), at);
    must(store_channel_create(w->store, slice_from(name, (size_t)len), SLICE_EMPTY, 0, 1,
                              &w->ids[at]),
         "a channel");
    must(store_member_add(w->store, w->ids[at], w->user, 1), "a member");
}

static void set_up(struct writer *w)
{
    char name[32];
    const int len = snprintf(name, sizeof(name), "writer%d", (int)getpid());
    must(store_open(w->url, &w->store), "opening");
    must(store_user_create(w->store, slice_from(name, (size_t)len), SLICE("Writer"), SLICE_EMPTY, 1,
                           &w->user),
         "a user");
    for (size_t i = 0; i < w->channels; i++)
        make_channel(w, i);
}

int main(int argc, char **argv)
{
    struct writer w = {.url = argc == 3 ? argv[1] : ""};
    w.channels = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (w.channels < 2 || w.channels > CHANNELS_MAX) {
        fprintf(stderr, "store_writer URL CHANNELS (2 to %u)\n", CHANNELS_MAX);
        return 2;
    }
    set_up(&w);
    char line[64];
    (void)setvbuf(stdin, NULL, _IONBF, 0); /* so that poll() sees what was not read */
    printf("{}\n");
    (void)fflush(stdout);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        struct buf text = {0};
        struct json_writer out;
        json_writer_init(&out, &text);
        if (strcmp(line, "write\n") == 0) {
            write_until_told(&w, &out);
            (void)fgets(line, sizeof(line), stdin);
        } else {
            probe(&w, &out);
        }
        printf("%s\n", buf_cstr(&text));
        (void)fflush(stdout);
        buf_fini(&text);
    }
    store_close(w.store);
    return 0;
}
