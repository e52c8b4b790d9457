#ifndef STORE_PG_ARRAYS_H
#define STORE_PG_ARRAYS_H

/*
 * Pg arrays: PostgreSQL arrays of one dimension in their binary form, to be bound with
 * pg_query_slice(): i32 dimensions, i32 flags, u32 type, i32 length, i32 1, then each element as
 * i32 length and bytes; all in network order.
 */

#include "base/buf.h"

enum pg_type {
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_TEXT = 25,
    PG_UUID = 2950,
};

/* Start an array of `count` elements in `out`, which is emptied. */
void pg_array_begin(struct buf *out, enum pg_type type, size_t count);

/* The next element, of the type that was said. */
void pg_array_i64(struct buf *out, int64_t value);
void pg_array_u64(struct buf *out, uint64_t value);
void pg_array_i16(struct buf *out, int16_t value);
void pg_array_slice(struct buf *out, struct slice value);

/* A whole array of ids. */
void pg_array_ids(struct buf *out, const uint64_t *ids, size_t count);

#endif
