/* Allocation that ends the process instead of failing. */

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void *checked(void *ptr, size_t size)
{
    if (ptr == NULL && size > 0) {
        fprintf(stderr, "parley: out of memory (%zu bytes)\n", size);
        abort();
    }
    return ptr;
}

void *mem_alloc(size_t size)
{
    return checked(malloc(size), size);
}

void *mem_zalloc(size_t size)
{
    return checked(calloc(1, size), size);
}

void *mem_realloc_array(void *ptr, size_t count, size_t size)
{
    if (count == 0 || size == 0 || count > SIZE_MAX / size)
        abort();
    return checked(realloc(ptr, count * size), count * size);
}

void mem_free(void *ptr)
{
    free(ptr);
}
