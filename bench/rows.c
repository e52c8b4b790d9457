/*
 * Rows per second into PostgreSQL, in batches of 1,000 with texts of 200 bytes: by store_put() over
 * all shards, or plainly, one prepared INSERT ... SELECT unnest() per batch into one table with the
 * same columns and indexes.
 *
 *     bench_rows put pg:URL SECONDS CHANNELS THREADS
 *     bench_rows plain URL SECONDS CHANNELS THREADS
 *
 * bench/rows.py runs it.
 */

#include <endian.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

#define BATCH 1000u
#define TEXT_BYTES 200u
#define THREADS_MAX 16u
#define NS_PER_S 1000000000ull

struct worker {
    pthread_t thread;
    const char *url;
    uint64_t seconds;
    uint64_t channels; /* this many ids from `first` on */
    uint64_t first;
    bool plain;
    uint64_t rows;
    uint64_t *seqs; /* newest of each channel */
    struct event events[BATCH];
    const struct event *pointers[BATCH];
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_rows: %s\n", what);
    exit(1);
}

static void next_batch(struct worker *w)
{
    static char text[TEXT_BYTES];
    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < BATCH; i++) {
        const uint64_t id = w->first + (w->rows + i) % w->channels;
        uint64_t *seq = &w->seqs[id - w->first];
        struct event *event = &w->events[i];
        *event = (struct event){.kind = EVENT_MESSAGE, .channel = id, .sender = 1 + i % 50};
        event->prev = (*seq)++;
        event->seq = event->n = *seq;
        event->ts_us = clock_wall_us();
        event->text = slice_from(text, sizeof(text));
        const uint64_t cmid[2] = {id, *seq};
        memcpy(event->cmid, cmid, UUID_BYTES);
        w->pointers[i] = event;
    }
}

/* ---- by the store ---- */

static void run_put(struct worker *w)
{
    struct store *store;
    if (store_open(w->url, &store) != ERR_NONE)
        fail("cannot open the store");
    next_batch(w);
    const uint64_t end_ns = clock_mono_ns() + w->seconds * NS_PER_S;
    while (clock_mono_ns() < end_ns) {
        next_batch(w);
        if (store_put(store, w->pointers, BATCH) != ERR_NONE)
            fail("store_put failed");
        w->rows += BATCH;
    }
    store_close(store);
}

/* ---- plainly ---- */

#define COLUMNS 10

static const char create_text[] =
    "DROP TABLE IF EXISTS plain; CREATE TABLE plain (channel_id bigint NOT NULL,"
    " seq bigint NOT NULL, prev bigint NOT NULL, n bigint NOT NULL, sender_id bigint NOT NULL,"
    " thread bigint NOT NULL, ts_us bigint NOT NULL, cmid uuid NOT NULL, kind smallint NOT NULL,"
    " text text NOT NULL, PRIMARY KEY (channel_id, seq), UNIQUE (channel_id, sender_id, cmid))";
static const char insert_text[] =
    "INSERT INTO plain SELECT * FROM unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[],"
    " $5::int8[], $6::int8[], $7::int8[], $8::uuid[], $9::int2[], $10::text[])"
    " ON CONFLICT DO NOTHING";
static const uint32_t types[COLUMNS] = {20, 20, 20, 20, 20, 20, 20, 2950, 21, 25};

static void put_u32(struct buf *out, uint32_t value)
{
    const uint32_t bits = htobe32(value);
    buf_append(out, slice_from(&bits, sizeof(bits)));
}

static void put_u64(struct buf *out, uint64_t value)
{
    const uint64_t bits = htobe64(value);
    put_u32(out, sizeof(bits));
    buf_append(out, slice_from(&bits, sizeof(bits)));
}

static void write_columns(const struct worker *w, struct buf columns[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        buf_clear(&columns[i]);
        const uint32_t head[] = {1, 0, types[i], BATCH, 1};
        for (size_t k = 0; k < 5; k++)
            put_u32(&columns[i], head[k]);
    }
    for (size_t i = 0; i < BATCH; i++) {
        const struct event *event = &w->events[i];
        const uint64_t numbers[] = {event->channel, event->seq,    event->prev,           event->n,
                                    event->sender,  event->thread, (uint64_t)event->ts_us};
        for (size_t k = 0; k < 7; k++)
            put_u64(&columns[k], numbers[k]);
        put_u32(&columns[7], UUID_BYTES);
        buf_append(&columns[7], slice_from(event->cmid, UUID_BYTES));
        const uint16_t kind = htobe16((uint16_t)event->kind);
        put_u32(&columns[8], sizeof(kind));
        buf_append(&columns[8], slice_from(&kind, sizeof(kind)));
        put_u32(&columns[9], (uint32_t)event->text.len);
        buf_append(&columns[9], event->text);
    }
}

static void insert(const struct worker *w, PGconn *conn, struct buf columns[COLUMNS])
{
    const char *values[COLUMNS];
    int lengths[COLUMNS];
    int formats[COLUMNS];
    write_columns(w, columns);
    for (size_t i = 0; i < COLUMNS; i++) {
        values[i] = columns[i].ptr;
        lengths[i] = (int)columns[i].len;
        formats[i] = 1;
    }
    PGresult *result = PQexecPrepared(conn, "plain", COLUMNS, values, lengths, formats, 1);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail(PQerrorMessage(conn));
    PQclear(result);
}

static void run_plain(struct worker *w)
{
    struct buf columns[COLUMNS] = {0};
    PGconn *conn = PQconnectdb(w->url);
    PQclear(PQprepare(conn, "plain", insert_text, 0, NULL));
    const uint64_t end_ns = clock_mono_ns() + w->seconds * NS_PER_S;
    while (clock_mono_ns() < end_ns) {
        next_batch(w);
        insert(w, conn, columns);
        w->rows += BATCH;
    }
    for (size_t i = 0; i < COLUMNS; i++)
        buf_fini(&columns[i]);
    PQfinish(conn);
}

static void create_plain(const char *url)
{
    PGconn *conn = PQconnectdb(url);
    PGresult *result = PQexec(conn, create_text);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail(PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

/* ---- both ---- */

static void *run(void *arg)
{
    struct worker *w = arg;
    w->seqs = mem_zalloc(w->channels * sizeof(*w->seqs));
    if (w->plain)
        run_plain(w);
    else
        run_put(w);
    mem_free(w->seqs);
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc != 6)
        fail("put|plain URL SECONDS CHANNELS THREADS");
    static struct worker workers[THREADS_MAX];
    const uint64_t channels = strtoull(argv[4], NULL, 10);
    const uint64_t threads = strtoull(argv[5], NULL, 10);
    const bool plain = strcmp(argv[1], "plain") == 0;
    if (channels == 0 || threads == 0 || threads > THREADS_MAX)
        fail("CHANNELS is at least 1, THREADS 1 to 16");
    if (plain)
        create_plain(argv[2]);
    const uint64_t began_ns = clock_mono_ns();
    const uint64_t salt = (uint64_t)getpid() << 24; /* channels that no earlier run has filled */
    for (uint64_t i = 0; i < threads; i++) {
        workers[i] = (struct worker){.url = argv[2],
                                     .seconds = strtoull(argv[3], NULL, 10),
                                     .channels = channels,
                                     .first = salt + 1 + i * channels,
                                     .plain = plain};
        pthread_create(&workers[i].thread, NULL, run, &workers[i]);
    }
    uint64_t rows = 0;
    for (uint64_t i = 0; i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        rows += workers[i].rows;
    }
    printf("%.0f\n", (double)rows * (double)NS_PER_S / (double)(clock_mono_ns() - began_ns));
    return 0;
}
