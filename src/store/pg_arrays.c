/* PostgreSQL arrays in their binary form. */

#include "store/pg_arrays.h"

#include <assert.h>
#include <endian.h>

static void put_u32(struct buf *out, uint32_t value)
{
    const uint32_t bits = htobe32(value);
    memcpy(buf_room(out, sizeof(bits)), &bits, sizeof(bits));
    buf_grown(out, sizeof(bits));
}

void pg_array_begin(struct buf *out, enum pg_type type, size_t count)
{
    assert(count <= INT32_MAX);
    buf_clear(out);
    put_u32(out, count > 0 ? 1 : 0);
    put_u32(out, 0); /* no NULLs */
    put_u32(out, type);
    if (count == 0)
        return;
    put_u32(out, (uint32_t)count);
    put_u32(out, 1);
}

void pg_array_slice(struct buf *out, struct slice value)
{
    assert(value.len <= INT32_MAX);
    put_u32(out, (uint32_t)value.len);
    buf_append(out, value);
}

void pg_array_u64(struct buf *out, uint64_t value)
{
    const uint64_t bits = htobe64(value);
    pg_array_slice(out, slice_from(&bits, sizeof(bits)));
}

void pg_array_i64(struct buf *out, int64_t value)
{
    pg_array_u64(out, (uint64_t)value);
}

void pg_array_i16(struct buf *out, int16_t value)
{
    const uint16_t bits = htobe16((uint16_t)value);
    pg_array_slice(out, slice_from(&bits, sizeof(bits)));
}

void pg_array_ids(struct buf *out, const uint64_t *ids, size_t count)
{
    pg_array_begin(out, PG_INT8, count);
    for (size_t i = 0; i < count; i++)
        pg_array_u64(out, ids[i]);
}
