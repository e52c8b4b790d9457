/*
 * Looking into the store before an event gets its place: whether its cmid is stored already,
 * whether its thread exists, whether the change may be made.
 *
 * Redis remembers cmids for some minutes only. A cmid that carries its time (UUID version 7) and is
 * younger cannot be older than that memory, so it needs no look; any other does.
 */

#include "base/clock.h"
#include "base/mem.h"
#include "journal/fleet.h"
#include "model/fold.h"

/* Half of what Redis remembers, for clocks that differ. */
#define FRESH_MS (FLEET_CMID_TTL_S * 1000u / 2u)

static bool is_fresh(const uint8_t cmid[UUID_BYTES])
{
    if (cmid[6] >> 4 != 7)
        return false;
    uint64_t made_ms = 0;
    for (unsigned i = 0; i < 6; i++)
        made_ms = made_ms << 8 | cmid[i];
    const uint64_t now_ms = (uint64_t)(clock_wall_us() / 1000);
    return made_ms <= now_ms ? now_ms - made_ms < FRESH_MS : made_ms - now_ms < FRESH_MS;
}

bool fleet_needs_check(const struct sending *sending)
{
    const struct event *event = &sending->entry->event;
    if (sending->checked)
        return false;
    /* The cmids of joins and leaves are ours, made just now. */
    const bool ours = event->kind != EVENT_MESSAGE && !event_is_change(event->kind);
    return sending->must_check || event->thread != 0 || (!ours && !is_fresh(event->cmid));
}

/* The message that the entry names, with what changes made of it. ERR_NOT_FOUND. */
static enum err find_target(struct sending *sending, struct store *store, struct event *out)
{
    const struct event *event = &sending->entry->event;
    struct store_page page;
    const struct store_range range = {STORE_AFTER, event->thread - 1, 1, EVENT_TEXT_MAX};
    const enum err err = store_page(store, event->channel, range, &sending->arena, &page);
    if (err != ERR_NONE)
        return err;
    if (page.count == 0 || page.items[0].seq != event->thread ||
        page.items[0].kind != EVENT_MESSAGE)
        return ERR_NOT_FOUND;
    *out = page.items[0];
    return ERR_NONE;
}

/* A reply belongs to the thread's first message, whichever of its messages was named. */
static enum err check_target(struct sending *sending, struct store *store)
{
    struct event *event = &sending->entry->event;
    struct event target;
    const enum err err = find_target(sending, store, &target);
    if (err != ERR_NONE)
        return err;
    if (event_is_change(event->kind))
        return event_check_target(event, &target, target.fold != NULL && target.fold->deleted);
    if (target.thread != 0)
        event->thread = target.thread;
    return ERR_NONE;
}

static enum err look(struct sending *sending, struct store *store)
{
    struct event *event = &sending->entry->event;
    struct event stored;

    /* It has a place, which Redis will tell: what it did does not speak against it. */
    if (event_is_change(event->kind) &&
        store_event_placed(store, event->channel, event->sender, event->cmid, &sending->arena))
        return ERR_NONE;
    const enum err err = store_event_find(store, event->channel, event->sender, event->cmid,
                                          &sending->arena, &stored);
    if (err == ERR_NONE) {
        sending->found = true;
        *event = stored;
        return ERR_NONE;
    }
    if (err != ERR_NOT_FOUND)
        return err;
    return event->thread == 0 ? ERR_NONE : check_target(sending, store);
}

static void work(struct job *job, void *context)
{
    struct sending *sending = LIST_ITEM(job, struct sending, job);
    sending->err = look(sending, context);
}

static void looked(struct job *job)
{
    struct sending *sending = LIST_ITEM(job, struct sending, job);
    struct fleet_channel *channel = sending->channel;
    channel->checking = false;
    channel->jobs--;
    if (sending->err != ERR_NONE) {
        fleet_finish(sending, sending->err);
    } else if (sending->found) {
        sending->entry->duplicate = true;
        fleet_finish(sending, ERR_NONE);
    } else {
        sending->checked = true;
        fleet_requeue(channel, sending);
    }
    fleet_go_on(channel);
}

void fleet_check(struct fleet_channel *channel, struct sending *sending)
{
    struct journal_fleet *fleet = channel->fleet;
    channel->checking = true;
    channel->jobs++;
    if (pool_submit(fleet->stores, fleet->loop, &sending->job, work, looked) == ERR_NONE)
        return;
    channel->checking = false;
    channel->jobs--;
    fleet_finish(sending, ERR_UNAVAILABLE);
    fleet_go_on(channel);
}
