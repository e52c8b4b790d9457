/* parley admin shards: where a fleet's messages are, and how they get elsewhere. */

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "main/commands.h"
#include "store/fleet.h"

#define NS_PER_MS 1000000u
#define BAR_MS 100u    /* between two lines on a terminal, which overwrite each other */
#define LINES_MS 2000u /* elsewhere */

static bool has_directory(const struct config *config)
{
    if (config->directory[0] != '\0')
        return true;
    fprintf(stderr, "parley: say where the directory database is: --directory "
                    "postgres://user:password@host/parley\n");
    return false;
}

static int complain(struct buf *problem, const char *advice)
{
    fprintf(stderr, "parley: %s.\n%s",
            problem->len > 0 ? buf_cstr(problem) : "the databases refused it", advice);
    return 1;
}

/* ---- the list ---- */

static void write_json(const struct fleet_shard *shards, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_object_begin(&w);
    json_name(&w, SLICE("shards"));
    json_array_begin(&w);
    for (size_t i = 0; i < FLEET_SHARDS; i++) {
        const struct fleet_shard *shard = &shards[i];
        json_object_begin(&w);
        json_name(&w, SLICE("shard"));
        json_write_u64(&w, shard->shard);
        json_name(&w, SLICE("server"));
        json_write_string(&w, shard->server);
        json_name(&w, SLICE("state"));
        json_write_string(&w, shard->state);
        json_name(&w, SLICE("target"));
        json_write_string(&w, shard->target);
        json_name(&w, SLICE("version"));
        json_write_u64(&w, shard->version);
        json_name(&w, SLICE("reachable"));
        json_write_bool(&w, shard->known);
        json_name(&w, SLICE("rows"));
        json_write_u64(&w, shard->rows);
        json_name(&w, SLICE("rows_exact"));
        json_write_bool(&w, shard->exact);
        json_name(&w, SLICE("size_bytes"));
        json_write_u64(&w, shard->size_bytes);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
    buf_byte(out, '\n');
}

static void write_table(const struct fleet_shard *shards, struct buf *out)
{
    buf_format(out, "%-6s %-16s %-8s %12s %10s\n", "shard", "server", "state", "rows", "MiB");
    for (size_t i = 0; i < FLEET_SHARDS; i++) {
        const struct fleet_shard *shard = &shards[i];
        buf_format(out, "%-6u %-16.*s %-8.*s ", shard->shard, (int)shard->server.len,
                   shard->server.ptr, (int)shard->state.len, shard->state.ptr);
        if (!shard->known)
            buf_format(out, "%23s", "cannot be reached");
        else
            buf_format(out, "%s%*llu %10.1f", shard->exact ? "" : "~", shard->exact ? 12 : 11,
                       (unsigned long long)shard->rows, (double)shard->size_bytes / (1 << 20));
        if (shard->target.len > 0)
            buf_format(out, "  to %.*s", (int)shard->target.len, shard->target.ptr);
        buf_byte(out, '\n');
    }
}

static int list(const struct config *config, struct arena *arena, struct buf *problem)
{
    struct fleet_shard shards[FLEET_SHARDS];
    if (fleet_list(config->directory, arena, shards, problem) != ERR_NONE)
        return complain(problem, "");
    struct buf out = {0};
    if (config->json)
        write_json(shards, &out);
    else
        write_table(shards, &out);
    (void)fwrite(out.ptr, 1, out.len, stdout);
    buf_fini(&out);
    /* The list stands, but not for all of them. */
    return problem->len > 0 ? complain(problem, "") : 0;
}

int command_admin_shards(const struct config *config)
{
    if (!has_directory(config))
        return 2;
    struct arena arena = {0};
    struct buf problem = {0};
    const int status = list(config, &arena, &problem);
    buf_fini(&problem);
    arena_fini(&arena);
    return status;
}

/* ---- moving ---- */

struct progress {
    bool terminal;
    bool shown; /* a line that may be overwritten */
    enum fleet_step step;
    uint64_t shown_ns;
};

static void show_progress(enum fleet_step step, uint64_t done, uint64_t total, void *arg)
{
    struct progress *progress = arg;
    const uint64_t now_ns = clock_mono_ns();
    const uint64_t pause_ms = progress->terminal ? BAR_MS : LINES_MS;
    if (step == progress->step && now_ns - progress->shown_ns < pause_ms * NS_PER_MS)
        return;
    progress->step = step;
    progress->shown_ns = now_ns;
    progress->shown = progress->terminal;
    const uint64_t percent = total > 0 ? done * 100 / total : 100;
    fprintf(stderr, "%s%s %3llu%%, %llu rows%s", progress->terminal ? "\r" : "",
            step == FLEET_COPYING ? "copying  " : "finishing", (unsigned long long)percent,
            (unsigned long long)done, progress->terminal ? "\033[K" : "\n");
    (void)fflush(stderr);
}

static const char *advice(enum err err)
{
    switch (err) {
    case ERR_UNAVAILABLE:
    case ERR_UNCERTAIN:
    case ERR_DISK_FULL:
        return "parley: run the same command again: it goes on from there.\n";
    case ERR_NOT_FOUND:
        return "parley: parley admin shards lists them.\n";
    default:
        return "";
    }
}

static int move(const struct config *config, uint32_t shard, struct buf *problem)
{
    struct progress progress = {.terminal = isatty(STDERR_FILENO) != 0};
    const enum err err = fleet_move(config->directory, shard, slice_str(config->to), show_progress,
                                    &progress, problem);
    if (progress.shown)
        fputc('\n', stderr);
    if (err != ERR_NONE)
        return complain(problem, advice(err));
    printf("Shard %u is on %s.\n", shard, config->to);
    return 0;
}

int command_admin_move(const struct config *config, const char *shard)
{
    if (!has_directory(config))
        return 2;
    uint64_t number;
    if (!slice_to_u64(slice_str(shard), &number) || number >= FLEET_SHARDS ||
        config->to[0] == '\0') {
        fprintf(stderr, "parley: say which shard, 0 to 63, and where to: "
                        "parley admin shards move 17 --to b\n");
        return 2;
    }
    struct buf problem = {0};
    const int status = move(config, (uint32_t)number, &problem);
    buf_fini(&problem);
    return status;
}
