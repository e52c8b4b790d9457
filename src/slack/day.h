#ifndef SLACK_DAY_H
#define SLACK_DAY_H

/*
 * Day: one file of messages of an export, a JSON list. What is no message for us is counted in the
 * report; the others are given in the order of their times.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/slice.h"

struct import_report;

#define SLACK_ID_MAX 40u          /* letters and digits of an id */
#define DAY_NO_ROOT ((int64_t)-1) /* in a thread whose time is unreadable */

/* Where a message stands; kept small, since a day may hold a million. */
struct day_item {
    int64_t ts_us;
    struct json object;
};

/* All zero is a valid empty one. */
struct day {
    struct day_item *items;
    size_t len;
    size_t cap;
};

/*
 * Read a day. The items borrow from `text`; those of an earlier day are gone. False when `text` is
 * no JSON list: then nothing was counted.
 */
bool day_read(struct day *day, struct slice text, struct import_report *report);

void day_fini(struct day *day);

/* A message, borrowed from its day. What is absent is a JSON_NULL. */
struct day_message {
    int64_t ts_us;
    int64_t thread_us; /* of the first message of the thread; 0: in none, or is the first itself */
    struct slice ts;   /* as it was written */
    struct json text;
    struct json user; /* these three say who wrote it; one of them at least is there */
    struct json bot_id;
    struct json username;
    struct json profile; /* user_profile */
    bool edited;
    bool has_files;
    bool has_reactions;
};

/* The message of an item that day_read() gave. */
struct day_message day_message(const struct day_item *item);

/* "1554854404.971500" to microseconds, exactly. False unless it is a time after 1970 and below
 * 2^53. */
bool day_time(struct slice ts, int64_t *us);

/* An id is 1 to SLACK_ID_MAX ASCII letters and digits. False when `value` is none. */
bool day_id(struct json value, struct slice *id);

/* The member, or JSON_NULL. */
struct json day_member(struct json object, struct slice name);

#endif
