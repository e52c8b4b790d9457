/*
 * Fuzz target: expanding compressed messages never gives more than the limit, and what is
 * compressed comes back.
 */

#include <assert.h>

#include "proto/ws_deflate.h"

#define MESSAGE_MAX 5000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ws_deflate *deflater;
    struct buf out = {0};
    struct buf back = {0};
    if (deflater == NULL)
        deflater = ws_deflate_create();

    /* As if a peer had sent it: whatever the last input left behind changes nothing. */
    const struct slice in = slice_from(data, size);
    const enum parse parse = ws_deflate_expand(deflater, in, MESSAGE_MAX, &out);
    assert(out.len <= MESSAGE_MAX);
    assert(ws_deflate_expand(deflater, in, MESSAGE_MAX, &back) == parse);
    assert(slice_eq(buf_slice(&out), buf_slice(&back)));

    buf_clear(&out);
    buf_clear(&back);
    ws_deflate_compress(deflater, in, &out);
    assert(ws_deflate_expand(deflater, buf_slice(&out), size, &back) == PARSE_DONE);
    assert(slice_eq(buf_slice(&back), in));
    buf_fini(&out);
    buf_fini(&back);
    return 0;
}
