#ifndef BASE_BYTES_H
#define BASE_BYTES_H

/*
 * Bytes: immutable after they are made, shared by reference count, from any thread. One encoded
 * event is one `bytes` in the queues of all its readers.
 */

#include <stdatomic.h>
#include <stddef.h>

#include "base/slice.h"

struct bytes {
    atomic_size_t refs;
    size_t len;
    char data[];
};

/* A copy of `content`, with one reference that the caller owns. */
struct bytes *bytes_create(struct slice content);

/* Room for `len` bytes to be filled in by the caller before anybody else sees them. */
struct bytes *bytes_create_room(size_t len);

/* One more reference; returns `bytes`. */
struct bytes *bytes_ref(struct bytes *bytes);

/* `count` more references at once, for handing it to many queues. */
void bytes_ref_many(struct bytes *bytes, size_t count);

/* Give a reference back; the last one frees. NULL is allowed. */
void bytes_unref(struct bytes *bytes);

static inline struct slice bytes_slice(const struct bytes *bytes)
{
    return (struct slice){bytes->data, bytes->len};
}

#endif
