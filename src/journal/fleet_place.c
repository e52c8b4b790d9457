/* The queue of each channel, and the call into Redis that gives an event its place. */

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "journal/fleet.h"

/* ---- queues ---- */

static void push_last(struct sending **first, struct sending **last, struct sending *sending)
{
    sending->next = NULL;
    if (*first == NULL)
        *first = sending;
    else
        (*last)->next = sending;
    *last = sending;
}

static struct sending *pop_first(struct fleet_channel *channel)
{
    struct sending *sending = channel->first;
    channel->first = sending->next;
    if (channel->first == NULL)
        channel->last = NULL;
    return sending;
}

/* What came back from Redis goes in front of what has come since. */
static void take_back_returned(struct fleet_channel *channel)
{
    if (channel->returned_first == NULL)
        return;
    channel->returned_last->next = channel->first;
    if (channel->first == NULL)
        channel->last = channel->returned_last;
    channel->first = channel->returned_first;
    channel->returned_first = NULL;
    channel->returned_last = NULL;
}

void fleet_finish(struct sending *sending, enum err result)
{
    struct journal_fleet *fleet = sending->fleet;
    struct journal_entry *entry = sending->entry;
    pthread_mutex_lock(&fleet->lock);
    fleet->stats.waiting--;
    fleet->stats.batches++;
    if (result == ERR_NONE) {
        fleet->stats.events += entry->duplicate ? 0 : 1;
        histogram_add(&fleet->stats.durable, journal_age_us(entry));
    } else {
        fleet->stats.failures++;
    }
    pthread_mutex_unlock(&fleet->lock);

    fleet->pending--;
    arena_fini(&sending->arena);
    mem_free(sending);
    entry->result = result;
    journal_finish(entry);
    if (fleet->stopping && fleet->pending == 0)
        loop_stop(fleet->loop);
}

/* ---- Redis ---- */

static void on_durable(enum err result, void *arg)
{
    fleet_finish(arg, result);
}

/* The event has its place: Kafka makes it last. */
static void produce(struct sending *sending)
{
    pthread_mutex_lock(&sending->fleet->lock);
    histogram_add(&sending->fleet->stats.placed, journal_age_us(sending->entry));
    pthread_mutex_unlock(&sending->fleet->lock);
    const enum err err =
        kafka_out_produce(sending->fleet->kafka, &sending->entry->event, on_durable, sending);
    if (err != ERR_NONE)
        fleet_finish(sending, err);
}

static bool take_place(struct sending *sending, struct slice text)
{
    struct buf place = {0};
    struct event_place parsed;
    buf_append(&place, text);
    buf_byte(&place, ':');
    struct slice rest = buf_slice(&place);
    const bool valid = event_take_place(&rest, &parsed);
    buf_fini(&place);
    sending->entry->event.seq = parsed.seq;
    sending->entry->event.prev = parsed.prev;
    sending->entry->event.n = parsed.n;
    return valid;
}

static void on_new_place(struct sending *sending, const struct redis_value *reply)
{
    uint64_t left;
    if (!take_place(sending, redis_value_at(reply, 1).text) ||
        !slice_to_u64(redis_value_at(reply, 2).text, &left)) {
        fleet_finish(sending, ERR_INTERNAL);
        return;
    }
    sending->channel->room = left;
    if (left < FLEET_LEASE / 2)
        fleet_take_lease(sending->channel, true);
    produce(sending);
}

/* The cmid has a place already: the same event is made durable again, which changes nothing. */
static void on_known_place(struct sending *sending, const struct redis_value *reply)
{
    struct event *event = &sending->entry->event;
    struct event first;
    const struct slice encoded = redis_value_at(reply, 2).text;
    if (!take_place(sending, redis_value_at(reply, 1).text) || !event_decode(encoded, &first)) {
        fleet_finish(sending, ERR_INTERNAL);
        return;
    }
    sending->entry->duplicate = true;
    event->kind = first.kind;
    event->thread = first.thread;
    event->ts_us = first.ts_us;
    event->text = arena_copy(&sending->arena, first.text);
    produce(sending);
}

