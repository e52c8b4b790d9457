/*
 * Fuzz target: what json_parse() accepts can be walked to the last scalar, is written again by the
 * writer, and reads back as the same value.
 */

#include <assert.h>

#include "base/json.h"

/* The writer nests 32 deep; this stays below. */
#define DEPTH_MAX 24u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_value(struct json_writer *w, struct json value);

static void write_string(struct json_writer *w, struct json value)
{
    struct buf decoded = {0};
    assert(json_string(value, &decoded));
    assert(json_string_eq(value, buf_slice(&decoded)));
    json_write_string(w, buf_slice(&decoded));
    buf_fini(&decoded);
}

static void write_array(struct json_writer *w, struct json array)
{
    struct json item;
    json_array_begin(w);
    for (size_t at = 0; json_array_next(array, &at, &item);)
        write_value(w, item);
    json_array_end(w);
}

/* Names may need escapes, which json_name() does not do: write pairs as arrays of two. */
static void write_object(struct json_writer *w, struct json object)
{
    struct json name;
    struct json value;
    json_array_begin(w);
    for (size_t at = 0; json_object_next(object, &at, &name, &value);) {
        struct buf decoded = {0};
        struct json first;
        assert(json_string(name, &decoded));
        assert(json_get(object, buf_slice(&decoded), &first));
        assert(first.raw.ptr <= value.raw.ptr);
        buf_fini(&decoded);
        write_string(w, name);
        write_value(w, value);
    }
    json_array_end(w);
}

static void write_number(struct json_writer *w, struct json value)
{
    uint64_t u;
    int64_t i;
    if (json_u64(value, &u))
        json_write_u64(w, u);
    else if (json_i64(value, &i))
        json_write_i64(w, i);
    else
        json_write_raw(w, value.raw);
}

/* Recursion is bounded by the depth that was parsed. */
static void write_value(struct json_writer *w, struct json value)
{
    bool b;
    switch (value.type) {
    case JSON_NULL:
        json_write_null(w);
        break;
    case JSON_BOOL:
        assert(json_bool(value, &b));
        json_write_bool(w, b);
        break;
    case JSON_NUMBER:
        write_number(w, value);
        break;
    case JSON_STRING:
        write_string(w, value);
        break;
    case JSON_ARRAY:
        write_array(w, value);
        break;
    case JSON_OBJECT:
        write_object(w, value);
        break;
    }
}

static void write_text(struct json value, struct buf *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    write_value(&w, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json root;
    if (!json_parse(slice_from(data, size), DEPTH_MAX, &root))
        return 0;

    /* What was written reads back, and writing that again changes nothing. */
    struct buf once = {0};
    struct buf twice = {0};
    struct json again;
    write_text(root, &once);
    assert(json_parse(buf_slice(&once), DEPTH_MAX, &again));
    write_text(again, &twice);
    assert(slice_eq(buf_slice(&once), buf_slice(&twice)));
    buf_fini(&once);
    buf_fini(&twice);
    return 0;
}
