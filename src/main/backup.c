/* parley backup and parley restore: the database of one process, to a file and back. */

#include "store/backup.h"

#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "main/commands.h"
#include "main/data_dir.h"
#include "main/progress.h"

static void show_pages(uint64_t done, uint64_t total, void *arg)
{
    struct progress *progress = arg;
    if (!progress_due(progress, done, total))
        return;
    struct buf detail = {0};
    buf_format(&detail, "%llu of %llu pages", (unsigned long long)done, (unsigned long long)total);
    progress_show(progress, done, total, buf_cstr(&detail));
    buf_fini(&detail);
}

static void complain(enum err err, const char *from, const char *to)
{
    switch (err) {
    case ERR_NOT_FOUND:
        fprintf(stderr, "parley: there is no file %s, or no folder for %s.\n", from, to);
        break;
    case ERR_EXISTS:
        fprintf(stderr, "parley: there is something at %s already. Choose another place.\n", to);
        break;
    case ERR_CORRUPT:
        fprintf(stderr, "parley: %s is no database of Parley's, or it is damaged.\n", from);
        break;
    case ERR_FORBIDDEN:
        fprintf(stderr, "parley: a newer Parley has written %s. Use that one.\n", from);
        break;
    case ERR_DISK_FULL:
        fprintf(stderr, "parley: the disk is full. Make room for %s.\n", to);
        break;
    case ERR_UNAVAILABLE:
        fprintf(stderr, "parley: %s is busy. Try again.\n", from);
        break;
    default:
        fprintf(stderr, "parley: %s cannot be read, or %s not written. Check rights and disks.\n",
                from, to);
        break;
    }
}

static void write_number(struct json_writer *w, struct slice name, uint64_t value)
{
    json_name(w, name);
    json_write_u64(w, value);
}

static void report(const struct config *config, const char *to, const struct backup_report *report)
{
    if (!config->json) {
        printf("%s: %llu people, %llu channels, %llu messages, %llu bytes, checked.\n", to,
               (unsigned long long)report->users, (unsigned long long)report->channels,
               (unsigned long long)report->messages, (unsigned long long)report->bytes);
        return;
    }
    struct buf out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_object_begin(&w);
    json_name(&w, SLICE("file"));
    json_write_string(&w, slice_str(to));
    write_number(&w, SLICE("users"), report->users);
    write_number(&w, SLICE("channels"), report->channels);
    write_number(&w, SLICE("messages"), report->messages);
    write_number(&w, SLICE("bytes"), report->bytes);
    json_object_end(&w);
    printf("%s\n", buf_cstr(&out));
    buf_fini(&out);
}

static int copy(const struct config *config, const char *from, const char *to)
{
    struct progress progress;
    struct backup_report done;
    progress_begin(&progress);
    const enum err err = backup_copy(from, to, show_pages, &progress, &done);
    progress_end(&progress);
    if (err != ERR_NONE) {
        complain(err, from, to);
        return 1;
    }
    report(config, to, &done);
    return 0;
}

static void database_path(const struct config *config, struct buf *out)
{
    const struct data_dir dir = {config->data, -1};
    struct buf url = {0};
    struct slice scheme;
    struct slice path;
    data_dir_store_url(&dir, &url);
    if (slice_cut(buf_slice(&url), ':', &scheme, &path))
        buf_append(out, path);
    buf_fini(&url);
}

int command_backup(const struct config *config, const char *file)
{
    struct buf database = {0};
    database_path(config, &database);
    const int status = copy(config, buf_cstr(&database), file);
    buf_fini(&database);
    return status;
}

int command_restore(const struct config *config, const char *file)
{
    struct data_dir dir;
    if (!data_dir_open(&dir, config->data, true))
        return 1;
    struct buf database = {0};
    database_path(config, &database);
    const int status = copy(config, file, buf_cstr(&database));
    buf_fini(&database);
    data_dir_close(&dir);
    return status;
}
