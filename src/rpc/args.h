#ifndef RPC_ARGS_H
#define RPC_ARGS_H

/*
 * Args: reading the arguments of a call. What is wrong is said in a sentence that names the
 * argument. Everything read lives in the call's arena.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "rpc/rpc.h"

/* An id or seq below 2^53; 0 is ERR_INVALID. */
enum err args_id(struct rpc_call *call, struct slice name, uint64_t *out);

/* A whole number below 2^53; `fallback` when it is absent or null. */
enum err args_u64(struct rpc_call *call, struct slice name, uint64_t fallback, uint64_t *out);

/* A page's limit: 1 to `max`; `fallback` when it is absent. */
enum err args_limit(struct rpc_call *call, size_t fallback, size_t max, size_t *out);

/* A string of at most `max` bytes (else ERR_TOO_BIG). */
enum err args_string(struct rpc_call *call, struct slice name, size_t max, struct slice *out);

/* The same; empty when it is absent or null. */
enum err args_string_or_empty(struct rpc_call *call, struct slice name, size_t max,
                              struct slice *out);

/* true or false; false when it is absent or null. */
enum err args_bool(struct rpc_call *call, struct slice name, bool *out);

/* An array of up to `max` ids; *count is 0 when it is absent. */
enum err args_ids(struct rpc_call *call, struct slice name, size_t max, uint64_t **out,
                  size_t *count);

/* Whether the argument is there and not null. */
bool args_has(const struct rpc_call *call, struct slice name);

/* Refuse with "<name> <rest>". */
enum err args_refuse(struct rpc_call *call, enum err err, struct slice name, const char *rest);

#endif
