/* Posting events and telling a person's sockets. */

#include "chat/chat.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "bus/bus.h"

/* ---- rates ---- */

bool chat_may_send(struct chat *chat, uint64_t user, uint64_t *retry_after_ms)
{
    return limits_take(chat->limits, LIMIT_MESSAGES, slice_from(&user, sizeof(user)),
                       retry_after_ms);
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
    chat->posting = 0;
}

void chat_fini(struct chat *chat)
{
    assert(chat->posting == 0);
}
