#ifndef MAIN_PROGRESS_H
#define MAIN_PROGRESS_H

/*
 * Progress of long work, on stderr: a bar that is drawn anew on a terminal, a line now and then
 * elsewhere.
 */

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool terminal;
    uint64_t started_ns;
    uint64_t shown_ns;
    bool shown; /* a bar is on the line */
};

void progress_begin(struct progress *progress);
uint64_t progress_elapsed_ms(const struct progress *progress);

/* Whether it is time to show something again. */
bool progress_due(const struct progress *progress, uint64_t done, uint64_t total);

/* Show it; `detail` stands behind the percentage. */
void progress_show(struct progress *progress, uint64_t done, uint64_t total, const char *detail);

/* Leave the bar's line. */
void progress_end(const struct progress *progress);

#endif
