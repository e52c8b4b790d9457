/* Immutable bytes shared by reference count. */

#include "base/bytes.h"

#include <assert.h>

#include "base/mem.h"

struct bytes *bytes_create_room(size_t len)
{
    struct bytes *bytes = mem_alloc(sizeof(*bytes) + len);
    atomic_init(&bytes->refs, 1);
    bytes->len = len;
    return bytes;
}

struct bytes *bytes_create(struct slice content)
{
    struct bytes *bytes = bytes_create_room(content.len);
    if (content.len > 0)
        memcpy(bytes->data, content.ptr, content.len);
    return bytes;
}

struct bytes *bytes_ref(struct bytes *bytes)
{
    bytes_ref_many(bytes, 1);
    return bytes;
}

void bytes_ref_many(struct bytes *bytes, size_t count)
{
    atomic_fetch_add_explicit(&bytes->refs, count, memory_order_relaxed);
}

void bytes_unref(struct bytes *bytes)
{
    if (bytes == NULL)
        return;
    const size_t before = atomic_fetch_sub_explicit(&bytes->refs, 1, memory_order_acq_rel);
    assert(before > 0);
    if (before == 1)
        mem_free(bytes);
}
