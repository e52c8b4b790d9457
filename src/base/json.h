#ifndef BASE_JSON_H
#define BASE_JSON_H

/*
 * JSON (RFC 8259), strict and without allocation.
 *
 * Reading is two steps: json_parse() checks a whole text once (grammar, UTF-8, escapes, lone
 * surrogates, depth, that nothing follows) and gives its root value; after that values are
 * borrowed slices of the text, and walking them cannot fail for syntax. Of members with the same
 * name the first counts.
 *
 * Writing appends to a buf and puts the commas; names and strings are escaped as needed.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json {
    enum json_type type;
    struct slice raw; /* the value's own text, in a string with its quotes */
};

/* False when `text` is not exactly one valid JSON value nested at most `depth_max` (1 to 64). */
bool json_parse(struct slice text, unsigned depth_max, struct json *out);

/* The member `name` (plain ASCII) of an object; false when `object` is no object or has none. */
bool json_get(struct json object, struct slice name, struct json *out);

/* Iterate: `*at` starts at 0. False at the end, or when the value is of another type. */
bool json_array_next(struct json array, size_t *at, struct json *out);

/* `*name` is a JSON_STRING. */
bool json_object_next(struct json object, size_t *at, struct json *name, struct json *out);

/* A number written as an integer (no '.', no exponent) that fits; false for all else. */
bool json_u64(struct json value, uint64_t *out);
bool json_i64(struct json value, int64_t *out);
bool json_bool(struct json value, bool *out);

/* Append the string's decoded bytes; false when `value` is no string. */
bool json_string(struct json value, struct buf *out);

/* Whether `value` is a string with exactly the decoded bytes `s`. */
bool json_string_eq(struct json value, struct slice s);

#define JSON_WRITER_DEPTH_MAX 32u

struct json_writer {
    struct buf *out;
    uint32_t not_first; /* bit d - 1: the container at depth d has an item already */
    uint32_t objects;   /* bit d - 1: the container at depth d is an object */
    unsigned depth;
    bool after_name;
};

/* `out` is borrowed; what it holds already stays. */
void json_writer_init(struct json_writer *w, struct buf *out);

void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);

/* The name of the next member. `name` is plain ASCII that needs no escape. */
void json_name(struct json_writer *w, struct slice name);

/* `s` must be valid UTF-8; control characters, '"' and '\\' are escaped, all else is as it is. */
void json_write_string(struct json_writer *w, struct slice s);
void json_write_u64(struct json_writer *w, uint64_t value);
void json_write_i64(struct json_writer *w, int64_t value);
void json_write_bool(struct json_writer *w, bool value);
void json_write_null(struct json_writer *w);

/* A value that is JSON already. */
void json_write_raw(struct json_writer *w, struct slice json);

#endif
