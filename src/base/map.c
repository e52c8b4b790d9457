/* A hash table with linear probing and backward-shift removal. */

#include "base/map.h"

#include <assert.h>

#include "base/hash.h"
#include "base/mem.h"

struct map_slot {
    uint64_t key;
    void *value; /* NULL: free */
};

void map_fini(struct map *map)
{
    mem_free(map->slots);
    *map = (struct map){0};
}

static size_t home(const struct map *map, uint64_t key)
{
    return (size_t)hash_mix64(key) & (map->cap - 1);
}

/* The slot that holds `key`, or the free one where it belongs. */
static struct map_slot *find(const struct map *map, uint64_t key)
{
    size_t at = home(map, key);
    while (map->slots[at].value != NULL && map->slots[at].key != key)
        at = (at + 1) & (map->cap - 1);
    return &map->slots[at];
}

void *map_get(const struct map *map, uint64_t key)
{
    return map->len == 0 ? NULL : find(map, key)->value;
}

static void grow(struct map *map)
{
    struct map old = *map;
    map->cap = old.cap == 0 ? 8 : old.cap * 2;
    map->slots = mem_zalloc(map->cap * sizeof(*map->slots));
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].value != NULL)
            *find(map, old.slots[i].key) = old.slots[i];
    }
    mem_free(old.slots);
}

void map_put(struct map *map, uint64_t key, void *value)
{
    assert(value != NULL);
    if (map->len * 4 >= map->cap * 3)
        grow(map);
    struct map_slot *slot = find(map, key);
    if (slot->value == NULL)
        map->len++;
    *slot = (struct map_slot){key, value};
}

void *map_remove(struct map *map, uint64_t key)
{
    if (map->len == 0)
        return NULL;
    struct map_slot *slot = find(map, key);
    void *value = slot->value;
    if (value == NULL)
        return NULL;
    map->len--;

    /* Close the hole: move back each follower that may stand there. */
    const size_t mask = map->cap - 1;
    size_t hole = (size_t)(slot - map->slots);
    for (size_t at = (hole + 1) & mask; map->slots[at].value != NULL; at = (at + 1) & mask) {
        const size_t want = home(map, map->slots[at].key);
        if (((at - want) & mask) >= ((at - hole) & mask)) {
            map->slots[hole] = map->slots[at];
            hole = at;
        }
    }
    map->slots[hole].value = NULL;
    return value;
}

bool map_next(const struct map *map, size_t *at, uint64_t *key, void **value)
{
    for (; *at < map->cap; (*at)++) {
        const struct map_slot *slot = &map->slots[*at];
        if (slot->value == NULL)
            continue;
        *key = slot->key;
        *value = slot->value;
        (*at)++;
        return true;
    }
    return false;
}
