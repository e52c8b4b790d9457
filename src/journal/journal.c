/* The journal: choice of the driver and preconditions. */

#include "journal/journal.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "journal/journal_driver.h"

static const struct journal_driver *const drivers[] = {&journal_driver_store, &journal_driver_fleet,
                                                       &journal_driver_mem};

enum err journal_open(const char *url, const struct journal_options *options, struct journal **out)
{
    assert(options->queue_max > 0);
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        const size_t len = strlen(drivers[i]->scheme);
        if (strncmp(url, drivers[i]->scheme, len) == 0 && url[len] == ':')
            return drivers[i]->open(url + len + 1, options, out);
    }
    return ERR_INVALID;
}

void journal_close(struct journal *journal)
{
    if (journal != NULL)
        journal->driver->close(journal);
}

enum err journal_append(struct journal *journal, struct loop *loop, struct journal_entry *entry,
                        journal_done_fn *done)
{
    assert(entry->event.channel != 0);
    assert(entry->event.text.len <= EVENT_TEXT_MAX);
    entry->next = NULL;
    entry->journal = journal;
    entry->appended_ns = clock_mono_ns();
    entry->loop = loop;
    entry->done = done;
    entry->result = ERR_NONE;
    entry->duplicate = false;
    return journal->driver->append(journal, entry);
}

void journal_stats(struct journal *journal, struct journal_stats *out)
{
    journal->driver->stats(journal, out);
}

static void run_done(struct task *task)
{
    struct journal_entry *entry = LIST_ITEM(task, struct journal_entry, task);
    entry->done(entry);
}

uint64_t journal_age_us(const struct journal_entry *entry)
{
    return (clock_mono_ns() - entry->appended_ns) / 1000;
}

void journal_finish(struct journal_entry *entry)
{
    entry->task.run = run_done;
    loop_post(entry->loop, &entry->task);
}
