#ifndef SLACK_TEXT_H
#define SLACK_TEXT_H

/* Text: from Slack's markup to Parley's; slack/import.h has the rules. */

#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct index;

/* Ids of Slack to ids of ours. */
struct text_ids {
    const struct index *people;
    const struct index *channels;
};

struct text_counts {
    uint64_t mentions;
    uint64_t mentions_unknown;
    uint64_t channel_links;
    uint64_t channel_links_unknown;
};

/* Append the mapped text to `out` and add to `counts`. Valid UTF-8 stays valid. */
void text_map(struct slice text, const struct text_ids *ids, struct buf *out,
              struct text_counts *counts);

#endif
