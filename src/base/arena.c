/* Allocations that live and die together. */

#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "base/mem.h"

#define BLOCK_BYTES 4000u

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t cap;
    alignas(max_align_t) char data[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    const size_t cap = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct arena_block *block = mem_alloc(sizeof(*block) + cap);
    block->next = arena->blocks;
    block->used = 0;
    block->cap = cap;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    const size_t rounded = (size + align - 1) & ~(align - 1);
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->cap - block->used < rounded)
        block = add_block(arena, rounded);
    void *ptr = block->data + block->used;
    block->used += rounded;
    return ptr;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    void *ptr = arena_alloc(arena, size);
    memset(ptr, 0, size);
    return ptr;
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
    char *ptr = arena_alloc(arena, s.len + 1);
    if (s.len > 0)
        memcpy(ptr, s.ptr, s.len);
    ptr[s.len] = '\0';
    return (struct slice){ptr, s.len};
}

void arena_fini(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        mem_free(block);
    }
}
