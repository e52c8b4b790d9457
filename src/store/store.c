/* The store's face: chooses the driver and checks what all of them may rely on. */

#include "store/store.h"

#include <assert.h>

#include "store/changes.h"
#include "store/recent.h"
#include "store/store_driver.h"

static const struct store_driver *const drivers[] = {
    &store_driver_mem,
    &store_driver_sqlite,
    &store_driver_pg,
};

enum err store_open(const char *url, struct store **out)
{
    struct slice scheme;
    struct slice name;
    if (!slice_cut(slice_str(url), ':', &scheme, &name) || name.len == 0)
        return ERR_INVALID;
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        if (slice_eq(scheme, slice_str(drivers[i]->scheme)))
            return drivers[i]->open(name.ptr, out);
    }
    return ERR_INVALID;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    recent_close(store->recent);
    store->driver->close(store);
}

enum err store_follow(struct store *store, const char *redis)
{
    assert(store->recent == NULL);
    return recent_open(redis, &store->recent);
}

/* The channels' heads may be newer than the store knows. */
static enum err with_recent(struct store *store, struct channel *channels, size_t count)
{
    if (store->recent != NULL)
        recent_heads_over(store->recent, channels, count);
    return ERR_NONE;
}

enum err store_check(struct store *store)
{
    return store->driver->check(store);
}

enum err store_group_begin(struct store *store)
{
    return store->driver->group_begin(store);
}

enum err store_group_end(struct store *store)
{
    return store->driver->group_end(store);
}

/* ---- limits ---- */

static bool limit_valid(size_t limit)
{
    return limit > 0 && limit <= STORE_PAGE_MAX;
}

/* Peers name positions up to UINT64_MAX; no id and no seq is above INT64_MAX. */
static uint64_t clip(uint64_t position)
{
    return position > INT64_MAX ? INT64_MAX : position;
}

static bool direct_users_valid(const uint64_t *users, size_t count)
{
    if (count == 0 || count > DIRECT_USERS_MAX)
        return false;
    for (size_t i = 1; i < count; i++) {
        if (users[i] <= users[i - 1])
            return false;
    }
    return true;
}

/* ---- users ---- */

enum err store_user_create(struct store *store, struct slice name, struct slice display_name,
                           struct slice password_hash, int64_t now_us, uint64_t *id)
{
    return store->driver->user_create(store, name, display_name, password_hash, now_us, id);
}

enum err store_user_sign_up(struct store *store, const struct store_sign_up *sign_up, uint64_t *id)
{
    assert((sign_up->invite_hash != NULL) == (sign_up->admission == STORE_ADMIT_INVITED));
    return store->driver->user_sign_up(store, sign_up, id);
}

enum err store_user_update(struct store *store, uint64_t id, const struct store_user_change *change)
{
    return store->driver->user_update(store, id, change);
}

enum err store_user_get(struct store *store, uint64_t id, struct arena *arena, struct user *out)
{
    return store->driver->user_get(store, id, arena, out);
}

enum err store_user_by_name(struct store *store, struct slice name, struct arena *arena,
                            struct user *out, struct slice *password_hash)
{
    return store->driver->user_by_name(store, name, arena, out, password_hash);
}

enum err store_users_get(struct store *store, const uint64_t *ids, size_t count,
                         struct arena *arena, struct store_users *out)
{
    if (count > STORE_PAGE_MAX)
        return ERR_INVALID;
    return store->driver->users_get(store, ids, count, arena, out);
}

enum err store_users_page(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                          struct store_users *out)
{
    if (!limit_valid(limit))
        return ERR_INVALID;
    return store->driver->users_page(store, clip(after), limit, arena, out);
}

/* ---- sessions ---- */

enum err store_session_create(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                              uint64_t user, struct slice password_hash, int64_t now_us,
                              int64_t expires_us)
{
    return store->driver->session_create(store, token_hash, user, password_hash, now_us,
                                         expires_us);
}

enum err store_session_get(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                           int64_t now_us, struct store_session *out)
{
    return store->driver->session_get(store, token_hash, now_us, out);
}

enum err store_session_delete(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES])
{
    return store->driver->session_delete(store, token_hash);
}

enum err store_sessions_of(struct store *store, uint64_t user, int64_t now_us, struct arena *arena,
                           struct store_sessions *out)
{
    return store->driver->sessions_of(store, user, now_us, arena, out);
}

