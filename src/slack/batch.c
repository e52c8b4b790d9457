/* Storing many messages at once, replies after what they answer. */

#include "slack/batch.h"

#include <assert.h>

#include "base/mem.h"
#include "slack/import.h"
#include "slack/job.h"

void batch_start(struct batch *batch)
{
    assert(batch->len == 0);
    batch->places_len = 0;
}

void batch_fini(struct batch *batch)
{
    arena_fini(&batch->texts);
    mem_free(batch->places);
    *batch = (struct batch){0};
}

/* ---- places ---- */

static void add_place(struct batch *batch, struct batch_place place)
{
    if (batch->places_len == batch->places_cap) {
        batch->places_cap = batch->places_cap == 0 ? 1024 : batch->places_cap * 2;
        batch->places = mem_realloc_array(batch->places, batch->places_cap, sizeof(*batch->places));
    }
    /* They come in order, but for an export whose days overlap. */
    size_t at = batch->places_len++;
    for (; at > 0 && batch->places[at - 1].ts_us > place.ts_us; at--)
        batch->places[at] = batch->places[at - 1];
    batch->places[at] = place;
}

/* The index of the first place that is not before `ts_us`. */
static size_t search(const struct batch *batch, int64_t ts_us)
{
    size_t low = 0;
    size_t high = batch->places_len;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (batch->places[middle].ts_us < ts_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The seq of the first message of that time; 0 when there is none. */
static uint64_t find_place(const struct batch *batch, int64_t ts_us)
{
    const size_t at = search(batch, ts_us);
    const bool found = at < batch->places_len && batch->places[at].ts_us == ts_us;
    return found ? batch->places[at].seq : 0;
}

/* Whether the export had this very message before. */
static bool has_place(const struct batch *batch, struct batch_place place)
{
    for (size_t at = search(batch, place.ts_us);
         at < batch->places_len && batch->places[at].ts_us == place.ts_us; at++) {
        if (batch->places[at].seq == place.seq)
            return true;
    }
    return false;
}

static bool waits(const struct batch *batch, int64_t ts_us)
{
    for (size_t i = batch->len; i > 0; i--) {
        if (batch->events[i - 1].ts_us == ts_us)
            return true;
    }
    return false;
}

/* ---- storing ---- */

static void count_added(const struct batch *batch, size_t at, struct import_report *report)
{
    report->messages_added++;
    report->replies += batch->events[at].thread != 0;
    report->replies_orphaned += batch->orphans[at];
    report->with_edits += batch->edits[at];
    report->mentions += batch->counts[at].mentions;
    report->mentions_unknown += batch->counts[at].mentions_unknown;
    report->channel_links += batch->counts[at].channel_links;
    report->channel_links_unknown += batch->counts[at].channel_links_unknown;
}

/* The message at `at` has arrived, now or long ago. */
static void note_stored(struct batch *batch, size_t at, int64_t ts_us, struct import_report *report)
{
    const struct batch_place place = {ts_us, batch->events[at].seq};
    if (!batch->items[at].duplicate) {
        count_added(batch, at, report);
    } else if (has_place(batch, place)) {
        report->skipped_repeated++;
        return;
    } else {
        report->messages_known++;
    }
    add_place(batch, place);
}

enum err batch_flush(struct batch *batch, struct job *job)
{
    if (batch->len == 0)
        return ERR_NONE;
    int64_t times[BATCH_MESSAGES_MAX] = {0}; /* a duplicate's is replaced by the one stored first */
    for (size_t i = 0; i < batch->len; i++)
        times[i] = batch->events[i].ts_us;

    enum err err = job_group(job, (unsigned)batch->len);
    if (err == ERR_NONE)
        err = target_append(&job->target, batch->items, batch->len);
    for (size_t i = 0; i < batch->len && err == ERR_NONE; i++) {
        err = batch->items[i].result;
        if (err == ERR_NONE)
            note_stored(batch, i, times[i], job->report);
    }
    batch->len = 0;
    batch->bytes = 0;
    arena_fini(&batch->texts);
    return err;
}

static bool is_full(const struct batch *batch)
{
    return batch->len == BATCH_MESSAGES_MAX || batch->bytes >= BATCH_BYTES_MAX;
}

enum err batch_add(struct batch *batch, struct job *job, const struct batch_message *message)
{
    enum err err = ERR_NONE;
    if (is_full(batch) || (message->thread_us != 0 && waits(batch, message->thread_us)))
        err = batch_flush(batch, job);
    if (err != ERR_NONE)
        return err;

    const size_t at = batch->len++;
    struct event *event = &batch->events[at];
    *event = message->event;
    event->text = arena_copy(&batch->texts, message->event.text);
    event->thread = message->thread_us != 0 ? find_place(batch, message->thread_us) : 0;
    batch->items[at] = (struct store_append){.event = event};
    batch->counts[at] = message->counts;
    batch->orphans[at] = message->thread_us != 0 && event->thread == 0;
    batch->edits[at] = message->edited;
    batch->bytes += event->text.len;
    return ERR_NONE;
}
