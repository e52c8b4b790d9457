#ifndef BASE_LOG_H
#define BASE_LOG_H

/*
 * Log: diagnostics for the operator, one line each on stderr: time, level, event, fields.
 *
 *   log_info("listening", LOG_STR("address", text), LOG_U64("loops", 2));
 *
 * On a terminal a line is for people; otherwise it is one JSON object. Values are escaped, so no
 * peer can forge a line, and cut at 512 bytes. No tokens, passwords or message texts belong here.
 * From any thread.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

enum log_level {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG,
};

struct log_field {
    const char *name; /* NULL ends the list */
    struct slice text;
    uint64_t number; /* when text.ptr is NULL */
};

#define LOG_STR(name, value) ((struct log_field){(name), slice_str(value), 0})
#define LOG_SLICE(name, value) ((struct log_field){(name), (value), 0})
#define LOG_U64(name, value) ((struct log_field){(name), {NULL, 0}, (value)})

#define LOG_FIELDS(...)                                                                            \
    (const struct log_field[])                                                                     \
    {                                                                                              \
        __VA_ARGS__ __VA_OPT__(, )(struct log_field)                                               \
        {                                                                                          \
            NULL, {NULL, 0}, 0                                                                     \
        }                                                                                          \
    }

#define log_error(event, ...) log_write(LOG_ERROR, (event), LOG_FIELDS(__VA_ARGS__))
#define log_warn(event, ...) log_write(LOG_WARN, (event), LOG_FIELDS(__VA_ARGS__))
#define log_info(event, ...) log_write(LOG_INFO, (event), LOG_FIELDS(__VA_ARGS__))
#define log_debug(event, ...) log_write(LOG_DEBUG, (event), LOG_FIELDS(__VA_ARGS__))

/* Lines above `level` are not written. LOG_INFO unless set. Call it before other threads start. */
void log_set_level(enum log_level level);

void log_write(enum log_level level, const char *event, const struct log_field *fields);

#endif
