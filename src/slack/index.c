/* A hash table of strings on top of the map of numbers. */

#include "slack/index.h"

#include <assert.h>
#include <sodium.h>

struct index_entry {
    struct index_entry *next;
    struct slice key; /* in the arena */
    uint64_t value;
};

static_assert(INDEX_SECRET_BYTES == crypto_shorthash_KEYBYTES, "the secret is the key of the hash");

void index_init(struct index *index)
{
    *index = (struct index){0};
    randombytes_buf(index->secret, sizeof(index->secret));
}

void index_fini(struct index *index)
{
    map_fini(&index->by_hash);
    arena_fini(&index->entries);
}

static uint64_t hash_of(const struct index *index, struct slice key)
{
    uint64_t hash;
    static_assert(sizeof(hash) == crypto_shorthash_BYTES, "the hash is one number");
    (void)crypto_shorthash((unsigned char *)&hash, (const unsigned char *)key.ptr, key.len,
                           index->secret); /* it cannot fail */
    return hash;
}

static struct index_entry *find(struct index_entry *entry, struct slice key)
{
    while (entry != NULL && !slice_eq(entry->key, key))
        entry = entry->next;
    return entry;
}

bool index_get(const struct index *index, struct slice key, uint64_t *value)
{
    const struct index_entry *entry = find(map_get(&index->by_hash, hash_of(index, key)), key);
    if (entry == NULL)
        return false;
    *value = entry->value;
    return true;
}

bool index_put(struct index *index, struct slice key, uint64_t value)
{
    const uint64_t hash = hash_of(index, key);
    struct index_entry *first = map_get(&index->by_hash, hash);
    if (find(first, key) != NULL)
        return false;

    struct index_entry *entry = arena_alloc(&index->entries, sizeof(*entry));
    *entry = (struct index_entry){first, arena_copy(&index->entries, key), value};
    map_put(&index->by_hash, hash, entry);
    return true;
}
