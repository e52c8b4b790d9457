/* The decoder of events: whatever it accepts is encoded to the same bytes again. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "model/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice in = slice_from(data, size);
    struct event event;
    if (!event_decode(in, &event))
        return 0;

    struct bytes *again = event_encode(&event);
    assert(slice_eq(bytes_slice(again), in));
    bytes_unref(again);
    return 0;
}
