/* What edits, deletions and reactions made of the events of a page. */

#include "store/changes.h"

#include "model/fold.h"
#include "store/store_driver.h"

/* ---- where they are ---- */

/*
 * What the sequencer remembers has no hole and reaches up to its newest event: all that is older is
 * stored, and what is newer than that was placed after it was asked, and counts if the page has it.
 * So each event is counted from one place only.
 */
static enum err gather(struct store *store, uint64_t channel, const struct recent_page *recent,
                       struct arena *arena, bool sparse, struct fold *fold)
{
    const bool has_recent = recent->count > 0;
    struct store_targets targets = {
        .first = fold->items[0].seq,
        .last = sparse ? 0 : fold->items[fold->count - 1].seq,
        .more = arena_alloc(arena, (fold->outside + fold->count) * sizeof(*targets.more)),
        .below = has_recent ? recent->items[0].seq : INT64_MAX,
    };
    for (size_t i = 0; i < fold->outside; i++)
        targets.more[targets.more_len++] = fold_outside(fold, i);
    for (size_t i = 0; sparse && i < fold->count; i++)
        targets.more[targets.more_len++] = fold->items[i].seq;
    const enum err err = store->driver->changes(store, channel, &targets, fold);
    for (size_t i = 0; i < recent->count; i++)
        fold_add(fold, &recent->items[i]);
    for (size_t i = 0; has_recent && i < fold->count; i++) {
        if (fold->items[i].seq > recent->items[recent->count - 1].seq)
            fold_add(fold, &fold->items[i]);
    }
    return err;
}

/* ---- the limit of the page ---- */

/* Whether the page's first event is farther from its position than its last one. */
static bool first_is_farther(const struct store_page *page, struct store_range range)
{
    if (range.from != STORE_AROUND)
        return range.from != STORE_AFTER;
    size_t below = 0;
    while (below < page->count && page->items[below].seq < range.seq)
        below++;
    return below > page->count - below;
}

static void trim(struct store_page *page, struct store_range range)
{
    size_t bytes = 0;
    for (size_t i = 0; i < page->count; i++)
        bytes += fold_weight(&page->items[i]);
    while (page->count > 1 && bytes > range.bytes_max) {
        if (first_is_farther(page, range)) {
            bytes -= fold_weight(page->items++);
            page->more_before = true;
        } else {
            bytes -= fold_weight(&page->items[page->count - 1]);
            page->more_after = true;
        }
        page->count--;
    }
}

static enum err fold_page(struct store *store, uint64_t channel, struct store_range range,
                          const struct recent_page *recent, struct arena *arena, bool sparse,
                          struct store_page *page)
{
    if (page->count == 0)
        return ERR_NONE;
    struct fold fold;
    fold_begin(&fold, arena, page->items, page->count);
    const enum err err = gather(store, channel, recent, arena, sparse, &fold);
    if (err != ERR_NONE)
        return err;
    fold_end(&fold);
    trim(page, range);
    return ERR_NONE;
}

enum err changes_fold(struct store *store, uint64_t channel, struct store_range range,
                      const struct recent_page *recent, struct arena *arena,
                      struct store_page *page)
{
    return fold_page(store, channel, range, recent, arena, false, page);
}

enum err changes_fold_sparse(struct store *store, uint64_t channel, struct store_range range,
                             const struct recent_page *recent, struct arena *arena,
                             struct store_page *page)
{
    return fold_page(store, channel, range, recent, arena, true, page);
}

enum err changes_deleted(struct store *store, uint64_t channel, const struct recent_page *recent,
                         struct arena *arena, const struct event *message, bool *out)
{
    struct event copy = *message;
    struct store_page page = {.items = &copy, .count = 1};
    const struct store_range range = {STORE_AFTER, 0, 1, EVENT_TEXT_MAX};
    const enum err err = fold_page(store, channel, range, recent, arena, false, &page);
    *out = copy.fold != NULL && copy.fold->deleted;
    return err;
}
