#ifndef STORE_MEM_NAMES_H
#define STORE_MEM_NAMES_H

/* Names: from byte strings to pointers. All zero is a valid empty one. */

#include "base/map.h"
#include "base/slice.h"

struct mem_names {
    struct map entries; /* hash -> list of the names that have it */
};

/* Free the table, not what its values point to. */
void mem_names_fini(struct mem_names *names);

/* The value of `name`, or NULL. */
void *mem_names_get(const struct mem_names *names, struct slice name);

/* Add a copy of `name`, which is not there yet; `value` is not NULL. */
void mem_names_put(struct mem_names *names, struct slice name, void *value);

/* Take `name` out and return its value, or NULL when it was not there. */
void *mem_names_remove(struct mem_names *names, struct slice name);

#endif
