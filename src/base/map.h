#ifndef BASE_MAP_H
#define BASE_MAP_H

/*
 * Map: from 64-bit keys to pointers; open addressing, grows as needed. All zero is a valid empty
 * one. Keys come from our own counters, not from peers, so their hash is not keyed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot;

struct map {
    struct map_slot *slots;
    size_t len;
    size_t cap;
};

/* Free the table, not what its values point to. */
void map_fini(struct map *map);

/* The value of `key`, or NULL. */
void *map_get(const struct map *map, uint64_t key);

/* Set or replace; `value` is not NULL. */
void map_put(struct map *map, uint64_t key, void *value);

/* Take `key` out and return its value, or NULL when it was not there. */
void *map_remove(struct map *map, uint64_t key);

/* Walk: *at starts at 0; false at the end. The map must not change meanwhile. */
bool map_next(const struct map *map, size_t *at, uint64_t *key, void **value);

#endif
