#ifndef BASE_BUF_H
#define BASE_BUF_H

/*
 * Buf: bytes that grow and are owned. All zero is a valid empty one. It never fails: whoever lets
 * a peer fill it checks the limit first.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct buf {
    char *ptr;
    size_t len;
    size_t cap;
};

/* Free the memory; the buf is empty and usable again. */
void buf_fini(struct buf *buf);

/* Make room for `more` bytes past the end and return where they go; then buf_grown(). */
char *buf_room(struct buf *buf, size_t more);

static inline void buf_grown(struct buf *buf, size_t by)
{
    buf->len += by;
}

static inline void buf_clear(struct buf *buf)
{
    buf->len = 0;
}

static inline struct slice buf_slice(const struct buf *buf)
{
    return (struct slice){buf->len > 0 ? buf->ptr : "", buf->len};
}

void buf_append(struct buf *buf, struct slice bytes);
void buf_byte(struct buf *buf, char byte);

/* Decimal digits of `value`. */
void buf_u64(struct buf *buf, uint64_t value);

/* printf for logs and texts, never for JSON or SQL. */
__attribute__((format(printf, 2, 3))) void buf_format(struct buf *buf, const char *format, ...);

/* Drop the first `count` bytes. */
void buf_consume(struct buf *buf, size_t count);

/* End it with a NUL that is not counted, and return it as a C string, borrowed. */
const char *buf_cstr(struct buf *buf);

#endif
