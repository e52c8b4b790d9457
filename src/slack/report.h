#ifndef SLACK_REPORT_H
#define SLACK_REPORT_H

/* The report of an import, for people and for programs. */

#include <stdbool.h>

#include "base/buf.h"

struct import_report;

/* Lines of text. */
void report_text(const struct import_report *report, bool dry_run, struct buf *out);

/* One JSON object; its numbers are called as in struct import_report. */
void report_json(const struct import_report *report, bool dry_run, uint64_t elapsed_ms,
                 struct buf *out);

#endif
