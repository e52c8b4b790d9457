#ifndef BASE_WORD_H
#define BASE_WORD_H

/*
 * Word: looking at eight bytes at a time. A search gives a mask with the top bit of each byte that
 * was found; bits above the first of them may be wrong, so only word_first() of it counts, and
 * that it is zero when nothing was found.
 */

#include <stdint.h>
#include <string.h>

#define WORD_BYTES sizeof(uint64_t)
#define WORD_REPEAT(byte) (0x0101010101010101ULL * (uint64_t)(byte))
#define WORD_TOP_BITS WORD_REPEAT(0x80u)

/* The first byte of memory becomes the lowest one of the word, on every machine. */
static inline uint64_t word_load(const char *ptr)
{
    uint64_t word;
    memcpy(&word, ptr, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void word_store(char *ptr, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(ptr, &word, sizeof(word));
}

/* Find bytes below `limit`, which is at most 0x80. */
static inline uint64_t word_find_below(uint64_t word, uint8_t limit)
{
    return (word - WORD_REPEAT(limit)) & ~word & WORD_TOP_BITS;
}

static inline uint64_t word_find(uint64_t word, char byte)
{
    return word_find_below(word ^ WORD_REPEAT((uint8_t)byte), 1);
}

/* Find bytes that are not ASCII; all bits of this mask are right. */
static inline uint64_t word_find_high(uint64_t word)
{
    return word & WORD_TOP_BITS;
}

/* The index of the first byte found; `found` is not zero. */
static inline unsigned word_first(uint64_t found)
{
    return (unsigned)__builtin_ctzll(found) / 8;
}

#endif
