/* parley import slack: progress for people, a report for people or programs. */

#include <stdio.h>
#include <unistd.h>

#include "main/commands.h"
#include "main/data_dir.h"
#include "main/progress.h"
#include "redis/address.h"
#include "slack/import.h"
#include "slack/report.h"
#include "store/store.h"

static void show_progress(const struct import_report *so_far, uint64_t done, uint64_t total,
                          void *arg)
{
    struct progress *progress = arg;
    if (!progress_due(progress, done, total))
        return;
    struct buf detail = {0};
    const uint64_t rate = so_far->messages_found * 1000 / (progress_elapsed_ms(progress) + 1);
    buf_format(&detail, "%llu messages, %llu/s", (unsigned long long)so_far->messages_found,
               (unsigned long long)rate);
    progress_show(progress, done, total, buf_cstr(&detail));
    buf_fini(&detail);
}

/* ---- what went wrong ---- */

/* What to do about a store that failed. */
static const char *advice(enum err err)
{
    switch (err) {
    case ERR_DISK_FULL:
        return "The disk is full. Make room, then run the import again: it goes on from there.";
    case ERR_UNAVAILABLE:
        return "The database is busy. Run the import again: it goes on from there.";
    case ERR_CORRUPT:
        return "The database is damaged, or is not Parley's. Check the folder: --data DIR";
    case ERR_FORBIDDEN:
        return "A newer Parley has written the database. Run that one.";
    case ERR_IO:
        return "The database cannot be read or written. Check the folder and its disk: --data DIR";
    case ERR_EXISTS:
        return "Ten thousand names like one in the export are taken.";
    default:
        return "The database refused what was imported. This is a fault of Parley.";
    }
}

static int complain(enum err err, struct buf *problem)
{
    fprintf(stderr, "parley: %s\n", problem->len > 0 ? buf_cstr(problem) : advice(err));
    return 1;
}

/* ---- the import ---- */

static enum err open_fleet(const struct config *config, struct store **store)
{
    struct buf url = {0};
    buf_format(&url, "pg:%s", config->directory);
    enum err err = store_open(buf_cstr(&url), store);
    if (err == ERR_NONE)
        err = store_follow(*store, config->redis);
    buf_fini(&url);
    return err;
}

/* A dry run makes no folder and no database: where none is, it begins with nothing. */
static enum err open_file(const struct config *config, const struct data_dir *dir,
                          struct store **store)
{
    struct buf url = {0};
    data_dir_store_url(dir, &url);
    struct slice scheme;
    struct slice path;
    const bool split = slice_cut(slice_str(buf_cstr(&url)), ':', &scheme, &path);
    const bool nothing = config->dry_run && split && access(path.ptr, F_OK) != 0;
    const enum err err = store_open(nothing ? "mem:import" : buf_cstr(&url), store);
    buf_fini(&url);
    return err;
}

static void print_report(const struct config *config, const struct import_report *report,
                         uint64_t elapsed_ms)
{
    struct buf out = {0};
    if (config->json) {
        report_json(report, config->dry_run, elapsed_ms, &out);
    } else {
        report_text(report, config->dry_run, &out);
        buf_format(&out, "\nIt took %llu.%02llu s.\n", (unsigned long long)(elapsed_ms / 1000),
                   (unsigned long long)(elapsed_ms % 1000 / 10));
    }
    (void)fwrite(out.ptr, 1, out.len, stdout);
    buf_fini(&out);
}

static int import_into(const struct config *config, struct store *store, const char *path)
{
    struct progress progress;
    progress_begin(&progress);
    const struct import_options options = {config->dry_run, show_progress, &progress};
    struct import_report report;
    struct buf problem = {0};
    const enum err err = import_slack(store, path, &options, &report, &problem);
    progress_end(&progress);
    int status = 0;
    if (err == ERR_NONE)
        print_report(config, &report, progress_elapsed_ms(&progress));
    else
        status = complain(err, &problem);
    buf_fini(&problem);
    return status;
}

int command_import_slack(const struct config *config, const char *path)
{
    /* A server may run meanwhile: its clients see what came when they next read. */
    struct data_dir dir = {config->data, -1};
    const bool fleet = config->directory[0] != '\0';
    if (fleet && config->redis[0] == '\0') {
        fprintf(stderr, "parley: an import into a fleet needs --redis HOST:PORT too.\n");
        return 2;
    }
    const char *problem = fleet ? redis_servers_problem(config->redis) : NULL;
    if (problem != NULL) {
        fprintf(stderr, "parley: --redis: %s.\n", problem);
        return 2;
    }
    if (!fleet && !config->dry_run && !data_dir_open(&dir, config->data, false))
        return 1;
    struct store *store = NULL;
    struct buf no_problem = {0};
    const enum err err = fleet ? open_fleet(config, &store) : open_file(config, &dir, &store);
    const int status =
        err == ERR_NONE ? import_into(config, store, path) : complain(err, &no_problem);
    store_close(store);
    data_dir_close(&dir);
    return status;
}
