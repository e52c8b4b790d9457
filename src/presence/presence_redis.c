/*
 * Presence in a fleet: redis/presence.lua keeps who is where. A handle is an "edge" there, under a
 * random name; it beats so that others know that it lives, and takes another name when it was taken
 * for dead. A person lives on the server that their id chooses, as on the bus.
 */

#include <assert.h>
#include <sodium.h>

#include "base/buf.h"
#include "base/mem.h"
#include "presence/presence_driver.h"
#include "redis/link.h"

#define BEAT_MS 2000u
#define SILENT_BEATS_MAX 3u /* that nobody answered, then the link is made anew */
#define TELL_MAX 200u       /* people in one call */

struct presence_redis;

struct server {
    struct presence_redis *presence;
    struct redis_link *link;
    struct buf name; /* of this edge, there */
    bool known;      /* it was told that this edge exists */
    unsigned silent; /* beats without an answer */
    struct timer beat;
};

struct presence_redis {
    struct presence base;
    struct redis_servers addresses;
    struct server servers[REDIS_SERVERS_MAX];
};

/* A question, and what the servers have answered so far. */
struct question {
    presence_got_fn *fn;
    void *arg;
    unsigned missing; /* servers that have not answered */
    enum err err;
    size_t count;
    struct presence_seen *seen;
};

struct part {
    struct question *question;
    const struct server *server;
};

static struct presence_redis *redis_of(struct presence *presence)
{
    assert(presence->driver == &presence_driver_redis);
    return (struct presence_redis *)presence;
}

static struct server *server_of(struct presence_redis *presence, uint64_t user)
{
    return &presence->servers[redis_server_of(&presence->addresses, user)];
}

/* ---- telling ---- */

static void take_name(struct server *server)
{
    uint64_t random;
    randombytes_buf(&random, sizeof(random));
    buf_clear(&server->name);
    buf_format(&server->name, "%016llx", (unsigned long long)random);
    server->known = false;
}

static void beat(struct server *server);

/* This edge was taken for dead there, or the server has forgotten everything. */
static void begin_anew(struct server *server)
{
    take_name(server);
    beat(server);
}

static bool says(const struct redis_value *reply, const char *word)
{
    return reply->type == REDIS_VALUE_TEXT && slice_eq(reply->text, slice_str(word));
}

static void on_told(const struct redis_value *reply, void *arg)
{
    struct server *server = arg;
    if (reply != NULL && says(reply, "GONE") && server->known)
        begin_anew(server);
}

static void call_set(struct server *server, struct slice people)
{
    const struct slice words[] = {SLICE("FCALL"), SLICE("parley_presence_set"), SLICE("0"),
                                  buf_slice(&server->name), people};
    (void)redis_link_send(server->link, on_told, server, 5, words);
}

/* What cannot be said now is said again as soon as the server knows this edge. */
static void redis_tell(struct presence *base)
{
    struct presence_redis *presence = redis_of(base);
    struct buf people[REDIS_SERVERS_MAX] = {0};
    unsigned counts[REDIS_SERVERS_MAX] = {0};
    struct untold untold;
    while (presence_next_untold(base, &untold)) {
        struct server *server = server_of(presence, untold.user);
        const size_t at = (size_t)(server - presence->servers);
        buf_u64(&people[at], untold.user);
        buf_byte(&people[at], ' ');
        buf_byte(&people[at], (char)('0' + (int)untold.state));
        buf_byte(&people[at], ' ');
        if (++counts[at] == TELL_MAX) {
            call_set(server, buf_slice(&people[at]));
            buf_clear(&people[at]);
            counts[at] = 0;
        }
    }
    for (size_t i = 0; i < presence->addresses.count; i++) {
        if (counts[i] > 0)
            call_set(&presence->servers[i], buf_slice(&people[i]));
        buf_fini(&people[i]);
    }
}

/* ---- beating ---- */

static void on_beaten(const struct redis_value *reply, void *arg)
{
    struct server *server = arg;
    if (reply == NULL)
        return;
    server->silent = 0;
    if (says(reply, "GONE")) {
        begin_anew(server);
        return;
    }
    if (reply->type == REDIS_VALUE_TEXT && !server->known) {
        server->known = true;
        presence_lost(&server->presence->base);
    }
    if (says(reply, "MORE"))
        beat(server);
}

static void beat(struct server *server)
{
    const struct slice words[] = {SLICE("FCALL"), SLICE("parley_presence_beat"), SLICE("0"),
                                  buf_slice(&server->name),
                                  server->known ? SLICE("0") : SLICE("1")};
    if (redis_link_send(server->link, on_beaten, server, 5, words))
        server->silent++;
}

static void on_beat(struct timer *timer)
{
    struct server *server = LIST_ITEM(timer, struct server, beat);
    if (server->silent > SILENT_BEATS_MAX) {
        server->silent = 0;
        redis_link_reset(server->link);
    } else {
        beat(server);
    }
    timer_start(server->presence->base.loop, timer, BEAT_MS, on_beat);
}

