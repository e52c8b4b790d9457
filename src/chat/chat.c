/* Posting events and telling a person's sockets. */

#include "chat/chat.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "bus/bus.h"
#include "chat/rate.h"

#define SWEEP_MS 60000u

/* ---- rates ---- */

/* Forget the buckets that are full again, so that the table holds only who is active. */
static void sweep_rates(struct timer *timer)
{
    struct chat *chat = LIST_ITEM(timer, struct chat, sweep);
    struct map kept = {0};
    size_t at = 0;
    uint64_t user;
    void *value;
    while (map_next(&chat->rates, &at, &user, &value)) {
        if (rate_idle(value, loop_now_ms(chat->loop)))
            mem_free(value);
        else
            map_put(&kept, user, value);
    }
    map_fini(&chat->rates);
    chat->rates = kept;
    if (kept.len > 0)
        timer_start(chat->loop, &chat->sweep, SWEEP_MS, sweep_rates);
}

bool chat_may_send(struct chat *chat, uint64_t user, uint64_t *retry_after_ms)
{
    const uint64_t now_ms = loop_now_ms(chat->loop);
    struct rate *rate = map_get(&chat->rates, user);
    if (rate == NULL) {
        rate = mem_alloc(sizeof(*rate));
        rate_init(rate, chat->options->message_rate, chat->options->message_burst, now_ms);
        map_put(&chat->rates, user, rate);
        if (!list_linked(&chat->sweep.link))
            timer_start(chat->loop, &chat->sweep, SWEEP_MS, sweep_rates);
    }
    if (rate_take(rate, now_ms))
        return true;
    *retry_after_ms = rate_wait_ms(rate);
    return false;
}

/* ---- posting ---- */

enum err chat_post(struct chat *chat, struct journal_entry *entry, journal_done_fn *done)
{
    return journal_append(chat->journal, chat->loop, entry, done);
}

struct announcement {
    struct journal_entry entry;
    struct chat *chat;
    char text[];
};

static void announced(struct journal_entry *entry)
{
    struct announcement *announcement = LIST_ITEM(entry, struct announcement, entry);
    announcement->chat->posting--;
    mem_free(announcement);
}

void chat_announce(struct chat *chat, enum event_kind kind, uint64_t channel, uint64_t sender,
                   struct slice text)
{
    struct announcement *announcement = mem_zalloc(sizeof(*announcement) + text.len);
    announcement->chat = chat;
    memcpy(announcement->text, text.ptr, text.len);
    announcement->entry.event = (struct event){.kind = kind,
                                               .channel = channel,
                                               .sender = sender,
                                               .text = slice_from(announcement->text, text.len)};
    token_random(announcement->entry.event.cmid, UUID_BYTES);
    chat->posting++;

    /* When the journal is overloaded the line "ada joined" is missing; the membership holds. */
    if (chat_post(chat, &announcement->entry, announced) != ERR_NONE)
        announced(&announcement->entry);
}

void chat_notify(struct chat *chat, uint64_t user, const struct notice *notice)
{
    struct bytes *payload = notice_encode(notice);
    /* Best effort, as the bus is: a socket that misses it sees the change when it connects again.
     */
    const struct bus_message message = {{BUS_USER, user}, payload};
    err_ignore(bus_publish(chat->bus, &message, 1));
    bytes_unref(payload);
}

/* ---- life cycle ---- */

void chat_init(struct chat *chat)
{
    chat->rates = (struct map){0};
    chat->sweep = (struct timer){0};
    chat->posting = 0;
}

void chat_fini(struct chat *chat)
{
    assert(chat->posting == 0);
    timer_stop(chat->loop, &chat->sweep);
    size_t at = 0;
    uint64_t user;
    void *rate;
    while (map_next(&chat->rates, &at, &user, &rate))
        mem_free(rate);
    map_fini(&chat->rates);
}
