/*
 * Leases: blocks of seqs that the store hands out and Redis counts in.
 *
 * When Redis is another than before, it may have forgotten the channel's newest events. So before
 * the counter starts again, all that Kafka has must be in the store: then the store knows the last
 * seq, the last n and every cmid.
 */

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/fleet.h"

struct leasing {
    struct job job;
    struct fleet_channel *channel;
    bool extend;
    bool new_boot;
    char boot[REDIS_BOOT_MAX]; /* of the Redis that it is for */
    enum err err;
    struct store_lease lease;
};

static enum err take(struct leasing *leasing, struct store *store)
{
    const uint64_t channel = leasing->channel->id;
    enum err err = store_lease(store, channel, FLEET_LEASE, &leasing->lease);
    const bool is_new = leasing->lease.start == 0 && leasing->lease.last_seq == 0;
    if (err != ERR_NONE || !leasing->new_boot || is_new)
        return err;
    err = kafka_out_fence(leasing->channel->fleet->kafka, channel);
    return err != ERR_NONE ? err : store_lease(store, channel, FLEET_LEASE, &leasing->lease);
}

static void work(struct job *job, void *context)
{
    struct leasing *leasing = LIST_ITEM(job, struct leasing, job);
    leasing->err = take(leasing, context);
}

static void done(struct leasing *leasing)
{
    struct fleet_channel *channel = leasing->channel;
    channel->jobs--;
    if (leasing->extend) {
        channel->extending = false;
    } else {
        channel->wants_lease = false;
        channel->new_boot = false;
        if (leasing->err != ERR_NONE)
            fleet_fail_waiting(channel, leasing->err);
    }
    mem_free(leasing);
    fleet_go_on(channel); /* an extension that came too late: a lease may be wanted by now */
}

static void on_installed(const struct redis_value *reply, void *arg)
{
    struct leasing *leasing = arg;
    if (reply == NULL || reply->type == REDIS_VALUE_ERROR)
        leasing->err = ERR_UNAVAILABLE;
    done(leasing);
}

static bool install(struct leasing *leasing)
{
    struct fleet_channel *channel = leasing->channel;
    struct buf head = {0};
    struct buf numbers[5] = {0};
    if (strcmp(leasing->boot, redis_link_boot(channel->link)) != 0)
        return false;
    buf_format(&head, "c:{%llu}:head", (unsigned long long)channel->id);
    buf_u64(&numbers[0], leasing->lease.start);
    buf_u64(&numbers[1], leasing->lease.limit);
    buf_u64(&numbers[2], leasing->lease.last_seq);
    buf_u64(&numbers[3], leasing->lease.last_n);
    /* A channel without a past has no cmids that could be forgotten. */
    const bool is_new = leasing->lease.start == 0 && leasing->lease.last_seq == 0;
    buf_u64(&numbers[4], is_new ? 0 : (uint64_t)(clock_wall_us() / 1000));
    const struct slice words[] = {
        SLICE("FCALL"),         SLICE("parley_lease"),    SLICE("1"),
        buf_slice(&head),       slice_str(leasing->boot), buf_slice(&numbers[0]),
        buf_slice(&numbers[1]), buf_slice(&numbers[2]),   buf_slice(&numbers[3]),
        buf_slice(&numbers[4]),
    };
    const bool sent = redis_link_send(channel->link, on_installed, leasing,
                                      sizeof(words) / sizeof(words[0]), words);
    buf_fini(&head);
    for (size_t i = 0; i < 5; i++)
        buf_fini(&numbers[i]);
    return sent;
}

static void taken(struct job *job)
{
    struct leasing *leasing = LIST_ITEM(job, struct leasing, job);
    if (leasing->err != ERR_NONE && leasing->err != ERR_NOT_FOUND)
        log_warn("no lease", LOG_U64("channel", leasing->channel->id),
                 LOG_STR("why", err_name(leasing->err)));
    if (leasing->err == ERR_NONE && !install(leasing))
        leasing->err = ERR_UNAVAILABLE;
    else if (leasing->err == ERR_NONE)
        return; /* on_installed() goes on */
    done(leasing);
}

void fleet_take_lease(struct fleet_channel *channel, bool extend)
{
    struct journal_fleet *fleet = channel->fleet;
    if (extend && (channel->extending || channel->wants_lease))
        return;
    struct leasing *leasing = mem_zalloc(sizeof(*leasing));
    leasing->channel = channel;
    leasing->extend = extend;
    leasing->new_boot = channel->new_boot;
    memcpy(leasing->boot, extend ? redis_link_boot(channel->link) : channel->boot, REDIS_BOOT_MAX);
    channel->extending = channel->extending || extend;
    channel->jobs++;
    leasing->err = pool_submit(fleet->stores, fleet->loop, &leasing->job, work, taken);
    if (leasing->err != ERR_NONE)
        done(leasing);
}
