/* The store, or a rehearsal of it. */

#include "slack/target.h"

#include <assert.h>

#define EVENT_KEY_BYTES (sizeof(uint64_t) + UUID_BYTES)
#define PAGE_BYTES_MAX (1024u * 1024u)

/* ---- life ---- */

/* The id that the next new user would get. */
static enum err find_users_end(struct store *store, uint64_t *end)
{
    uint64_t last = 0;
    for (;;) {
        struct arena arena = {0};
        struct store_users page;
        const enum err err = store_users_page(store, last, STORE_PAGE_MAX, &arena, &page);
        const size_t count = err == ERR_NONE ? page.count : 0;
        if (count > 0)
            last = page.items[count - 1].id;
        arena_fini(&arena);
        if (err != ERR_NONE)
            return err;
        if (count < STORE_PAGE_MAX)
            break;
    }
    *end = last + 1;
    return ERR_NONE;
}

static enum err find_channels_end(struct store *store, uint64_t *end)
{
    uint64_t last = 0;
    for (;;) {
        struct arena arena = {0};
        struct store_channels page;
        const enum err err = store_channels_page(store, 0, last, STORE_PAGE_MAX, &arena, &page);
        const size_t count = err == ERR_NONE ? page.count : 0;
        if (count > 0)
            last = page.items[count - 1].id;
        arena_fini(&arena);
        if (err != ERR_NONE)
            return err;
        if (count < STORE_PAGE_MAX)
            break;
    }
    *end = last + 1;
    return ERR_NONE;
}

enum err target_init(struct target *target, struct store *store, bool dry)
{
    *target = (struct target){.store = store, .dry = dry};
    index_init(&target->aliases);
    index_init(&target->user_names);
    index_init(&target->channel_names);
    index_init(&target->members);
    index_init(&target->events);
    if (!dry)
        return ERR_NONE;

    enum err err = find_users_end(store, &target->users_end);
    if (err == ERR_NONE)
        err = find_channels_end(store, &target->channels_end);
    target->first_user = target->users_end;
    target->first_channel = target->channels_end;
    return err;
}

void target_fini(struct target *target)
{
    index_fini(&target->aliases);
    index_fini(&target->user_names);
    index_fini(&target->channel_names);
    index_fini(&target->members);
    index_fini(&target->events);
}

enum err target_group_begin(struct target *target)
{
    return target->dry ? ERR_NONE : store_group_begin(target->store);
}

enum err target_group_end(struct target *target)
{
    return target->dry ? ERR_NONE : store_group_end(target->store);
}

/* ---- aliases ---- */

enum err target_alias_get(struct target *target, struct slice alias, uint64_t *id)
{
    if (target->dry && index_get(&target->aliases, alias, id))
        return ERR_NONE;
    return store_alias_get(target->store, alias, id);
}

enum err target_alias_put(struct target *target, struct slice alias, uint64_t id)
{
    if (!target->dry)
        return store_alias_put(target->store, alias, id);
    return index_put(&target->aliases, alias, id) ? ERR_NONE : ERR_EXISTS;
}

/* ---- users and channels ---- */

/* ERR_NOT_FOUND, which is what we want, becomes ERR_NONE. */
static enum err wanted_free(enum err found)
{
    if (found == ERR_NONE)
        return ERR_EXISTS;
    return found == ERR_NOT_FOUND ? ERR_NONE : found;
}

static enum err user_name_free(struct target *target, struct slice name)
{
    struct arena arena = {0};
    struct user user;
    struct slice hash;
    const enum err err = store_user_by_name(target->store, name, &arena, &user, &hash);
    arena_fini(&arena);
    return wanted_free(err);
}

enum err target_user_create(struct target *target, struct slice name, struct slice display_name,
                            int64_t now_us, uint64_t *id)
{
    if (!target->dry)
        return store_user_create(target->store, name, display_name, SLICE_EMPTY, now_us, id);

    const enum err err = user_name_free(target, name);
    if (err != ERR_NONE)
        return err;
    if (!index_put(&target->user_names, name, target->users_end))
        return ERR_EXISTS;
    *id = target->users_end++;
    return ERR_NONE;
}

enum err target_channel_create(struct target *target, struct slice name, struct slice topic,
                               uint64_t creator, int64_t now_us, uint64_t *id)
{
    if (!target->dry)
        return store_channel_create(target->store, name, topic, creator, now_us, id);

    uint64_t other;
    const enum err err = wanted_free(store_channel_by_name(target->store, name, &other));
    if (err != ERR_NONE)
        return err;
    if (!index_put(&target->channel_names, name, target->channels_end))
        return ERR_EXISTS;
    *id = target->channels_end++;
    return ERR_NONE;
}

enum err target_member_add(struct target *target, uint64_t channel, uint64_t user, int64_t now_us)
{
    if (!target->dry)
        return store_member_add(target->store, channel, user, now_us);

    bool is_member = false;
    if (channel < target->first_channel && user < target->first_user) {
        const enum err err = store_member_check(target->store, channel, user, &is_member);
        if (err != ERR_NONE)
            return err;
    }
    const uint64_t pair[2] = {channel, user};
    if (is_member || !index_put(&target->members, slice_from(pair, sizeof(pair)), user))
        return ERR_EXISTS;
    return ERR_NONE;
}

/* ---- messages ---- */

static struct slice event_key(const struct event *event, char key[EVENT_KEY_BYTES])
{
    memcpy(key, &event->sender, sizeof(event->sender));
    memcpy(key + sizeof(event->sender), event->cmid, UUID_BYTES);
    return slice_from(key, EVENT_KEY_BYTES);
}

/* The next page of what the store has; *more says whether there is another. */
static enum err learn_page(struct target *target, bool *more)
{
    struct arena arena = {0};
    struct store_page page;
    const struct store_range range = {STORE_AFTER, target->last_seq, STORE_PAGE_MAX,
                                      PAGE_BYTES_MAX};
    const enum err err = store_page(target->store, target->channel, range, &arena, &page);
    for (size_t i = 0; err == ERR_NONE && i < page.count; i++) {
        char key[EVENT_KEY_BYTES];
        target->last_seq = page.items[i].seq;
        index_put(&target->events, event_key(&page.items[i], key), page.items[i].seq);
    }
    *more = err == ERR_NONE && page.more_after;
    arena_fini(&arena);
    return err;
}

static enum err learn_channel(struct target *target, uint64_t channel)
{
    index_fini(&target->events);
    index_init(&target->events);
    target->channel = channel;
    target->last_seq = 0;

    enum err err = ERR_NONE;
    bool more = channel < target->first_channel;
    while (more && err == ERR_NONE)
        err = learn_page(target, &more);
    return err;
}

static void rehearse(struct target *target, struct store_append *item)
{
    char key[EVENT_KEY_BYTES];
    const struct slice place = event_key(item->event, key);
    item->result = ERR_NONE;
    item->duplicate = index_get(&target->events, place, &item->event->seq);
    if (item->duplicate)
        return;
    item->event->seq = ++target->last_seq;
    index_put(&target->events, place, item->event->seq);
}

enum err target_append(struct target *target, struct store_append *items, size_t count)
{
    if (!target->dry)
        return store_append(target->store, items, count);

    if (target->channel != items[0].event->channel) {
        const enum err err = learn_channel(target, items[0].event->channel);
        if (err != ERR_NONE)
            return err;
    }
    for (size_t i = 0; i < count; i++) {
        assert(items[i].event->channel == target->channel);
        rehearse(target, &items[i]);
    }
    return ERR_NONE;
}
