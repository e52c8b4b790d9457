/* Pages of a channel's events. */

#include "chat/history.h"

/* ERR_NOT_MEMBER, also for channels that do not exist. */
static enum err check_member(struct store *store, uint64_t user, uint64_t channel)
{
    bool is_member;
    const enum err err = store_member_check(store, channel, user, &is_member);
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    return err == ERR_NOT_FOUND || !is_member ? ERR_NOT_MEMBER : ERR_NONE;
}

enum err history_page(struct store *store, uint64_t user, uint64_t channel,
                      struct store_range range, struct arena *arena, struct store_page *out)
{
    const enum err err = check_member(store, user, channel);
    return err != ERR_NONE ? err : store_page(store, channel, range, arena, out);
}

/* The message at `seq`. ERR_NOT_FOUND. */
static enum err find_message(struct store *store, uint64_t channel, uint64_t seq,
                             struct arena *arena, struct event *out)
{
    const struct store_range range = {STORE_AFTER, seq - 1, 1, EVENT_TEXT_MAX};
    struct store_page page;
    const enum err err = store_page(store, channel, range, arena, &page);
    if (err != ERR_NONE)
        return err;
    if (page.count == 0 || page.items[0].seq != seq || page.items[0].kind != EVENT_MESSAGE)
        return ERR_NOT_FOUND;
    *out = page.items[0];
    return ERR_NONE;
}

enum err history_thread(struct store *store, uint64_t user, uint64_t channel, uint64_t thread,
                        struct store_range range, struct arena *arena, struct event *root,
                        struct store_page *replies)
{
    enum err err = check_member(store, user, channel);
    if (err == ERR_NONE)
        err = find_message(store, channel, thread, arena, root);
    if (err == ERR_NONE && root->thread != 0)
        err = find_message(store, channel, root->thread, arena, root);
    return err != ERR_NONE ? err : store_thread(store, channel, root->seq, range, arena, replies);
}

enum err history_edits(struct store *store, uint64_t user, uint64_t channel, uint64_t target,
                       struct arena *arena, struct event *first, struct store_page *edits)
{
    const enum err err = check_member(store, user, channel);
    return err != ERR_NONE ? err : store_edits(store, channel, target, arena, first, edits);
}

static size_t page_bytes(const struct store_page *page)
{
    size_t bytes = 0;
    for (size_t i = 0; i < page->count; i++)
        bytes += page->items[i].text.len + EVENT_HEAD_BYTES;
    return bytes;
}

enum err history_resume(struct store *store, uint64_t user, struct history_missed *items,
                        size_t count, struct arena *arena)
{
    size_t left = HISTORY_BYTES_MAX;
    for (size_t i = 0; i < count; i++) {
        struct history_missed *item = &items[i];
        item->page = (struct store_page){0};
        item->complete = false;
        item->result = ERR_NONE;
        if (left == 0)
            continue;
        const struct store_range range = {STORE_AFTER, item->have, STORE_PAGE_MAX, left};
        item->result = history_page(store, user, item->channel, range, arena, &item->page);
        if (item->result == ERR_NOT_MEMBER)
            continue;
        if (item->result != ERR_NONE)
            return item->result;
        item->complete = !item->page.more_after;
        const size_t bytes = page_bytes(&item->page);
        left = bytes < left ? left - bytes : 0;
    }
    return ERR_NONE;
}
