/* What hangs on a message: the replies of a thread, and the versions of a text. */

#include "store/changes.h"
#include "store/recent.h"
#include "store/store_driver.h"

#define EDITS_MAX 100u

/* Those of the sequencer's events that hang on the target. */
static struct recent_page only_hanging(const struct recent_page *recent, uint64_t target,
                                       enum event_kind kind, struct arena *arena)
{
    struct recent_page out = {arena_alloc(arena, (recent->count + 1) * sizeof(*out.items)), 0};
    for (size_t i = 0; i < recent->count; i++) {
        if (recent->items[i].thread == target && recent->items[i].kind == kind)
            out.items[out.count++] = recent->items[i];
    }
    return out;
}

static enum err read_hanging(struct store *store, uint64_t channel, uint64_t target,
                             enum event_kind kind, struct store_range range,
                             const struct recent_page *recent, struct arena *arena,
                             struct store_page *out)
{
    const struct recent_page hanging = only_hanging(recent, target, kind, arena);
    const struct store_hang hang = {channel, target, kind};
    const enum err err = store->driver->hanging(store, &hang, range, arena, out);
    if (err != ERR_NONE)
        return err;
    recent_merge(&hanging, range, arena, out);
    out->more_before = out->more_before || range.from == STORE_AFTER;
    out->more_after = out->more_after || range.from == STORE_BEFORE;
    return ERR_NONE;
}

static void ask(struct store *store, uint64_t channel, struct arena *arena,
                struct recent_page *recent)
{
    *recent = (struct recent_page){0};
    if (store->recent != NULL)
        recent_ask(store->recent, channel, arena, recent);
}

enum err store_thread(struct store *store, uint64_t channel, uint64_t root,
                      struct store_range range, struct arena *arena, struct store_page *out)
{
    if (range.limit == 0 || range.limit > STORE_PAGE_MAX || root == 0 || root > INT64_MAX)
        return ERR_INVALID;
    range.seq = range.seq > INT64_MAX ? INT64_MAX : range.seq;
    struct recent_page recent;
    ask(store, channel, arena, &recent);
    const enum err err =
        read_hanging(store, channel, root, EVENT_MESSAGE, range, &recent, arena, out);
    return err != ERR_NONE ? err : changes_fold_sparse(store, channel, range, &recent, arena, out);
}

/* The message itself as it was first written. ERR_NOT_FOUND. */
static enum err read_first(struct store *store, uint64_t channel, uint64_t target,
                           const struct recent_page *recent, struct arena *arena, struct event *out)
{
    const struct store_range range = {STORE_AFTER, target - 1, 1, EVENT_TEXT_MAX};
    struct store_page page;
    const enum err err = store->driver->page(store, channel, range, arena, &page);
    if (err != ERR_NONE)
        return err;
    recent_merge(recent, range, arena, &page);
    if (page.count == 0 || page.items[0].seq != target || page.items[0].kind != EVENT_MESSAGE)
        return ERR_NOT_FOUND;
    *out = page.items[0];
    return ERR_NONE;
}

enum err store_edits(struct store *store, uint64_t channel, uint64_t target, struct arena *arena,
                     struct event *first, struct store_page *edits)
{
    if (target == 0 || target > INT64_MAX)
        return ERR_INVALID;
    const struct store_range range = {STORE_NEWEST, 0, EDITS_MAX, EDITS_MAX * EVENT_TEXT_MAX};
    struct recent_page recent;
    ask(store, channel, arena, &recent);
    struct event message;
    enum err err = read_first(store, channel, target, &recent, arena, &message);
    if (err != ERR_NONE)
        return err;
    bool deleted = false;
    err = changes_deleted(store, channel, &recent, arena, &message, &deleted);
    if (err == ERR_NONE && deleted)
        err = ERR_NOT_FOUND;
    if (err == ERR_NONE)
        err = read_hanging(store, channel, target, EVENT_EDIT, range, &recent, arena, edits);
    if (err == ERR_NONE)
        *first = message;
    return err;
}
