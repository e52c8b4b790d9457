/* Pages of a channel's events. */

#include "chat/history.h"

enum err history_page(struct store *store, uint64_t user, uint64_t channel,
                      struct store_range range, struct arena *arena, struct store_page *out)
{
    bool is_member;
    const enum err err = store_member_check(store, channel, user, &is_member);
    if (err != ERR_NONE && err != ERR_NOT_FOUND)
        return err;
    if (err == ERR_NOT_FOUND || !is_member)
        return ERR_NOT_MEMBER;
    return store_page(store, channel, range, arena, out);
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
