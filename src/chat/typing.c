/* The binary form of typing. */

#include "chat/typing.h"

#define TYPING_BYTES 17u

struct bytes *typing_encode(const struct typing *typing)
{
    struct bytes *out = bytes_create_room(TYPING_BYTES);
    out->data[0] = 't';
    for (unsigned i = 0; i < 8; i++) {
        out->data[1 + i] = (char)(uint8_t)(typing->user >> (8 * i));
        out->data[9 + i] = (char)(uint8_t)(typing->thread >> (8 * i));
    }
    return out;
}

bool typing_decode(struct slice in, struct typing *out)
{
    if (in.len != TYPING_BYTES || in.ptr[0] != 't')
        return false;
    *out = (struct typing){0};
    for (unsigned i = 0; i < 8; i++) {
        out->user |= (uint64_t)(uint8_t)in.ptr[1 + i] << (8 * i);
        out->thread |= (uint64_t)(uint8_t)in.ptr[9 + i] << (8 * i);
    }
    return true;
}