static void return_to_queue(struct sending *sending)
{
    sending->channel->room = 0;
    push_last(&sending->channel->returned_first, &sending->channel->returned_last, sending);
}

static void on_list(struct sending *sending, const struct redis_value *reply)
{
    struct fleet_channel *channel = sending->channel;
    const struct slice word = redis_value_at(reply, 0).text;
    if (slice_eq(word, SLICE("OK"))) {
        on_new_place(sending, reply);
    } else if (slice_eq(word, SLICE("DUP")) && redis_value_at(reply, 2).text.len > 0) {
        on_known_place(sending, reply);
    } else if (slice_eq(word, SLICE("DUP")) || slice_eq(word, SLICE("CHECK"))) {
        sending->must_check = true; /* the store knows, also if it did not a moment ago */
        sending->checked = false;
        return_to_queue(sending);
    } else if (slice_eq(word, SLICE("LEASE")) || slice_eq(word, SLICE("BOOT"))) {
        channel->wants_lease = true;
        channel->new_boot = channel->new_boot || slice_eq(word, SLICE("BOOT"));
        memcpy(channel->boot, redis_link_boot(channel->link), REDIS_BOOT_MAX);
        return_to_queue(sending);
    } else {
        fleet_finish(sending, ERR_UNAVAILABLE); /* BUSY: the persisters are far behind */
    }
}

static void on_placed(const struct redis_value *reply, void *arg)
{
    struct sending *sending = arg;
    struct fleet_channel *channel = sending->channel;
    if (reply == NULL) {
        channel->room = 0;
        fleet_finish(sending, ERR_UNAVAILABLE); /* it may have a place: the retry will tell */
    } else if (reply->type == REDIS_VALUE_LIST) {
        on_list(sending, reply);
    } else {
        log_warn("redis refuses to place an event", LOG_SLICE("why", reply->text));
        fleet_finish(sending, ERR_UNAVAILABLE);
        /* A primary that was demoted says so here: look for the new one. */
        if (slice_starts(reply->text, SLICE("READONLY")))
            redis_link_reset(channel->link);
    }
    channel->placing--; /* not before: while it counts the channel stays */
    fleet_go_on(channel);
}

struct place_call {
    struct buf head;
    struct buf recent;
    struct buf cmid;
    struct buf topic;
    struct buf channel;
    struct buf now;
    struct buf backlog;
    struct buf ttl;
    struct bytes *event;
};

static void spell(struct place_call *call, const struct event *event)
{
    char cmid[UUID_TEXT_LEN];
    const unsigned long long channel = event->channel;
    uuid_write(event->cmid, cmid);
    buf_format(&call->head, "c:{%llu}:head", channel);
    buf_format(&call->recent, "c:{%llu}:recent", channel);
    buf_format(&call->cmid, "c:{%llu}:i:%llu:%.*s", channel, (unsigned long long)event->sender,
               (int)sizeof(cmid), cmid);
    buf_format(&call->topic, "channel-%llu", channel);
    buf_u64(&call->channel, event->channel);
    buf_u64(&call->now, (uint64_t)(event->ts_us / 1000));
    buf_u64(&call->backlog, FLEET_BACKLOG_MAX);
    buf_u64(&call->ttl, FLEET_CMID_TTL_S);
    call->event = event_encode(event);
}

static void release(struct place_call *call)
{
    struct buf *bufs[] = {&call->head,    &call->recent, &call->cmid,    &call->topic,
                          &call->channel, &call->now,    &call->backlog, &call->ttl};
    for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
        buf_fini(bufs[i]);
    bytes_unref(call->event);
}

