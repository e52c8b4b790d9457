/* Channels: channels.json, their names, and their members. */

#include "model/channel.h"
#include "slack/day.h"
#include "slack/import.h"
#include "slack/job.h"
#include "slack/names.h"
#include "slack/text.h"

#define ATTEMPTS_MAX 10000u
#define SECONDS_MAX 9000000000ull

/* ---- one channel ---- */

/* "general", or of the names "general-slack", "general-slack-2", ... the first that is free. */
static enum err create_named(struct job *job, struct slice base, struct slice topic,
                             uint64_t creator, int64_t created_us, uint64_t *id, unsigned *attempt)
{
    *attempt = 0;
    enum err err = target_channel_create(&job->target, base, topic, creator, created_us, id);
    struct buf longer = {0};
    struct buf name = {0};
    names_with_suffix(base, SLICE("-slack"), CHANNEL_NAME_MAX, &longer);
    while (err == ERR_EXISTS && *attempt < ATTEMPTS_MAX) {
        buf_clear(&name);
        names_attempt(buf_slice(&longer), ++*attempt, CHANNEL_NAME_MAX, &name);
        err = target_channel_create(&job->target, buf_slice(&name), topic, creator, created_us, id);
    }
    buf_fini(&longer);
    buf_fini(&name);
    return err;
}

static void make_topic(struct json object, struct buf *out)
{
    struct buf decoded = {0};
    struct buf mapped = {0};
    struct index nothing; /* a topic names no people and channels, it is plain */
    struct text_counts ignored = {0};
    index_init(&nothing);
    const struct text_ids ids = {&nothing, &nothing};
    const struct json topic = day_member(object, SLICE("topic"));
    if (json_string(day_member(topic, SLICE("value")), &decoded)) {
        text_map(buf_slice(&decoded), &ids, &mapped, &ignored);
        names_topic(buf_slice(&mapped), out);
    }
    index_fini(&nothing);
    buf_fini(&decoded);
    buf_fini(&mapped);
}

static enum err create_channel(struct job *job, struct json object, struct slice key,
                               struct slice name, uint64_t *id)
{
    struct buf valid = {0};
    struct buf topic = {0};
    struct slice creator;
    uint64_t creator_id = 0;
    uint64_t seconds;
    unsigned attempt;
    int64_t created_us = job->now_us;
    names_channel(name, key, &valid);
    make_topic(object, &topic);
    if (!day_id(day_member(object, SLICE("creator")), &creator) ||
        !index_get(&job->people, creator, &creator_id))
        creator_id = 0;
    if (json_u64(day_member(object, SLICE("created")), &seconds) && seconds < SECONDS_MAX)
        created_us = (int64_t)seconds * 1000000;

    enum err err = create_named(job, buf_slice(&valid), buf_slice(&topic), creator_id, created_us,
                                id, &attempt);
    if (err == ERR_NONE) {
        job->report->channels_added++;
        job->report->channels_renamed += attempt > 0 || !slice_eq_nocase(buf_slice(&valid), name);
        err = target_alias_put(&job->target, job_alias(job, key), *id);
    }
    buf_fini(&valid);
    buf_fini(&topic);
    return err;
}

static enum err take_channel(struct job *job, struct json object, struct slice key,
                             struct slice name)
{
    uint64_t id;
    enum err err = job_group(job, 1);
    if (err != ERR_NONE)
        return err;
    err = target_alias_get(&job->target, job_alias(job, key), &id);
    if (err == ERR_NONE)
        job->report->channels_known++;
    else if (err == ERR_NOT_FOUND)
        err = create_channel(job, object, key, name, &id);
    if (err == ERR_NONE)
        index_put(&job->channel_ids, key, id);
    return err;
}

static enum err take_listed(struct job *job, struct json object)
{
    struct slice key;
    uint64_t id;
    struct buf name = {0};
    bool archived = false;
    enum err err = ERR_NONE;
    if (!day_id(day_member(object, SLICE("id")), &key) || index_get(&job->channel_ids, key, &id) ||
        !json_string(day_member(object, SLICE("name")), &name)) {
        job->report->channels_malformed++; /* no id, no name, or the same again */
    } else {
        (void)json_bool(day_member(object, SLICE("is_archived")),
                        &archived); /* absent: it is not */
        job->report->channels_archived += archived;
        err = take_channel(job, object, key, buf_slice(&name));
    }
    buf_fini(&name);
    return err;
}

enum err channels_take(struct job *job)
{
    struct json object;
    enum err err = ERR_NONE;
    for (size_t at = 0; err == ERR_NONE && json_array_next(job->channels, &at, &object);)
        err = take_listed(job, object);
    return err;
}

/* ---- members ---- */

static enum err take_member(struct job *job, uint64_t channel, struct json member)
{
    struct slice key;
    uint64_t user;
    if (!day_id(member, &key) || !index_get(&job->people, key, &user)) {
        job->report->members_unknown++;
        return ERR_NONE;
    }
    enum err err = job_group(job, 1);
    if (err != ERR_NONE)
        return err;
    err = target_member_add(&job->target, channel, user, job->now_us);
    if (err == ERR_EXISTS) {
        job->report->members_known++;
        return ERR_NONE;
    }
    job->report->members_added += err == ERR_NONE;
    return err;
}

enum err channels_take_members(struct job *job)
{
    struct json object;
    struct json member;
    enum err err = ERR_NONE;
    for (size_t at = 0; err == ERR_NONE && json_array_next(job->channels, &at, &object);) {
        struct slice key;
        uint64_t channel;
        if (!day_id(day_member(object, SLICE("id")), &key) ||
            !index_get(&job->channel_ids, key, &channel))
            continue;
        const struct json members = day_member(object, SLICE("members"));
        for (size_t i = 0; err == ERR_NONE && json_array_next(members, &i, &member);)
            err = take_member(job, channel, member);
    }
    return err;
}
