#ifndef BASE_SLICE_H
#define BASE_SLICE_H

/*
 * Slice: borrowed bytes, not ended by NUL. Whoever takes one copies what must outlive the call.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *ptr;
    size_t len;
};

#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
#define SLICE_EMPTY ((struct slice){"", 0})

static inline struct slice slice_from(const void *ptr, size_t len)
{
    return (struct slice){ptr, len};
}

static inline struct slice slice_str(const char *str)
{
    return (struct slice){str, strlen(str)};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The same letters, ASCII capitals taken as small ones. */
bool slice_eq_nocase(struct slice a, struct slice b);

bool slice_starts(struct slice s, struct slice prefix);

/* `s` without its first `count` bytes; `count` is at most s.len. */
static inline struct slice slice_skip(struct slice s, size_t count)
{
    return (struct slice){s.ptr + count, s.len - count};
}

/* The part before the first `sep` into *head, what follows it into *rest; false when there is none.
 */
bool slice_cut(struct slice s, char sep, struct slice *head, struct slice *rest);

/* `s` without spaces and tabs at both ends. */
struct slice slice_trim(struct slice s);

/* A decimal number of digits only, nothing before or after it. False past UINT64_MAX. */
bool slice_to_u64(struct slice s, uint64_t *out);

#endif
