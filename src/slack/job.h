#ifndef SLACK_JOB_H
#define SLACK_JOB_H

/* Job: what the parts of one import share. Private to this folder. */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/slice.h"
#include "slack/index.h"
#include "slack/target.h"

struct archive;
struct day_message;
struct import_options;
struct import_report;

#define JOB_JSON_DEPTH_MAX 64u

struct job {
    struct target target;
    struct archive *archive;
    const struct import_options *options; /* borrowed, as are the next two */
    struct import_report *report;
    struct buf *problem;

    struct buf users_text; /* users.json and channels.json stay for the whole import */
    struct buf channels_text;
    struct json users;
    struct json channels;

    struct buf alias_prefix; /* "slack:TEAM:" */
    struct index people;     /* ids of Slack, and keys of authors without one -> user */
    struct index channel_ids;
    int64_t now_us;

    struct buf alias;  /* scratch of job_alias() */
    struct buf author; /* the key in `people` of the author that people_author() gave last */
    unsigned grouped;  /* writes in the group that is open */
};

/* The alias of a thing of Slack, valid until the next call. */
struct slice job_alias(struct job *job, struct slice key);

/* Writes go into groups: call this before each. Groups stay short, so that a server can write too.
 */
NODISCARD enum err job_group(struct job *job, unsigned writes);

/* End the open group, if there is one. */
NODISCARD enum err job_group_end(struct job *job);

/* ---- people.c ---- */

/* Take everybody in users.json, and learn from it which team it is. */
NODISCARD enum err people_take(struct job *job);

/* The user who wrote the message; made when it is nobody known. */
NODISCARD enum err people_author(struct job *job, const struct day_message *message, uint64_t *id);

/* ---- channels.c ---- */

NODISCARD enum err channels_take(struct job *job);

/* The members, after all messages: their read markers stand at the end. */
NODISCARD enum err channels_take_members(struct job *job);

/* ---- messages.c ---- */

NODISCARD enum err messages_take(struct job *job);

#endif
