#ifndef SLACK_INDEX_H
#define SLACK_INDEX_H

/*
 * Index: from short byte strings of the export to our numbers. The hash is keyed, because the
 * strings come from outside.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/slice.h"

#define INDEX_SECRET_BYTES 16u

struct index {
    struct map by_hash; /* -> struct index_entry, those of the same hash chained */
    struct arena entries;
    uint8_t secret[INDEX_SECRET_BYTES];
};

void index_init(struct index *index);
void index_fini(struct index *index);

bool index_get(const struct index *index, struct slice key, uint64_t *value);

/* The key is copied. False when it is there already: then the first value stays. */
bool index_put(struct index *index, struct slice key, uint64_t value);

#endif
