#ifndef BASE_ARENA_H
#define BASE_ARENA_H

/*
 * Arena: many small allocations that live and die together, with one request or one page of
 * history. All zero is a valid empty one. One thread at a time.
 */

#include <stddef.h>

#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
};

/* Uninitialised memory, aligned for anything, until arena_fini(). */
void *arena_alloc(struct arena *arena, size_t size);

/* Zeroed memory. */
void *arena_zalloc(struct arena *arena, size_t size);

/* A copy of `s`, ended by a NUL that is not counted. */
struct slice arena_copy(struct arena *arena, struct slice s);

/* Free everything; the arena is empty and usable again. */
void arena_fini(struct arena *arena);

#endif
