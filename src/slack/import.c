/* An import from start to end: people, channels, messages, members. */

#include "slack/import.h"

#include "base/clock.h"
#include "slack/archive.h"
#include "slack/day.h"
#include "slack/job.h"

#define GROUP_WRITES_MAX 2000u

/* ---- groups and aliases ---- */

struct slice job_alias(struct job *job, struct slice key)
{
    buf_clear(&job->alias);
    buf_append(&job->alias, buf_slice(&job->alias_prefix));
    buf_append(&job->alias, key);
    return buf_slice(&job->alias);
}

enum err job_group(struct job *job, unsigned writes)
{
    enum err err = ERR_NONE;
    if (job->grouped + writes > GROUP_WRITES_MAX)
        err = job_group_end(job);
    if (err == ERR_NONE && job->grouped == 0)
        err = target_group_begin(&job->target);
    if (err == ERR_NONE)
        job->grouped += writes;
    return err;
}

enum err job_group_end(struct job *job)
{
    if (job->grouped == 0)
        return ERR_NONE;
    job->grouped = 0;
    return target_group_end(&job->target);
}

/* ---- the lists of the export ---- */

static enum err read_list(struct job *job, const char *name, struct buf *text, struct json *list)
{
    const struct archive_entry *entry = archive_find(job->archive, slice_str(name));
    if (entry == NULL) {
        buf_format(
            job->problem,
            "The ZIP file is no Slack export: there is no %s in it. Give the file that Slack "
            "made, as it was downloaded.",
            name);
        return ERR_INVALID;
    }
    const enum err err = archive_read(job->archive, entry, text, job->problem);
    if (err != ERR_NONE)
        return err;
    if (!json_parse(buf_slice(text), JOB_JSON_DEPTH_MAX, list) || list->type != JSON_ARRAY) {
        buf_format(job->problem, "%s in the ZIP file is no JSON list. Download the export again.",
                   name);
        return ERR_INVALID;
    }
    return ERR_NONE;
}

/* How many items a list has that we do not take; 0 when it is not there or no list. */
static enum err count_list(struct job *job, const char *name, uint64_t *count)
{
    const struct archive_entry *entry = archive_find(job->archive, slice_str(name));
    if (entry == NULL)
        return ERR_NONE;
    struct buf text = {0};
    struct json list;
    struct json item;
    const enum err err = archive_read(job->archive, entry, &text, job->problem);
    if (err == ERR_NONE && json_parse(buf_slice(&text), JOB_JSON_DEPTH_MAX, &list)) {
        for (size_t at = 0; json_array_next(list, &at, &item);)
            ++*count;
    }
    buf_fini(&text);
    return err;
}

static enum err count_private(struct job *job)
{
    enum err err = count_list(job, "groups.json", &job->report->private_channels);
    if (err == ERR_NONE)
        err = count_list(job, "dms.json", &job->report->directs);
    if (err == ERR_NONE)
        err = count_list(job, "mpims.json", &job->report->group_directs);
    return err;
}

/* ---- the whole ---- */

static enum err take_all(struct job *job)
{
    enum err err = read_list(job, "users.json", &job->users_text, &job->users);
    if (err == ERR_NONE)
        err = read_list(job, "channels.json", &job->channels_text, &job->channels);
    if (err == ERR_NONE)
        err = count_private(job);
    if (err == ERR_NONE)
        err = people_take(job);
    if (err == ERR_NONE)
        err = channels_take(job);
    if (err == ERR_NONE)
        err = messages_take(job);
    if (err == ERR_NONE)
        err = channels_take_members(job);
    return err != ERR_NONE ? err : job_group_end(job);
}

static void job_init(struct job *job)
{
    index_init(&job->people);
    index_init(&job->channel_ids);
    job->now_us = clock_wall_us();
}

static void job_fini(struct job *job)
{
    index_fini(&job->people);
    index_fini(&job->channel_ids);
    buf_fini(&job->users_text);
    buf_fini(&job->channels_text);
    buf_fini(&job->alias_prefix);
    buf_fini(&job->alias);
    buf_fini(&job->author);
    archive_close(job->archive);
}

enum err import_slack(struct store *store, const char *path, const struct import_options *options,
                      struct import_report *report, struct buf *problem)
{
    struct job job = {.options = options, .report = report, .problem = problem};
    *report = (struct import_report){0};
    job_init(&job);
    enum err err = archive_open(path, &job.archive, problem);
    if (err == ERR_NONE)
        err = target_init(&job.target, store, options->dry_run);
    if (err == ERR_NONE)
        err = take_all(&job);
    target_fini(&job.target);
    job_fini(&job);
    return err;
}
