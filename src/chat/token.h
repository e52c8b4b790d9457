#ifndef CHAT_TOKEN_H
#define CHAT_TOKEN_H

/*
 * Session tokens: 256 random bits, shown to the client once as hexadecimal text; the store knows
 * only their SHA-256.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define TOKEN_TEXT_LEN 64u
#define TOKEN_HASH_BYTES 32u

/* A new random token, no NUL. */
void token_create(char text[TOKEN_TEXT_LEN]);

/* False when `text` cannot be a token at all. */
bool token_hash(struct slice text, uint8_t hash[TOKEN_HASH_BYTES]);

/* A short name of a session, for telling the sockets of one session apart: part of the hash. */
uint64_t token_session_key(const uint8_t hash[TOKEN_HASH_BYTES]);

/* Random bytes from the system. */
void token_random(void *out, size_t len);

#endif