/* What was said while the link was down is lost: the old name is swept away with all of it. */
static void on_up(void *arg)
{
    struct server *server = arg;
    server->silent = 0;
    begin_anew(server);
}

/* ---- asking ---- */

static void end(struct question *question)
{
    const bool failed = question->err != ERR_NONE;
    question->fn(question->err, question->seen, failed ? 0 : question->count, question->arg);
    mem_free(question->seen);
    mem_free(question);
}

/* Fill in the states of those who live on the part's server: "<at_us> <state> <state> ...". */
static bool read_states(struct part *part, struct slice text)
{
    struct presence_redis *presence = part->server->presence;
    struct question *question = part->question;
    struct slice word;
    uint64_t at;
    if (!slice_cut(text, ' ', &word, &text) || !slice_to_u64(word, &at))
        return false;
    for (size_t i = 0; i < question->count; i++) {
        struct presence_seen *seen = &question->seen[i];
        if (server_of(presence, seen->user) != part->server)
            continue;
        if (text.len == 0 || text.ptr[0] < '0' || text.ptr[0] > '2')
            return false;
        seen->state = (enum presence_state)(text.ptr[0] - '0');
        seen->at = at;
        text = slice_skip(text, text.len > 1 ? 2 : 1);
    }
    return true;
}

static void on_states(const struct redis_value *reply, void *arg)
{
    struct part *part = arg;
    struct question *question = part->question;
    if (reply == NULL || reply->type != REDIS_VALUE_TEXT || !read_states(part, reply->text))
        question->err = ERR_UNAVAILABLE;
    mem_free(part);
    if (--question->missing == 0)
        end(question);
}

/* Ask one server for those who live on it; false when its link is down. */
static bool ask(struct question *question, struct server *server)
{
    struct buf users = {0};
    bool sent = true;
    for (size_t i = 0; i < question->count; i++) {
        if (server_of(server->presence, question->seen[i].user) != server)
            continue;
        buf_u64(&users, question->seen[i].user);
        buf_byte(&users, ' ');
    }
    if (users.len > 0) {
        const struct slice words[] = {SLICE("FCALL"), SLICE("parley_presence_get"), SLICE("0"),
                                      buf_slice(&users)};
        struct part *part = mem_alloc(sizeof(*part));
        *part = (struct part){question, server};
        sent = redis_link_send(server->link, on_states, part, 4, words);
        if (sent)
            question->missing++;
        else
            mem_free(part);
    }
    buf_fini(&users);
    return sent;
}

static enum err redis_get(struct presence *base, const uint64_t *users, size_t count,
                          presence_got_fn *fn, void *arg)
{
    struct presence_redis *presence = redis_of(base);
    for (size_t i = 0; i < count; i++) {
        if (!redis_link_is_up(server_of(presence, users[i])->link))
            return ERR_UNAVAILABLE;
    }
    struct question *question = mem_zalloc(sizeof(*question));
    question->fn = fn;
    question->arg = arg;
    question->count = count;
    question->seen = mem_zalloc(count * sizeof(*question->seen));
    for (size_t i = 0; i < count; i++)
        question->seen[i].user = users[i];
    for (size_t i = 0; i < presence->addresses.count; i++) {
        if (!ask(question, &presence->servers[i]))
            question->err = ERR_UNAVAILABLE;
    }
    if (question->missing > 0)
        return ERR_NONE;
    mem_free(question->seen);
    mem_free(question);
    return ERR_UNAVAILABLE;
}

/* ---- life cycle ---- */

static enum err redis_open(struct loop *loop, struct bus *bus, const char *servers,
                           struct presence **out)
{
    struct presence_redis *presence = mem_zalloc(sizeof(*presence));
    (void)bus;
    if (redis_servers_parse(servers, &presence->addresses) != ERR_NONE) {
        mem_free(presence);
        return ERR_INVALID;
    }
    presence->base.loop = loop;
    for (size_t i = 0; i < presence->addresses.count; i++) {
        struct server *server = &presence->servers[i];
        const struct redis_link_options options = {.presence = true, .up = on_up, .arg = server};
        server->presence = presence;
        take_name(server);
        server->link = redis_link_open(loop, &presence->addresses.items[i], &options);
        timer_start(loop, &server->beat, BEAT_MS, on_beat);
    }
    *out = &presence->base;
    return ERR_NONE;
}

static void redis_close(struct presence *base)
{
    struct presence_redis *presence = redis_of(base);
    for (size_t i = 0; i < presence->addresses.count; i++) {
        struct server *server = &presence->servers[i];
        timer_stop(base->loop, &server->beat);
        redis_link_close(server->link);
        buf_fini(&server->name);
    }
    mem_free(presence);
}

const struct presence_driver presence_driver_redis = {
    .scheme = "redis",
    .open = redis_open,
    .close = redis_close,
    .tell = redis_tell,
    .get = redis_get,
};