static void place(struct fleet_channel *channel, struct sending *sending)
{
    struct event *event = &sending->entry->event;
    struct place_call call = {0};
    event->ts_us = clock_wall_us();
    spell(&call, event);
    const struct slice words[] = {
        SLICE("FCALL"),
        SLICE("parley_append"),
        SLICE("4"),
        buf_slice(&call.head),
        buf_slice(&call.recent),
        buf_slice(&call.cmid),
        SLICE("active"),
        slice_str(redis_link_boot(channel->link)),
        buf_slice(&call.topic),
        bytes_slice(call.event),
        buf_slice(&call.backlog),
        buf_slice(&call.ttl),
        buf_slice(&call.channel),
        buf_slice(&call.now),
        event_counts(event->kind) ? SLICE("1") : SLICE("0"),
        sending->checked ? SLICE("1") : SLICE("0"),
    };
    channel->placing++;
    if (!redis_link_send(channel->link, on_placed, sending, sizeof(words) / sizeof(words[0]),
                         words)) {
        channel->placing--;
        fleet_finish(sending, ERR_UNAVAILABLE);
    }
    release(&call);
}

/* ---- channels ---- */

static struct fleet_channel *channel_get(struct journal_fleet *fleet, uint64_t id)
{
    struct fleet_channel *channel = map_get(&fleet->channels, id);
    if (channel == NULL) {
        channel = mem_zalloc(sizeof(*channel));
        channel->fleet = fleet;
        channel->id = id;
        channel->link = fleet->links[redis_server_of(&fleet->servers, id)];
        map_put(&fleet->channels, id, channel);
    }
    return channel;
}

/* Nothing is under way: the channel need not be remembered. */
static void drop_if_idle(struct fleet_channel *channel)
{
    if (channel->first != NULL || channel->placing > 0 || channel->jobs > 0)
        return;
    map_remove(&channel->fleet->channels, channel->id);
    mem_free(channel);
}

static bool may_send(const struct fleet_channel *channel)
{
    return !channel->wants_lease && !channel->checking && channel->returned_first == NULL &&
           (channel->placing == 0 || channel->placing < channel->room);
}

void fleet_pump(struct fleet_channel *channel)
{
    while (channel->first != NULL && may_send(channel)) {
        struct sending *sending = pop_first(channel);
        if (fleet_needs_check(sending)) {
            fleet_check(channel, sending);
            return;
        }
        place(channel, sending);
    }
    drop_if_idle(channel);
}

void fleet_go_on(struct fleet_channel *channel)
{
    /* What is being looked up came after them: it will go in front of the queue first. */
    if (channel->placing == 0 && !channel->checking)
        take_back_returned(channel);
    if (channel->wants_lease && channel->placing == 0 && channel->jobs == 0)
        fleet_take_lease(channel, false);
    else
        fleet_pump(channel);
}

void fleet_enqueue(struct journal_fleet *fleet, struct journal_entry *entry)
{
    struct fleet_channel *channel = channel_get(fleet, entry->event.channel);
    struct sending *sending = mem_zalloc(sizeof(*sending));
    sending->fleet = fleet;
    sending->entry = entry;
    sending->channel = channel;
    fleet->pending++;
    if (fleet->stopping || !kafka_out_healthy(fleet->kafka) || !redis_link_is_up(channel->link)) {
        /* Refused before it has a place: nobody saw it. */
        fleet_finish(sending, ERR_UNAVAILABLE);
        drop_if_idle(channel);
        return;
    }
    push_last(&channel->first, &channel->last, sending);
    fleet_pump(channel);
}

void fleet_requeue(struct fleet_channel *channel, struct sending *sending)
{
    sending->next = channel->first;
    channel->first = sending;
    if (channel->last == NULL)
        channel->last = sending;
}

void fleet_fail_waiting(struct fleet_channel *channel, enum err err)
{
    while (channel->first != NULL)
        fleet_finish(pop_first(channel), err);
}
