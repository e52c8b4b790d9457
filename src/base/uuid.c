/* UUIDs as text. */

#include "base/uuid.h"

#include "base/hex.h"

static bool dash_before(unsigned byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool uuid_parse(struct slice text, uint8_t out[UUID_BYTES])
{
    if (text.len != UUID_TEXT_LEN)
        return false;

    uint8_t uuid[UUID_BYTES];
    const char *at = text.ptr;
    for (unsigned i = 0; i < UUID_BYTES; i++) {
        if (dash_before(i) && *at++ != '-')
            return false;
        const int high = hex_value(*at++);
        const int low = hex_value(*at++);
        if (high < 0 || low < 0)
            return false;
        uuid[i] = (uint8_t)(high * 16 + low);
    }
    memcpy(out, uuid, sizeof(uuid));
    return true;
}

void uuid_write(const uint8_t uuid[UUID_BYTES], char out[UUID_TEXT_LEN])
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < UUID_BYTES; i++) {
        if (dash_before(i))
            *out++ = '-';
        *out++ = digits[uuid[i] >> 4];
        *out++ = digits[uuid[i] & 15];
    }
}
