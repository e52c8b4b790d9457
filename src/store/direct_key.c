/* The key of a direct channel in a database. */

#include "store/direct_key.h"

void direct_key_write(struct buf *key, const uint64_t *users, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_byte(key, ',');
        buf_u64(key, users[i]);
    }
}

bool direct_key_read(struct slice key, struct channel *out)
{
    bool more = true;
    while (more) {
        struct slice user = key;
        more = slice_cut(key, ',', &user, &key);
        if (out->users_len == DIRECT_USERS_MAX ||
            !slice_to_u64(user, &out->users[out->users_len++]))
            return false;
    }
    return true;
}
