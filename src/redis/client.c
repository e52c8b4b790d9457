/* Blocking commands to the Redis servers of a fleet (hiredis below). */

#include "redis/client.h"

#include <hiredis/hiredis.h>
#include <string.h>
#include <sys/time.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "redis/script.h"
#include "redis/sentinel.h"

#define WORDS_MAX 16u
#define RETRY_NS 1000000000ull
#define LOOK_NS 2000000000ull
#define LOOK_AGAIN_NS 15000000000ull

static const struct timeval limit = {2, 0};

struct redis_client {
    struct redis_servers servers;
    struct connection {
        redisContext *context;        /* NULL: none */
        uint64_t retry_ns;            /* not before this, after a failure */
        struct redis_primary primary; /* where it connects; without sentinels epoch 0, age 0 */
        uint64_t look_ns;             /* when to ask the sentinels again */
        size_t sentinel;              /* one that has answered */
    } connections[REDIS_SERVERS_MAX];
};

/* ---- connections ---- */

static void drop(struct redis_client *client, size_t server)
{
    struct connection *connection = &client->connections[server];
    if (connection->context != NULL)
        redisFree(connection->context);
    connection->context = NULL;
}

static redisReply *command(redisContext *context, size_t count, const struct slice *words)
{
    const char *texts[WORDS_MAX];
    size_t lens[WORDS_MAX];
    for (size_t i = 0; i < count; i++) {
        texts[i] = words[i].ptr;
        lens[i] = words[i].len;
    }
    return redisCommandArgv(context, (int)count, texts, lens);
}

static bool succeeded(redisReply *reply)
{
    const bool ok = reply != NULL && reply->type != REDIS_REPLY_ERROR;
    if (reply != NULL)
        freeReplyObject(reply);
    return ok;
}

static redisContext *connect_to(const struct redis_address *address, const struct redis_host *host)
{
    redisContext *context = redisConnectWithTimeout(host->name, host->port, limit);
    if (context == NULL || context->err != 0 || redisSetTimeout(context, limit) != REDIS_OK)
        goto fail;
    const struct slice auth[] = {SLICE("AUTH"), slice_str(address->password)};
    if (address->password[0] != '\0' && !succeeded(command(context, 2, auth)))
        goto fail;
    const struct slice load[] = {SLICE("FUNCTION"), SLICE("LOAD"), SLICE("REPLACE"),
                                 redis_script()};
    if (!succeeded(command(context, 4, load)))
        goto fail; /* a replica refuses it too */
    return context;
fail:
    if (context != NULL)
        redisFree(context);
    return NULL;
}

/* Where to connect. */
static bool find(const struct redis_address *address, struct connection *connection)
{
    if (address->sentinels_len == 0) {
        connection->primary.host = address->server;
        return true;
    }
    return redis_find_blocking(address, &connection->sentinel, &connection->primary) == ERR_NONE;
}

/* Whether the sentinels name another server by now. When they do not answer at all, asking them
 * takes its time, so it is done rarely. */
static bool has_moved(const struct redis_address *address, struct connection *connection)
{
    struct redis_primary now;
    if (address->sentinels_len == 0 || clock_mono_ns() < connection->look_ns)
        return false;
    const bool found = redis_find_blocking(address, &connection->sentinel, &now) == ERR_NONE;
    connection->look_ns = clock_mono_ns() + (found ? LOOK_NS : LOOK_AGAIN_NS);
    return found && redis_primary_moved(&now, &connection->primary.host, connection->primary.epoch);
}

static redisContext *context_of(struct redis_client *client, size_t server)
{
    const struct redis_address *address = &client->servers.items[server];
    struct connection *connection = &client->connections[server];
    if (connection->context != NULL && !has_moved(address, connection))
        return connection->context;
    drop(client, server);
    if (clock_mono_ns() < connection->retry_ns)
        return NULL;
    if (find(address, connection))
        connection->context = connect_to(address, &connection->primary.host);
    connection->look_ns = clock_mono_ns() + LOOK_NS;
    if (connection->context == NULL)
        connection->retry_ns = clock_mono_ns() + RETRY_NS;
    return connection->context;
}

struct redis_client *redis_client_open(const struct redis_servers *servers)
{
    struct redis_client *client = mem_zalloc(sizeof(*client));
    client->servers = *servers;
    return client;
}

void redis_client_close(struct redis_client *client)
{
    if (client == NULL)
        return;
    for (size_t i = 0; i < client->servers.count; i++)
        drop(client, i);
    mem_free(client);
}

/*
 * One command to one server; the caller frees the reply. NULL when the server cannot be reached or
 * refuses. A connection that went bad while nobody looked is made anew once.
 */
static redisReply *ask(struct redis_client *client, size_t server, size_t count,
                       const struct slice *words)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        redisContext *context = context_of(client, server);
        if (context == NULL)
            return NULL;
        redisReply *reply = command(context, count, words);
        if (reply != NULL && reply->type != REDIS_REPLY_ERROR)
            return reply;
        if (reply != NULL)
            freeReplyObject(reply);
        drop(client, server);
    }
    return NULL;
}

/* ---- recent events ---- */

static bool read_entry(const redisReply *entry, struct arena *arena, struct event *out)
{
    if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2)
        return false;
    const redisReply *fields = entry->element[1];
    if (fields->type != REDIS_REPLY_ARRAY || fields->elements != 2 ||
        !event_decode(slice_from(fields->element[1]->str, fields->element[1]->len), out))
        return false;
    out->text = arena_copy(arena, out->text);
    return true;
}

