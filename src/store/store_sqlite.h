#ifndef STORE_STORE_SQLITE_H
#define STORE_STORE_SQLITE_H

/* The SQLite driver's own: its handle, and the functions of its table. */

#include <assert.h>
#include <sqlite3.h>

#include "base/map.h"
#include "store/store_driver.h"
#include "store/write_lock.h"

#define SQLITE_WAIT_MS 10000u /* for the turn to write, here and from other processes */

struct store_sqlite {
    struct store base;
    sqlite3 *db;
    struct write_lock *lock; /* held inside write transactions */
    struct map statements;   /* address of the SQL text -> sqlite3_stmt */
    bool grouped;       /* between group_begin and group_end: in one transaction all the time */
    enum err group_err; /* what made SQLite give up the group's transaction */
};

static inline struct store_sqlite *store_sqlite_of(struct store *store)
{
    assert(store->driver == &store_driver_sqlite);
    return (struct store_sqlite *)(void *)store;
}

enum err sqlite_user_create(struct store *store, struct slice name, struct slice display_name,
                            struct slice password_hash, int64_t now_us, uint64_t *id);
enum err sqlite_user_get(struct store *store, uint64_t id, struct arena *arena, struct user *out);
enum err sqlite_user_by_name(struct store *store, struct slice name, struct arena *arena,
                             struct user *out, struct slice *password_hash);
enum err sqlite_users_get(struct store *store, const uint64_t *ids, size_t count,
                          struct arena *arena, struct store_users *out);
enum err sqlite_users_page(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                           struct store_users *out);

enum err sqlite_session_create(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                               uint64_t user, struct slice password_hash, int64_t now_us,
                               int64_t expires_us);
enum err sqlite_session_get(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                            int64_t now_us, struct store_session *out);
enum err sqlite_session_delete(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES]);

enum err sqlite_user_sign_up(struct store *store, const struct store_sign_up *sign_up,
                             uint64_t *id);
enum err sqlite_user_update(struct store *store, uint64_t id,
                            const struct store_user_change *change);
enum err sqlite_sessions_of(struct store *store, uint64_t user, int64_t now_us, struct arena *arena,
                            struct store_sessions *out);
enum err sqlite_channels_all(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                             struct store_channels *out);
enum err sqlite_sessions_delete(struct store *store, uint64_t user, const uint8_t *kept);
enum err sqlite_invite_create(struct store *store, const uint8_t code_hash[STORE_TOKEN_BYTES],
                              const struct store_invite *invite, uint64_t *id);
enum err sqlite_invite_delete(struct store *store, uint64_t id);
enum err sqlite_invites_page(struct store *store, int64_t now_us, uint64_t after, size_t limit,
                             struct arena *arena, struct store_invites *out);

enum err sqlite_channel_update(struct store *store, uint64_t id,
                               const struct store_channel_change *change);
enum err sqlite_send_check(struct store *store, uint64_t channel, uint64_t user);
enum err sqlite_channel_create(struct store *store, enum channel_kind kind, struct slice name,
                               struct slice topic, uint64_t creator, int64_t now_us, uint64_t *id);
enum err sqlite_direct_open(struct store *store, const uint64_t *users, size_t count,
                            int64_t now_us, uint64_t *id, bool *created);
enum err sqlite_channel_get(struct store *store, uint64_t id, uint64_t viewer, struct arena *arena,
                            struct channel *out);
enum err sqlite_channels_page(struct store *store, uint64_t viewer, uint64_t after, size_t limit,
                              struct arena *arena, struct store_channels *out);
enum err sqlite_channels_of(struct store *store, uint64_t user, struct arena *arena,
                            struct store_channels *out);
enum err sqlite_channel_by_name(struct store *store, struct slice name, uint64_t *id);

enum err sqlite_member_add(struct store *store, uint64_t channel, uint64_t user, int64_t now_us);
enum err sqlite_member_remove(struct store *store, uint64_t channel, uint64_t user);
enum err sqlite_member_check(struct store *store, uint64_t channel, uint64_t user, bool *is_member);
enum err sqlite_members_page(struct store *store, uint64_t channel, uint64_t after, size_t limit,
                             struct arena *arena, struct store_users *out);
enum err sqlite_mark_read_at(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                             uint64_t n);
enum err sqlite_mark_read(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                          struct arena *arena, struct channel *out);

enum err sqlite_append(struct store *store, struct store_append *items, size_t count);
enum err sqlite_page(struct store *store, uint64_t channel, struct store_range range,
                     struct arena *arena, struct store_page *out);
enum err sqlite_changes(struct store *store, uint64_t channel, const struct store_targets *targets,
                        struct fold *fold);
enum err sqlite_hanging(struct store *store, const struct store_hang *hang,
                        struct store_range range, struct arena *arena, struct store_page *out);
enum err sqlite_event_find(struct store *store, uint64_t channel, uint64_t sender,
                           const uint8_t cmid[UUID_BYTES], struct arena *arena, struct event *out);
enum err sqlite_lease(struct store *store, uint64_t channel, uint64_t count,
                      struct store_lease *out);
enum err sqlite_put(struct store *store, const struct event *const *events, size_t count);

enum err sqlite_alias_get(struct store *store, struct slice alias, uint64_t *id);
enum err sqlite_alias_put(struct store *store, struct slice alias, uint64_t id);

#endif
