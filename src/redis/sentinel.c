/* What sentinels say, and asking them one after the other (hiredis below). */

#include "redis/sentinel.h"

#include <hiredis/hiredis.h>
#include <string.h>
#include <sys/time.h>

/* ---- what they say ---- */

static struct redis_host host_of(struct slice name, struct slice port)
{
    struct redis_host host = {0};
    uint64_t number;
    if (name.len == 0 || name.len >= REDIS_TEXT_MAX || !slice_to_u64(port, &number) ||
        number > UINT16_MAX)
        return host;
    memcpy(host.name, name.ptr, name.len);
    host.port = (uint16_t)number;
    return host;
}

static bool same_host(const struct redis_host *a, const struct redis_host *b)
{
    return a->port == b->port && strcmp(a->name, b->name) == 0;
}

struct redis_host sentinel_host(const struct redis_value *reply)
{
    return host_of(redis_value_at(reply, 0).text, redis_value_at(reply, 1).text);
}

static bool read_primary(const struct redis_host *host, const struct redis_value *reply,
                         struct redis_primary *out)
{
    const struct redis_host before = host_of(redis_value_get(reply, SLICE("ip")).text,
                                             redis_value_get(reply, SLICE("port")).text);
    out->host = *host;
    if (host->port == 0 ||
        !slice_to_u64(redis_value_get(reply, SLICE("config-epoch")).text, &out->epoch) ||
        !slice_to_u64(redis_value_get(reply, SLICE("role-reported-time")).text, &out->age_ms))
        return false;
    /* While its other replicas are told, a promoted one has no entry of its own yet. */
    if (!same_host(host, &before))
        out->age_ms = 0;
    return true;
}

void sentinel_hear(struct sentinel_poll *poll, const struct redis_host *host,
                   const struct redis_value *reply)
{
    struct redis_primary primary;
    poll->heard++;
    if (!read_primary(host, reply, &primary) ||
        (poll->found && primary.epoch <= poll->primary.epoch))
        return;
    poll->found = true;
    poll->primary = primary;
}

bool sentinel_enough(const struct sentinel_poll *poll, const struct redis_address *address)
{
    return poll->heard > address->sentinels_len / 2;
}

bool redis_primary_moved(const struct redis_primary *primary, const struct redis_host *host,
                         uint64_t epoch)
{
    return primary->epoch > epoch && !same_host(&primary->host, host);
}

/* ---- asking one after the other ---- */

static const struct timeval limit = {0, SENTINEL_WAIT_MS * 1000};

/* One answer; NIL when there is none, or when the context is broken. The caller frees *reply. */
static struct redis_value ask(redisContext *context, const char *format, const char *word,
                              redisReply **reply)
{
    *reply = redisCommand(context, format, word);
    return redis_value_of(*reply);
}

static void ask_one(const struct redis_address *address, const struct redis_host *sentinel,
                    struct sentinel_poll *poll)
{
    redisReply *replies[3] = {NULL};
    redisContext *context = redisConnectWithTimeout(sentinel->name, sentinel->port, limit);
    if (context == NULL || context->err != 0 || redisSetTimeout(context, limit) != REDIS_OK)
        goto done;
    if (address->sentinel_password[0] != '\0')
        (void)ask(context, "AUTH %s", address->sentinel_password, &replies[0]);
    const struct redis_value where =
        ask(context, "SENTINEL GET-MASTER-ADDR-BY-NAME %s", address->primary, &replies[1]);
    const struct redis_value master =
        ask(context, "SENTINEL MASTER %s", address->primary, &replies[2]);
    const struct redis_host host = sentinel_host(&where);
    if (replies[2] != NULL)
        sentinel_hear(poll, &host, &master);
done:
    for (size_t i = 0; i < 3; i++)
        freeReplyObject(replies[i]);
    if (context != NULL)
        redisFree(context);
}

enum err redis_find_blocking(const struct redis_address *address, size_t *first,
                             struct redis_primary *out)
{
    struct sentinel_poll poll = {0};
    const size_t begin = *first;
    for (size_t i = 0; i < address->sentinels_len && !sentinel_enough(&poll, address); i++) {
        const size_t at = (begin + i) % address->sentinels_len;
        const size_t before = poll.heard;
        ask_one(address, &address->sentinels[at], &poll);
        /* Those that do not answer come last the next time. */
        if (before == 0 && poll.heard == 1)
            *first = at;
    }
    if (!poll.found)
        return ERR_UNAVAILABLE;
    *out = poll.primary;
    return ERR_NONE;
}
