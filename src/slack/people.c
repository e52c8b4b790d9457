/* People: users.json, and authors who are not in it. */

#include "model/user.h"
#include "slack/day.h"
#include "slack/import.h"
#include "slack/job.h"
#include "slack/names.h"

#define ATTEMPTS_MAX 10000u
#define USERNAME_KEY_MAX 120u /* bytes of a username that tell one bot from another */

struct person {
    struct slice key; /* their id in Slack, or a key made of their username */
    struct slice name;
    struct json display[5]; /* candidates, best first */
    size_t display_len;
};

/* ---- making one ---- */

/* A user of that name, or of the first free one like it. */
static enum err create_named(struct job *job, struct slice base, struct slice display, uint64_t *id,
                             unsigned *attempt)
{
    enum err err = ERR_EXISTS;
    struct buf name = {0};
    for (*attempt = 0; err == ERR_EXISTS && *attempt < ATTEMPTS_MAX;) {
        buf_clear(&name);
        names_attempt(base, ++*attempt, USER_NAME_MAX, &name);
        err = target_user_create(&job->target, buf_slice(&name), display, job->now_us, id);
    }
    buf_fini(&name);
    return err;
}

static enum err create_person(struct job *job, const struct person *person, uint64_t *id)
{
    struct buf name = {0};
    struct buf display = {0};
    unsigned attempt;
    names_user(person->name, person->key, &name);
    names_display(person->display, person->display_len, buf_slice(&name), &display);
    enum err err = create_named(job, buf_slice(&name), buf_slice(&display), id, &attempt);
    if (err == ERR_NONE) {
        const bool as_wanted = slice_eq_nocase(buf_slice(&name), person->name);
        job->report->users_added++;
        job->report->users_renamed += attempt > 1 || !as_wanted;
        err = target_alias_put(&job->target, job_alias(job, person->key), *id);
    }
    buf_fini(&name);
    buf_fini(&display);
    return err;
}

/* The user who stands for the person, from this run, an earlier one, or new. */
static enum err take_person(struct job *job, const struct person *person, uint64_t *id)
{
    enum err err = job_group(job, 1);
    if (err != ERR_NONE)
        return err;
    err = target_alias_get(&job->target, job_alias(job, person->key), id);
    if (err == ERR_NONE)
        job->report->users_known++;
    else if (err == ERR_NOT_FOUND)
        err = create_person(job, person, id);
    if (err == ERR_NONE)
        index_put(&job->people, person->key, *id);
    return err;
}

/* ---- users.json ---- */

static void add_display(struct person *person, struct json object, struct slice name)
{
    person->display[person->display_len++] = day_member(object, name);
}

static enum err take_listed(struct job *job, struct json object)
{
    struct person person = {0};
    uint64_t id;
    if (!day_id(day_member(object, SLICE("id")), &person.key) ||
        index_get(&job->people, person.key, &id)) {
        job->report->users_malformed++; /* no id, or the same again */
        return ERR_NONE;
    }
    const struct json profile = day_member(object, SLICE("profile"));
    add_display(&person, profile, SLICE("display_name"));
    add_display(&person, profile, SLICE("real_name"));
    add_display(&person, object, SLICE("real_name"));
    add_display(&person, object, SLICE("name"));

    struct buf name = {0};
    (void)json_string(day_member(object, SLICE("name")), &name); /* without one its id is taken */
    person.name = buf_slice(&name);
    const enum err err = take_person(job, &person, &id);
    buf_fini(&name);
    return err;
}

/*
 * The team that most people are of (Boyer and Moore's vote): guests from other teams may be listed
 * too, and the alias of a thing must not change between two exports.
 */
static struct slice find_team(struct json users)
{
    struct slice team = SLICE("-");
    struct slice id;
    struct json object;
    uint64_t votes = 0;
    for (size_t at = 0; json_array_next(users, &at, &object);) {
        if (!day_id(day_member(object, SLICE("team_id")), &id))
            continue;
        if (votes == 0)
            team = id;
        votes = slice_eq(team, id) ? votes + 1 : votes - 1;
    }
    return team;
}

enum err people_take(struct job *job)
{
    buf_append(&job->alias_prefix, SLICE("slack:"));
    buf_append(&job->alias_prefix, find_team(job->users));
    buf_byte(&job->alias_prefix, ':');

    struct json object;
    enum err err = ERR_NONE;
    for (size_t at = 0; err == ERR_NONE && json_array_next(job->users, &at, &object);)
        err = take_listed(job, object);
    return err;
}

/* ---- authors ---- */

/* Bots of old have no id, only a name. The ':' keeps these keys apart from ids. */
static void username_key(struct json username, struct buf *key)
{
    struct buf name = {0};
    (void)json_string(username, &name); /* day_read() saw that it is one */
    buf_append(key, SLICE("name:"));
    names_with_suffix(buf_slice(&name), SLICE_EMPTY, USERNAME_KEY_MAX, key);
    buf_fini(&name);
}

static enum err take_unlisted(struct job *job, const struct day_message *m, struct slice key,
                              uint64_t *id)
{
    struct person person = {.key = key};
    struct buf name = {0};
    if (!json_string(day_member(m->profile, SLICE("name")), &name) || name.len == 0)
        (void)json_string(m->username, &name); /* without one its id is taken */
    add_display(&person, m->profile, SLICE("display_name"));
    add_display(&person, m->profile, SLICE("real_name"));
    person.display[person.display_len++] = m->username;
    add_display(&person, m->profile, SLICE("name"));
    person.name = buf_slice(&name);
    job->report->users_unlisted++;
    const enum err err = take_person(job, &person, id);
    buf_fini(&name);
    return err;
}

/* What tells the author of a message from others, into job->author. */
static void find_author(struct job *job, const struct day_message *message)
{
    struct slice id;
    buf_clear(&job->author);
    if (day_id(message->user, &id) || day_id(message->bot_id, &id))
        buf_append(&job->author, id);
    else
        username_key(message->username, &job->author);
}

enum err people_author(struct job *job, const struct day_message *message, uint64_t *id)
{
    find_author(job, message);
    if (index_get(&job->people, buf_slice(&job->author), id))
        return ERR_NONE;
    return take_unlisted(job, message, buf_slice(&job->author), id);
}
