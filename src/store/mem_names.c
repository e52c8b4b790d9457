/* A table of byte strings, on top of the one of numbers. */

#include "store/mem_names.h"

#include <assert.h>

#include "base/mem.h"

struct entry {
    struct entry *next;
    void *value;
    size_t len;
    char name[];
};

/* FNV-1a; the map mixes it. */
static uint64_t hash(struct slice name)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (uint8_t)name.ptr[i]) * 0x100000001b3u;
    return hash;
}

static bool matches(const struct entry *entry, struct slice name)
{
    return slice_eq(slice_from(entry->name, entry->len), name);
}

void mem_names_fini(struct mem_names *names)
{
    size_t at = 0;
    uint64_t key;
    void *value;
    while (map_next(&names->entries, &at, &key, &value)) {
        for (struct entry *entry = value; entry != NULL;) {
            struct entry *next = entry->next;
            mem_free(entry);
            entry = next;
        }
    }
    map_fini(&names->entries);
}

void *mem_names_get(const struct mem_names *names, struct slice name)
{
    const struct entry *entry = map_get(&names->entries, hash(name));
    while (entry != NULL && !matches(entry, name))
        entry = entry->next;
    return entry == NULL ? NULL : entry->value;
}

void mem_names_put(struct mem_names *names, struct slice name, void *value)
{
    assert(value != NULL);
    assert(mem_names_get(names, name) == NULL);

    struct entry *entry = mem_alloc(sizeof(*entry) + name.len);
    entry->next = map_get(&names->entries, hash(name));
    entry->value = value;
    entry->len = name.len;
    if (name.len > 0)
        memcpy(entry->name, name.ptr, name.len);
    map_put(&names->entries, hash(name), entry);
}

void *mem_names_remove(struct mem_names *names, struct slice name)
{
    struct entry *first = map_get(&names->entries, hash(name));
    struct entry **at = &first;
    while (*at != NULL && !matches(*at, name))
        at = &(*at)->next;
    struct entry *entry = *at;
    if (entry == NULL)
        return NULL;

    *at = entry->next;
    if (first == NULL)
        map_remove(&names->entries, hash(name));
    else
        map_put(&names->entries, hash(name), first);
    void *value = entry->value;
    mem_free(entry);
    return value;
}