enum err store_sessions_delete(struct store *store, uint64_t user, const uint8_t *kept)
{
    return store->driver->sessions_delete(store, user, kept);
}

/* ---- invites ---- */

enum err store_invite_create(struct store *store, const uint8_t code_hash[STORE_TOKEN_BYTES],
                             const struct store_invite *invite, uint64_t *id)
{
    return store->driver->invite_create(store, code_hash, invite, id);
}

enum err store_invite_delete(struct store *store, uint64_t id)
{
    return store->driver->invite_delete(store, id);
}

enum err store_invites_page(struct store *store, int64_t now_us, uint64_t after, size_t limit,
                            struct arena *arena, struct store_invites *out)
{
    if (!limit_valid(limit))
        return ERR_INVALID;
    return store->driver->invites_page(store, now_us, clip(after), limit, arena, out);
}

/* ---- channels and members ---- */

enum err store_channel_create(struct store *store, struct slice name, struct slice topic,
                              uint64_t creator, int64_t now_us, uint64_t *id)
{
    return store->driver->channel_create(store, CHANNEL_PUBLIC, name, topic, creator, now_us, id);
}

enum err store_private_create(struct store *store, struct slice name, struct slice topic,
                              uint64_t creator, int64_t now_us, uint64_t *id)
{
    return store->driver->channel_create(store, CHANNEL_PRIVATE, name, topic, creator, now_us, id);
}

enum err store_channel_update(struct store *store, uint64_t id,
                              const struct store_channel_change *change)
{
    return store->driver->channel_update(store, id, change);
}

enum err store_direct_open(struct store *store, const uint64_t *users, size_t count, int64_t now_us,
                           uint64_t *id, bool *created)
{
    if (!direct_users_valid(users, count))
        return ERR_INVALID;
    return store->driver->direct_open(store, users, count, now_us, id, created);
}

enum err store_channel_get(struct store *store, uint64_t id, uint64_t viewer, struct arena *arena,
                           struct channel *out)
{
    const enum err err = store->driver->channel_get(store, id, viewer, arena, out);
    return err != ERR_NONE ? err : with_recent(store, out, 1);
}

enum err store_channels_page(struct store *store, uint64_t viewer, uint64_t after, size_t limit,
                             struct arena *arena, struct store_channels *out)
{
    if (!limit_valid(limit))
        return ERR_INVALID;
    const enum err err =
        store->driver->channels_page(store, viewer, clip(after), limit, arena, out);
    return err != ERR_NONE ? err : with_recent(store, out->items, out->count);
}

enum err store_channels_all(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                            struct store_channels *out)
{
    if (!limit_valid(limit))
        return ERR_INVALID;
    const enum err err = store->driver->channels_all(store, clip(after), limit, arena, out);
    return err != ERR_NONE ? err : with_recent(store, out->items, out->count);
}

enum err store_channels_of(struct store *store, uint64_t user, struct arena *arena,
                           struct store_channels *out)
{
    const enum err err = store->driver->channels_of(store, user, arena, out);
    return err != ERR_NONE ? err : with_recent(store, out->items, out->count);
}

enum err store_channel_by_name(struct store *store, struct slice name, uint64_t *id)
{
    return store->driver->channel_by_name(store, name, id);
}

enum err store_member_add(struct store *store, uint64_t channel, uint64_t user, int64_t now_us)
{
    return store->driver->member_add(store, channel, user, now_us);
}

enum err store_member_remove(struct store *store, uint64_t channel, uint64_t user)
{
    return store->driver->member_remove(store, channel, user);
}

enum err store_member_check(struct store *store, uint64_t channel, uint64_t user, bool *is_member)
{
    return store->driver->member_check(store, channel, user, is_member);
}

enum err store_send_check(struct store *store, uint64_t channel, uint64_t user)
{
    return store->driver->send_check(store, channel, user);
}

enum err store_members_page(struct store *store, uint64_t channel, uint64_t after, size_t limit,
                            struct arena *arena, struct store_users *out)
{
    if (!limit_valid(limit))
        return ERR_INVALID;
    return store->driver->members_page(store, channel, clip(after), limit, arena, out);
}

