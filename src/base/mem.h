#ifndef BASE_MEM_H
#define BASE_MEM_H

/*
 * Allocation that never returns NULL: out of memory ends the process, because every size that a
 * peer chooses was limited before it came here.
 */

#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);

/* An array of `count` items, at least one; aborts when count * size overflows. Not zeroed past what
 * it held. */
void *mem_realloc_array(void *ptr, size_t count, size_t size);

void mem_free(void *ptr);

#endif