enum err redis_recent(struct redis_client *client, uint64_t channel, uint64_t after, size_t max,
                      struct arena *arena, struct recent_events *out)
{
    struct buf key = {0};
    struct buf from = {0};
    struct buf count = {0};
    buf_format(&key, "c:{%llu}:recent", (unsigned long long)channel);
    buf_u64(&from, after + 1);
    buf_append(&from, SLICE("-0"));
    buf_u64(&count, max);
    const struct slice words[] = {SLICE("XRANGE"), buf_slice(&key), buf_slice(&from),
                                  SLICE("+"),      SLICE("COUNT"),  buf_slice(&count)};
    redisReply *reply = ask(client, redis_server_of(&client->servers, channel), 6, words);
    buf_fini(&key);
    buf_fini(&from);
    buf_fini(&count);
    *out = (struct recent_events){0};
    if (reply == NULL)
        return ERR_UNAVAILABLE;
    out->items = arena_alloc(arena, (reply->elements + 1) * sizeof(*out->items));
    for (size_t i = 0; i < reply->elements; i++) {
        if (read_entry(reply->element[i], arena, &out->items[out->count]))
            out->count++;
    }
    freeReplyObject(reply);
    return ERR_NONE;
}

/* ---- heads ---- */

static uint64_t number_of(const redisReply *list, size_t at)
{
    uint64_t value = 0;
    if (list->type == REDIS_REPLY_ARRAY && at < list->elements &&
        list->element[at]->type == REDIS_REPLY_STRING)
        (void)slice_to_u64(slice_from(list->element[at]->str, list->element[at]->len), &value);
    return value;
}

/* Send the question for each head that lives on the server; false when it cannot be reached. */
static bool ask_heads(struct redis_client *client, size_t server, const struct recent_head *heads,
                      size_t count)
{
    redisContext *context = context_of(client, server);
    bool sent = context != NULL;
    for (size_t i = 0; i < count && sent; i++) {
        if (redis_server_of(&client->servers, heads[i].channel) != server)
            continue;
        sent = redisAppendCommand(context, "HMGET c:{%llu}:head last n",
                                  (unsigned long long)heads[i].channel) == REDIS_OK;
    }
    return sent;
}

static bool read_heads(struct redis_client *client, size_t server, struct recent_head *heads,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *reply = NULL;
        if (redis_server_of(&client->servers, heads[i].channel) != server)
            continue;
        if (redisGetReply(client->connections[server].context, &reply) != REDIS_OK)
            return false;
        heads[i].last_seq = number_of(reply, 0);
        heads[i].last_n = number_of(reply, 1);
        freeReplyObject(reply);
    }
    return true;
}

enum err redis_heads(struct redis_client *client, struct recent_head *heads, size_t count)
{
    enum err err = ERR_NONE;
    for (size_t server = 0; server < client->servers.count; server++) {
        if (ask_heads(client, server, heads, count) && read_heads(client, server, heads, count))
            continue;
        drop(client, server);
        /* Once more: the connection may have been an old one. */
        if (ask_heads(client, server, heads, count) && read_heads(client, server, heads, count))
            continue;
        drop(client, server);
        err = ERR_UNAVAILABLE;
    }
    return err;
}

/* ---- settling ---- */

void redis_settle(struct redis_client *client, uint64_t channel, uint64_t settled,
                  int64_t quiet_since_ms)
{
    struct buf key = {0};
    struct buf numbers[3] = {0};
    buf_format(&key, "c:{%llu}:recent", (unsigned long long)channel);
    buf_u64(&numbers[0], channel);
    buf_u64(&numbers[1], settled);
    buf_u64(&numbers[2], (uint64_t)quiet_since_ms);
    const struct slice words[] = {
        SLICE("FCALL"),         SLICE("parley_settle"), SLICE("2"),
        buf_slice(&key),        SLICE("active"),        buf_slice(&numbers[0]),
        buf_slice(&numbers[1]), buf_slice(&numbers[2])};
    /* What is not settled now is settled with the next event, or by the look at quiet channels. */
    (void)succeeded(ask(client, redis_server_of(&client->servers, channel), 8, words));
    buf_fini(&key);
    for (size_t i = 0; i < 3; i++)
        buf_fini(&numbers[i]);
}

enum err redis_unsettled(struct redis_client *client, size_t server, int64_t before_ms,
                         uint64_t *channels, size_t max, size_t *count)
{
    struct buf before = {0};
    struct buf limit_text = {0};
    buf_u64(&before, (uint64_t)before_ms);
    buf_u64(&limit_text, max);
    const struct slice words[] = {SLICE("ZRANGEBYSCORE"), SLICE("active"), SLICE("-inf"),
                                  buf_slice(&before),     SLICE("LIMIT"),  SLICE("0"),
                                  buf_slice(&limit_text)};
    redisReply *reply = ask(client, server, 7, words);
    buf_fini(&before);
    buf_fini(&limit_text);
    *count = 0;
    if (reply == NULL)
        return ERR_UNAVAILABLE;
    for (size_t i = 0; i < reply->elements && *count < max; i++) {
        channels[*count] = number_of(reply, i);
        if (channels[*count] != 0)
            (*count)++;
    }
    freeReplyObject(reply);
    return ERR_NONE;
}

void redis_forget(struct redis_client *client, uint64_t channel)
{
    struct buf key = {0};
    buf_format(&key, "c:{%llu}:head", (unsigned long long)channel);
    const struct slice words[] = {SLICE("DEL"), buf_slice(&key)};
    (void)succeeded(ask(client, redis_server_of(&client->servers, channel), 2, words));
    buf_fini(&key);
}