/* The newest event up to `seq` that the sequencer has and the store may not; NULL: none. */
static const struct event *newest_recent(const struct recent_page *recent, uint64_t seq)
{
    for (size_t i = recent->count; i > 0; i--) {
        if (recent->items[i - 1].seq <= seq)
            return &recent->items[i - 1];
    }
    return NULL;
}

static enum err mark_recent(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                            struct arena *arena)
{
    struct recent_page recent = {0};
    if (store->recent != NULL)
        recent_ask(store->recent, channel, arena, &recent);
    const struct event *event = newest_recent(&recent, seq);
    return event == NULL ? ERR_NONE
                         : store->driver->mark_read_at(store, channel, user, event->seq, event->n);
}

enum err store_mark_read(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                         struct arena *arena, struct channel *out)
{
    enum err err = mark_recent(store, channel, user, seq, arena);
    if (err == ERR_NONE)
        err = store->driver->mark_read(store, channel, user, clip(seq), arena, out);
    return err != ERR_NONE ? err : with_recent(store, out, 1);
}

/* ---- events ---- */

enum err store_append(struct store *store, struct store_append *items, size_t count)
{
    if (count == 0 || count > STORE_BATCH_MAX)
        return ERR_INVALID;
    for (size_t i = 0; i < count; i++)
        assert(items[i].event->text.len <= EVENT_TEXT_MAX);
    const enum err err = store->driver->append(store, items, count);
    for (size_t i = 0; store->recent != NULL && i < count; i++) {
        if (i == 0 || items[i].event->channel != items[i - 1].event->channel)
            recent_forget(store->recent, items[i].event->channel);
    }
    return err;
}

enum err store_page(struct store *store, uint64_t channel, struct store_range range,
                    struct arena *arena, struct store_page *out)
{
    if (!limit_valid(range.limit))
        return ERR_INVALID;
    range.seq = clip(range.seq);
    struct recent_page recent = {0};
    if (store->recent != NULL)
        recent_ask(store->recent, channel, arena, &recent);
    const enum err err = store->driver->page(store, channel, range, arena, out);
    if (err != ERR_NONE)
        return err;
    if (store->recent != NULL) {
        recent_merge(&recent, range, arena, out);
        recent_cut_at_hole(range, out);
    }
    return changes_fold(store, channel, range, &recent, arena, out);
}

/* ---- events that have their places ---- */

enum err store_event_find(struct store *store, uint64_t channel, uint64_t sender,
                          const uint8_t cmid[UUID_BYTES], struct arena *arena, struct event *out)
{
    return store->driver->event_find(store, channel, sender, cmid, arena, out);
}

bool store_event_placed(struct store *store, uint64_t channel, uint64_t sender,
                        const uint8_t cmid[UUID_BYTES], struct arena *arena)
{
    struct recent_page recent = {0};
    if (store->recent != NULL)
        recent_ask(store->recent, channel, arena, &recent);
    for (size_t i = 0; i < recent.count; i++) {
        const struct event *event = &recent.items[i];
        if (event->sender == sender && memcmp(event->cmid, cmid, UUID_BYTES) == 0)
            return true;
    }
    return false;
}

enum err store_lease(struct store *store, uint64_t channel, uint64_t count, struct store_lease *out)
{
    if (count == 0 || count > STORE_LEASE_MAX)
        return ERR_INVALID;
    return store->driver->lease(store, channel, count, out);
}

enum err store_put(struct store *store, const struct event *const *events, size_t count)
{
    if (count == 0 || count > STORE_BATCH_MAX)
        return ERR_INVALID;
    for (size_t i = 0; i < count; i++) {
        assert(events[i]->text.len <= EVENT_TEXT_MAX);
        assert(events[i]->seq > events[i]->prev);
    }
    return store->driver->put(store, events, count);
}

/* ---- aliases ---- */

static bool alias_valid(struct slice alias)
{
    return alias.len > 0 && alias.len <= STORE_ALIAS_MAX;
}

enum err store_alias_get(struct store *store, struct slice alias, uint64_t *id)
{
    if (!alias_valid(alias))
        return ERR_INVALID;
    return store->driver->alias_get(store, alias, id);
}

enum err store_alias_put(struct store *store, struct slice alias, uint64_t id)
{
    if (!alias_valid(alias))
        return ERR_INVALID;
    return store->driver->alias_put(store, alias, id);
}
