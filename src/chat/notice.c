/* The binary form of notices. */

#include "chat/notice.h"

#define NOTICE_BYTES 41u

static void put_u64(char *out, uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (char)(uint8_t)(value >> (8 * i));
}

static uint64_t get_u64(const char *in)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++)
        value |= (uint64_t)(uint8_t)in[i] << (8 * i);
    return value;
}

struct bytes *notice_encode(const struct notice *notice)
{
    struct bytes *out = bytes_create_room(NOTICE_BYTES);
    out->data[0] = (char)notice->kind;
    put_u64(out->data + 1, notice->channel);
    put_u64(out->data + 9, notice->read_seq);
    put_u64(out->data + 17, notice->read_n);
    put_u64(out->data + 25, notice->unread);
    put_u64(out->data + 33, notice->session);
    return out;
}

bool notice_decode(struct slice in, struct notice *out)
{
    if (in.len != NOTICE_BYTES || in.ptr[0] < NOTICE_JOINED || in.ptr[0] > NOTICE_USER)
        return false;
    *out = (struct notice){
        .kind = (enum notice_kind)in.ptr[0],
        .channel = get_u64(in.ptr + 1),
        .read_seq = get_u64(in.ptr + 9),
        .read_n = get_u64(in.ptr + 17),
        .unread = get_u64(in.ptr + 25),
        .session = get_u64(in.ptr + 33),
    };
    return true;
}
