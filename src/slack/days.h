#ifndef SLACK_DAYS_H
#define SLACK_DAYS_H

/* Days: which entries of an archive are days of messages, "folder/YYYY-MM-DD.json", by folder and
 * date. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct archive;
struct archive_entry;

struct days_entry {
    struct slice folder; /* borrowed from the archive, as is the date */
    struct slice date;
    const struct archive_entry *entry;
    bool taken;
};

struct days {
    struct days_entry *items;
    size_t len;
    uint64_t bytes; /* of all of them */
};

void days_init(struct days *days, const struct archive *archive);
void days_fini(struct days *days);

/* The index of the first day of the folder, and how many follow each other. */
size_t days_find(const struct days *days, struct slice folder, size_t *count);

/* Split the name of a day. False when it is no day's. */
bool days_split(struct slice name, struct slice *folder, struct slice *date);

#endif
