/* Messages: the days of every channel, into batches. */

#include <sodium.h>

#include "base/mem.h"
#include "slack/archive.h"
#include "slack/batch.h"
#include "slack/day.h"
#include "slack/days.h"
#include "slack/import.h"
#include "slack/job.h"

struct reader {
    struct job *job;
    struct days days;
    uint64_t bytes_done;
    uint64_t channel;
    struct slice channel_key;

    struct buf file; /* the day that is being read; `day` borrows from it */
    struct day day;
    struct buf written; /* a text of Slack's, and what it became */
    struct buf mapped;
    struct batch batch;
};

/* ---- one message ---- */

static void hash_part(crypto_hash_sha256_state *state, struct slice part)
{
    static const unsigned char end = 0;
    crypto_hash_sha256_update(state, (const unsigned char *)part.ptr, part.len);
    crypto_hash_sha256_update(state, &end, 1);
}

/* The same for the same message of Slack, always: UUID version 8 (RFC 9562 section 5.8). */
static void make_cmid(const struct reader *r, const struct day_message *m, uint8_t cmid[UUID_BYTES])
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    hash_part(&state, buf_slice(&r->job->alias_prefix));
    hash_part(&state, r->channel_key);
    hash_part(&state, m->ts);
    hash_part(&state, buf_slice(&r->job->author));
    crypto_hash_sha256_final(&state, hash);
    memcpy(cmid, hash, UUID_BYTES);
    cmid[6] = (uint8_t)((cmid[6] & 0x0f) | 0x80);
    cmid[8] = (uint8_t)((cmid[8] & 0x3f) | 0x80);
}

static enum err take_message(struct reader *r, const struct day_item *item)
{
    const struct day_message m = day_message(item);
    const struct text_ids ids = {&r->job->people, &r->job->channel_ids};
    struct batch_message message = {.thread_us = m.thread_us, .edited = m.edited};
    buf_clear(&r->written);
    buf_clear(&r->mapped);
    (void)json_string(m.text, &r->written); /* day_read() saw that it is one */
    text_map(buf_slice(&r->written), &ids, &r->mapped, &message.counts);
    if (r->mapped.len > EVENT_TEXT_MAX) {
        r->job->report->skipped_too_big++;
        return ERR_NONE;
    }
    if (!event_text_valid(buf_slice(&r->mapped))) { /* U+0000 */
        r->job->report->skipped_malformed++;
        return ERR_NONE;
    }

    message.event = (struct event){
        .kind = EVENT_MESSAGE,
        .channel = r->channel,
        .ts_us = m.ts_us,
        .text = buf_slice(&r->mapped),
    };
    const enum err err = people_author(r->job, &m, &message.event.sender);
    if (err != ERR_NONE)
        return err;
    make_cmid(r, &m, message.event.cmid);
    return batch_add(&r->batch, r->job, &message);
}

/* ---- days ---- */

static void count_bad_day(struct import_report *report, struct slice name)
{
    if (report->days_bad == 0)
        import_label_set(&report->first_bad_day, name);
    report->days_bad++;
}

static void show_progress(const struct reader *r)
{
    const struct import_options *options = r->job->options;
    if (options->progress != NULL)
        options->progress(r->job->report, r->bytes_done, r->days.bytes, options->progress_arg);
}

static enum err take_day(struct reader *r, const struct archive_entry *entry)
{
    struct import_report *report = r->job->report;
    enum err err = archive_read(r->job->archive, entry, &r->file, r->job->problem);
    if (err != ERR_NONE)
        return err;
    if (day_read(&r->day, buf_slice(&r->file), report))
        report->days_read++;
    else
        count_bad_day(report, entry->name);
    for (size_t i = 0; i < r->day.len && err == ERR_NONE; i++)
        err = take_message(r, &r->day.items[i]);
    r->bytes_done += entry->size;
    show_progress(r);
    return err;
}

/* The days of the folder, unless another channel of that name had them. */
static enum err take_folder(struct reader *r, struct slice folder)
{
    size_t count;
    const size_t first = days_find(&r->days, folder, &count);
    enum err err = ERR_NONE;
    batch_start(&r->batch);
    for (size_t i = first; i < first + count && err == ERR_NONE; i++) {
        if (r->days.items[i].taken)
            continue;
        r->days.items[i].taken = true;
        err = take_day(r, r->days.items[i].entry);
    }
    return err != ERR_NONE ? err : batch_flush(&r->batch, r->job);
}

static void count_rest(struct reader *r)
{
    for (size_t i = 0; i < r->days.len; i++)
        r->job->report->days_not_taken += !r->days.items[i].taken;
    r->bytes_done = r->days.bytes;
    show_progress(r);
}

/* ---- channels ---- */

static enum err take_channels(struct reader *r)
{
    struct job *job = r->job;
    struct buf name = {0};
    struct json object;
    enum err err = ERR_NONE;
    for (size_t at = 0; err == ERR_NONE && json_array_next(job->channels, &at, &object);) {
        buf_clear(&name);
        if (!day_id(day_member(object, SLICE("id")), &r->channel_key) ||
            !index_get(&job->channel_ids, r->channel_key, &r->channel) ||
            !json_string(day_member(object, SLICE("name")), &name))
            continue;
        err = take_folder(r, buf_slice(&name));
    }
    buf_fini(&name);
    if (err == ERR_NONE)
        count_rest(r);
    return err;
}

enum err messages_take(struct job *job)
{
    struct reader *r = mem_zalloc(sizeof(*r));
    r->job = job;
    days_init(&r->days, job->archive);
    const enum err err = take_channels(r);
    days_fini(&r->days);
    buf_fini(&r->file);
    buf_fini(&r->written);
    buf_fini(&r->mapped);
    day_fini(&r->day);
    batch_fini(&r->batch);
    mem_free(r);
    return err;
}
