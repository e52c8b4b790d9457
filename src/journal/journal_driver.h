#ifndef JOURNAL_JOURNAL_DRIVER_H
#define JOURNAL_JOURNAL_DRIVER_H

/* What a driver of the journal implements. Private to src/journal. */

#include "journal/journal.h"

struct journal_driver {
    const char *scheme; /* the part of the URL before ':' */
    enum err (*open)(const char *rest, const struct journal_options *options, struct journal **out);
    void (*close)(struct journal *journal);
    enum err (*append)(struct journal *journal, struct journal_entry *entry);
    void (*stats)(struct journal *journal, struct journal_stats *out);
};

/* Every driver's own struct begins with this. */
struct journal {
    const struct journal_driver *driver;
};

extern const struct journal_driver journal_driver_store;
extern const struct journal_driver journal_driver_mem;
extern const struct journal_driver journal_driver_fleet;

/* How long ago the entry was appended. */
uint64_t journal_age_us(const struct journal_entry *entry);

/* Post the entry's done callback to its loop. */
void journal_finish(struct journal_entry *entry);

#endif
