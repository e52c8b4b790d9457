#ifndef BASE_HASH_H
#define BASE_HASH_H

/* Mixing of 64-bit keys (the finalizer of MurmurHash3): for tables and for shards. */

#include <stdint.h>

static inline uint64_t hash_mix64(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ULL;
    x ^= x >> 33;
    return x;
}

#endif
