/* Reading the arguments of a call. */

#include "rpc/args.h"

#include "base/buf.h"
#include "rpc/rpc_op.h"

/* Ids and seqs stay exact in every JSON implementation below this. */
#define NUMBER_MAX ((1ULL << 53) - 1)

static bool get(const struct rpc_call *call, struct slice name, struct json *out)
{
    return json_get(call->args, name, out) && out->type != JSON_NULL;
}

bool args_has(const struct rpc_call *call, struct slice name)
{
    struct json value;
    return get(call, name, &value);
}

enum err args_refuse(struct rpc_call *call, enum err err, struct slice name, const char *rest)
{
    struct buf text = {0};
    buf_append(&text, name);
    buf_byte(&text, ' ');
    buf_append(&text, slice_str(rest));
    call->problem = arena_copy(&call->arena, buf_slice(&text));
    buf_fini(&text);
    return err;
}

enum err args_u64(struct rpc_call *call, struct slice name, uint64_t fallback, uint64_t *out)
{
    struct json value;
    if (!get(call, name, &value)) {
        *out = fallback;
        return ERR_NONE;
    }
    if (!json_u64(value, out) || *out > NUMBER_MAX)
        return args_refuse(call, ERR_INVALID, name, "must be a whole number from 0 to 2^53 - 1.");
    return ERR_NONE;
}

enum err args_id(struct rpc_call *call, struct slice name, uint64_t *out)
{
    const enum err err = args_u64(call, name, 0, out);
    if (err == ERR_NONE && *out == 0)
        return args_refuse(call, ERR_INVALID, name, "is missing: a positive whole number.");
    return err;
}

enum err args_limit(struct rpc_call *call, size_t fallback, size_t max, size_t *out)
{
    uint64_t limit;
    const enum err err = args_u64(call, SLICE("limit"), fallback, &limit);
    if (err != ERR_NONE)
        return err;
    if (limit == 0 || limit > max)
        return args_refuse(call, ERR_INVALID, SLICE("limit"), "must be from 1 to 500.");
    *out = (size_t)limit;
    return ERR_NONE;
}

enum err args_string_or_empty(struct rpc_call *call, struct slice name, size_t max,
                              struct slice *out)
{
    struct json value;
    *out = SLICE_EMPTY;
    if (!get(call, name, &value))
        return ERR_NONE;
    if (value.type != JSON_STRING)
        return args_refuse(call, ERR_INVALID, name, "must be a string.");
    struct buf text = {0};
    (void)json_string(value, &text);
    enum err err = ERR_NONE;
    if (text.len > max)
        err = args_refuse(call, ERR_TOO_BIG, name, "is too long.");
    else
        *out = arena_copy(&call->arena, buf_slice(&text));
    buf_fini(&text);
    return err;
}

enum err args_bool(struct rpc_call *call, struct slice name, bool *out)
{
    struct json value;
    *out = false;
    if (!get(call, name, &value))
        return ERR_NONE;
    return json_bool(value, out) ? ERR_NONE
                                 : args_refuse(call, ERR_INVALID, name, "must be true or false.");
}

enum err args_string(struct rpc_call *call, struct slice name, size_t max, struct slice *out)
{
    if (!args_has(call, name))
        return args_refuse(call, ERR_INVALID, name, "is missing: a string.");
    return args_string_or_empty(call, name, max, out);
}

enum err args_ids(struct rpc_call *call, struct slice name, size_t max, uint64_t **out,
                  size_t *count)
{
    struct json array;
    *count = 0;
    if (!get(call, name, &array))
        return ERR_NONE;
    if (array.type != JSON_ARRAY)
        return args_refuse(call, ERR_INVALID, name, "must be an array of ids.");
    *out = arena_alloc(&call->arena, max * sizeof(**out));
    struct json item;
    size_t at = 0;
    while (json_array_next(array, &at, &item)) {
        if (*count == max)
            return args_refuse(call, ERR_TOO_BIG, name, "has too many ids.");
        uint64_t id;
        if (!json_u64(item, &id) || id == 0 || id > NUMBER_MAX)
            return args_refuse(call, ERR_INVALID, name, "must hold positive whole numbers.");
        (*out)[(*count)++] = id;
    }
    return ERR_NONE;
}
