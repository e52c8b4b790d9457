/* The numbers of all loops, for /metrics. */

#include "main/board.h"

#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/resource.h>

#include "base/mem.h"

#define STAGES "parley_stage_seconds"

struct pinned {
    struct edge_stats edge;
    struct net_stats net;
};

struct board {
    pthread_mutex_t lock;
    unsigned loops;
    struct pinned pinned[];
};

struct board *board_create(unsigned loops)
{
    struct board *board = mem_zalloc(sizeof(*board) + loops * sizeof(struct pinned));
    pthread_mutex_init(&board->lock, NULL);
    board->loops = loops;
    return board;
}

void board_destroy(struct board *board)
{
    if (board == NULL)
        return;
    pthread_mutex_destroy(&board->lock);
    mem_free(board);
}

void board_pin(struct board *board, unsigned loop, const struct edge_stats *edge,
               const struct net_stats *net)
{
    pthread_mutex_lock(&board->lock);
    board->pinned[loop].edge = *edge;
    board->pinned[loop].net = *net;
    pthread_mutex_unlock(&board->lock);
}

static void metric(struct buf *out, const char *name, const char *type, const char *help,
                   uint64_t value)
{
    buf_format(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", name, help, name, type, name,
               (unsigned long long)value);
}

/* The loops' numbers: where each stands in struct pinned. */
static const struct {
    size_t offset;
    const char *name;
    const char *type;
    const char *help;
} rows[] = {
#define EDGE(member) offsetof(struct pinned, edge.member)
#define NET(member) offsetof(struct pinned, net.member)
    {EDGE(sessions), "parley_sessions", "gauge", "WebSockets open now."},
    {EDGE(users), "parley_users", "gauge", "People with a WebSocket, counted per loop."},
    {EDGE(channels), "parley_subscriptions", "gauge", "Channels listened to, per loop."},
    {EDGE(requests), "parley_requests_total", "counter", "Requests by WebSocket."},
    {EDGE(events), "parley_bus_events_total", "counter", "Events received from the bus."},
    {EDGE(deliveries), "parley_deliveries_total", "counter", "Events given to sockets."},
    {EDGE(left_out), "parley_left_out_total", "counter", "Events left out for slow sockets."},
    {EDGE(behind), "parley_behind_total", "counter", "Times a socket was told to catch up."},
    {EDGE(bus_up), "parley_bus_up", "gauge", "Loops whose links to the bus all work."},
    {EDGE(repairs), "parley_repairs_total", "counter", "Looks for what the bus may have lost."},
    {EDGE(compressed_in), "parley_compressed_in_bytes_total", "counter",
     "Bytes of messages that were compressed."},
    {EDGE(compressed_out), "parley_compressed_out_bytes_total", "counter",
     "Bytes that they were compressed to."},
    {EDGE(closed_slow), "parley_closed_slow_total", "counter", "Sockets closed as too slow."},
    {EDGE(closed_protocol), "parley_closed_protocol_total", "counter",
     "Sockets closed for breaking the protocol."},
    {NET(connections), "parley_connections", "gauge", "TCP connections open now."},
    {NET(writes), "parley_writes_total", "counter", "Write system calls on sockets."},
    {NET(bytes_out), "parley_sent_bytes_total", "counter", "Bytes sent."},
    {NET(bytes_in), "parley_received_bytes_total", "counter", "Bytes received."},
#undef EDGE
#undef NET
};

static void write_process(struct buf *out)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    const uint64_t cpu_ms = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000u +
                            (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000u;
    metric(out, "parley_cpu_milliseconds_total", "counter", "Processor time used.", cpu_ms);
    metric(out, "parley_heap_bytes", "gauge", "Memory allocated now.", mallinfo2().uordblks);
    metric(out, "parley_peak_memory_bytes", "gauge", "Most memory ever resident.",
           (uint64_t)usage.ru_maxrss * 1024u);
}

static void write_journal(struct journal *journal, struct buf *out)
{
    struct journal_stats stats;
    journal_stats(journal, &stats);
    metric(out, "parley_journal_events_total", "counter", "Events made durable.", stats.events);
    metric(out, "parley_journal_batches_total", "counter", "Commits.", stats.batches);
    metric(out, "parley_journal_failures_total", "counter", "Commits that failed.", stats.failures);
    metric(out, "parley_journal_up", "gauge", "Whether sends can be acknowledged.",
           stats.up ? 1 : 0);
    histogram_write(&stats.placed, STAGES, "placed", out);
    histogram_write(&stats.durable, STAGES, "durable", out);
    metric(out, "parley_journal_waiting", "gauge", "Events waiting for the disk.", stats.waiting);
}

void board_write(struct board *board, struct journal *journal, struct buf *out)
{
    pthread_mutex_lock(&board->lock);
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < board->loops; i++)
            sum += *(const uint64_t *)(const void *)((const char *)&board->pinned[i] +
                                                     rows[row].offset);
        metric(out, rows[row].name, rows[row].type, rows[row].help, sum);
    }
    struct histogram bus = {0};
    struct histogram written = {0};
    for (unsigned i = 0; i < board->loops; i++) {
        histogram_merge(&bus, &board->pinned[i].edge.bus);
        histogram_merge(&written, &board->pinned[i].edge.written);
    }
    pthread_mutex_unlock(&board->lock);

    metric(out, "parley_loops", "gauge", "Event loops.", board->loops);
    buf_format(out,
               "# HELP " STAGES " How long the way of a message takes: placed and durable from its "
               "arrival, bus from its place, written from there.\n# TYPE " STAGES " histogram\n");
    histogram_write(&bus, STAGES, "bus", out);
    histogram_write(&written, STAGES, "written", out);
    if (journal != NULL)
        write_journal(journal, out);
    write_process(out);
}
