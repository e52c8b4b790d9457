#ifndef SLACK_NAMES_H
#define SLACK_NAMES_H

/* Names: valid ones of ours from those of an export. Each appends to an empty `out`. */

#include "base/buf.h"
#include "base/json.h"
#include "base/slice.h"

/*
 * A valid name of a user: `wanted` as it is when it is one (with small letters), else what is left
 * of it, '-' between; when nothing is left, the id. The same for a channel.
 */
void names_user(struct slice wanted, struct slice id, struct buf *out);
void names_channel(struct slice wanted, struct slice id, struct buf *out);

/* The `attempt`th name to try: `base`, then base-2, base-3, ...; `base` gives way to fit `max`
 * bytes. */
void names_attempt(struct slice base, unsigned attempt, size_t max, struct buf *out);

/* `base` with `suffix`, cut between characters so that both fit `max` bytes. */
void names_with_suffix(struct slice base, struct slice suffix, size_t max, struct buf *out);

/* The first of these strings that makes a valid display name, without control characters and cut.
 */
void names_display(const struct json *candidates, size_t count, struct slice fallback,
                   struct buf *out);

/* A valid topic, cut, with spaces for control characters. */
void names_topic(struct slice wanted, struct buf *out);

#endif
