/* Session tokens. */

#include "chat/token.h"

#include <sodium.h>
#include <string.h>

#include "base/hex.h"

void token_create(char text[TOKEN_TEXT_LEN])
{
    uint8_t secret[TOKEN_TEXT_LEN / 2];
    char hex[TOKEN_TEXT_LEN + 1];
    randombytes_buf(secret, sizeof(secret));
    sodium_bin2hex(hex, sizeof(hex), secret, sizeof(secret));
    memcpy(text, hex, TOKEN_TEXT_LEN);
    sodium_memzero(secret, sizeof(secret));
}

bool token_hash(struct slice text, uint8_t hash[TOKEN_HASH_BYTES])
{
    if (text.len != TOKEN_TEXT_LEN)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (hex_value(text.ptr[i]) < 0)
            return false;
    }
    crypto_hash_sha256(hash, (const uint8_t *)text.ptr, text.len);
    return true;
}

uint64_t token_session_key(const uint8_t hash[TOKEN_HASH_BYTES])
{
    uint64_t key;
    memcpy(&key, hash, sizeof(key));
    return key;
}

void token_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}
