/* Bytes that grow. */

#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

void buf_fini(struct buf *buf)
{
    mem_free(buf->ptr);
    *buf = (struct buf){0};
}

char *buf_room(struct buf *buf, size_t more)
{
    if (buf->cap - buf->len < more) {
        size_t cap = buf->cap < 64 ? 64 : buf->cap;
        assert(more < SIZE_MAX / 4 && buf->len < SIZE_MAX / 4);
        while (cap - buf->len < more)
            cap *= 2;
        buf->ptr = mem_realloc_array(buf->ptr, cap, 1);
        buf->cap = cap;
    }
    return buf->ptr + buf->len;
}

void buf_append(struct buf *buf, struct slice bytes)
{
    if (bytes.len == 0)
        return;
    memcpy(buf_room(buf, bytes.len), bytes.ptr, bytes.len);
    buf->len += bytes.len;
}

void buf_byte(struct buf *buf, char byte)
{
    *buf_room(buf, 1) = byte;
    buf->len++;
}

void buf_u64(struct buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_append(buf, slice_from(digits + at, sizeof(digits) - at));
}

void buf_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    const size_t guess = 128;
    const int len = vsnprintf(buf_room(buf, guess), guess, format, args);
    va_end(args);
    assert(len >= 0);
    if ((size_t)len >= guess)
        (void)vsnprintf(buf_room(buf, (size_t)len + 1), (size_t)len + 1, format, again);
    va_end(again);
    buf->len += (size_t)len;
}

void buf_consume(struct buf *buf, size_t count)
{
    assert(count <= buf->len);
    if (count == 0)
        return;
    buf->len -= count;
    memmove(buf->ptr, buf->ptr + count, buf->len);
}

const char *buf_cstr(struct buf *buf)
{
    *buf_room(buf, 1) = '\0';
    return buf->ptr;
}
