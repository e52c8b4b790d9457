/* Reading a day: which items are messages, and their order. */

#include "slack/day.h"

#include <stdlib.h>

#include "base/mem.h"
#include "slack/import.h"

#define JSON_DEPTH_MAX 64u
#define SECONDS_DIGITS_MAX 10u
#define FRACTION_DIGITS 6u
#define TIME_MAX_US (1ll << 53)

/* ---- values ---- */

struct json day_member(struct json object, struct slice name)
{
    struct json value;
    if (json_get(object, name, &value))
        return value;
    return (struct json){JSON_NULL, SLICE("null")};
}

/* The text between the quotes, escapes and all: enough for what has no escapes when it is valid. */
static struct slice written(struct json value)
{
    if (value.type != JSON_STRING)
        return SLICE_EMPTY;
    return slice_from(value.raw.ptr + 1, value.raw.len - 2);
}

static bool is_there(struct json value)
{
    return written(value).len > 0;
}

static bool is_filled_list(struct json value)
{
    size_t at = 0;
    struct json first;
    return json_array_next(value, &at, &first);
}

bool day_time(struct slice ts, int64_t *us)
{
    struct slice whole;
    struct slice fraction;
    uint64_t seconds;
    uint64_t parts = 0;
    if (!slice_cut(ts, '.', &whole, &fraction)) {
        whole = ts;
        fraction = SLICE("0");
    }
    if (whole.len > SECONDS_DIGITS_MAX || fraction.len > FRACTION_DIGITS ||
        !slice_to_u64(whole, &seconds) || !slice_to_u64(fraction, &parts))
        return false;
    for (size_t digits = fraction.len; digits < FRACTION_DIGITS; digits++)
        parts *= 10;

    const int64_t sum = (int64_t)(seconds * 1000000 + parts); /* 16 digits at most */
    if (sum == 0 || sum >= TIME_MAX_US)
        return false;
    *us = sum;
    return true;
}

bool day_id(struct json value, struct slice *id)
{
    const struct slice text = written(value);
    if (text.len == 0 || text.len > SLACK_ID_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
            return false;
    }
    *id = text;
    return true;
}

/* ---- one message ---- */

struct day_message day_message(const struct day_item *item)
{
    const struct json o = item->object;
    struct day_message m = {
        .ts_us = item->ts_us,
        .ts = written(day_member(o, SLICE("ts"))),
        .text = day_member(o, SLICE("text")),
        .user = day_member(o, SLICE("user")),
        .bot_id = day_member(o, SLICE("bot_id")),
        .username = day_member(o, SLICE("username")),
        .profile = day_member(o, SLICE("user_profile")),
        .edited = day_member(o, SLICE("edited")).type == JSON_OBJECT,
        .has_files = is_filled_list(day_member(o, SLICE("files"))),
        .has_reactions = is_filled_list(day_member(o, SLICE("reactions"))),
    };
    const struct json thread = day_member(o, SLICE("thread_ts"));
    if (thread.type != JSON_NULL && !day_time(written(thread), &m.thread_us))
        m.thread_us = DAY_NO_ROOT;
    if (m.thread_us == m.ts_us)
        m.thread_us = 0;
    return m;
}

/* The first of these that is there counts, and has to be valid. */
static bool has_author(const struct day_message *m)
{
    struct slice id;
    if (is_there(m->user))
        return day_id(m->user, &id);
    if (is_there(m->bot_id))
        return day_id(m->bot_id, &id);
    return is_there(m->username);
}

/* ---- what is taken ---- */

static void count_subtype(struct json name, struct import_report *report)
{
    struct import_label label;
    import_label_set(&label, written(name));
    report->skipped_subtype++;
    for (size_t i = 0; i < report->subtypes_len; i++) {
        if (strcmp(report->subtypes[i].name.text, label.text) == 0) {
            report->subtypes[i].count++;
            return;
        }
    }
    if (report->subtypes_len < IMPORT_SUBTYPES_MAX)
        report->subtypes[report->subtypes_len++] = (struct import_subtype){label, 1};
}

static bool is_message_subtype(struct json subtype)
{
    return subtype.type == JSON_NULL || json_string_eq(subtype, SLICE("thread_broadcast")) ||
           json_string_eq(subtype, SLICE("me_message")) ||
           json_string_eq(subtype, SLICE("bot_message"));
}

/* Whether it is a message for us; if not it has been counted. */
static bool classify(struct json object, struct day_item *item, struct import_report *report)
{
    report->messages_found++;
    *item = (struct day_item){.object = object};
    const struct json type = day_member(object, SLICE("type"));
    const struct json subtype = day_member(object, SLICE("subtype"));
    if (object.type == JSON_OBJECT && type.type == JSON_STRING &&
        !json_string_eq(type, SLICE("message"))) {
        count_subtype(type, report);
        return false;
    }
    if (!is_message_subtype(subtype)) {
        count_subtype(subtype, report);
        return false;
    }
    const struct day_message m = day_message(item);
    report->with_files += m.has_files;
    report->with_reactions += m.has_reactions;
    if (!day_time(m.ts, &item->ts_us) || !has_author(&m) ||
        (m.text.type != JSON_STRING && m.text.type != JSON_NULL)) {
        report->skipped_malformed++;
        return false;
    }
    if (!is_there(m.text)) {
        report->skipped_empty++;
        return false;
    }
    return true;
}

/* ---- the list ---- */

static void add(struct day *day, struct day_item item)
{
    if (day->len == day->cap) {
        day->cap = day->cap == 0 ? 64 : day->cap * 2;
        day->items = mem_realloc_array(day->items, day->cap, sizeof(*day->items));
    }
    day->items[day->len++] = item;
}

/* Of the same time in the order of the file. */
static int by_time(const void *left, const void *right)
{
    const struct day_item *a = left;
    const struct day_item *b = right;
    if (a->ts_us != b->ts_us)
        return a->ts_us < b->ts_us ? -1 : 1;
    return (a->object.raw.ptr > b->object.raw.ptr) - (a->object.raw.ptr < b->object.raw.ptr);
}

bool day_read(struct day *day, struct slice text, struct import_report *report)
{
    struct json list;
    day->len = 0;
    if (!json_parse(text, JSON_DEPTH_MAX, &list) || list.type != JSON_ARRAY)
        return false;

    size_t at = 0;
    struct json object;
    struct day_item item;
    while (json_array_next(list, &at, &object)) {
        if (classify(object, &item, report))
            add(day, item);
    }
    if (day->len > 1)
        qsort(day->items, day->len, sizeof(*day->items), by_time);
    return true;
}

void day_fini(struct day *day)
{
    mem_free(day->items);
    *day = (struct day){0};
}
