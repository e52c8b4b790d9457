#ifndef STORE_STORE_MEM_H
#define STORE_STORE_MEM_H

/*
 * The memory driver's own: databases that live in this process, one per name, shared by their
 * handles and freed with the last of them. One mutex guards all of a database; a call is done when
 * it lets go of it. Ids are places in arrays, counted from 1.
 */

#include <pthread.h>

#include "base/list.h"
#include "store/mem_names.h"
#include "store/store_driver.h"

struct mem_user {
    struct user user;
    struct slice password_hash;
};

struct mem_session {
    struct list link; /* of the database's */
    uint64_t user;
    int64_t created_us;
    int64_t expires_us;
    uint8_t token_hash[STORE_TOKEN_BYTES];
};

struct mem_invite {
    struct store_invite invite;
    uint8_t code_hash[STORE_TOKEN_BYTES];
    bool gone;
};

struct mem_member {
    uint64_t user;
    uint64_t read_seq;
    uint64_t read_n;
};

struct mem_channel {
    struct channel channel; /* its last_seq, last_n and members are not kept up to date */
    uint64_t seq_leased;    /* nobody else gets a seq up to here */
    struct event *events;   /* ascending by seq */
    size_t events_len;
    size_t events_cap;
    struct mem_member *members; /* ascending by user */
    size_t members_len;
    size_t members_cap;
    struct mem_names sent; /* sender and cmid -> copy of the event */
};

struct mem_db {
    struct list link; /* in the list of all */
    unsigned handles;
    struct slice name;

    pthread_mutex_t mutex; /* guards what follows */
    struct arena arena;    /* all but the arrays; nothing in it is freed before the end */
    struct mem_user **users;
    size_t users_len;
    struct mem_channel **channels;
    size_t channels_len;
    struct mem_names users_by_name;
    struct mem_names channels_by_name;
    struct mem_names directs; /* by the bytes of the array of users */
    struct mem_names sessions;
    struct list all_sessions;
    bool claimed; /* somebody has signed up first */
    struct mem_invite **invites;
    size_t invites_len;
    struct mem_names aliases; /* -> uint64_t */
};

/* Lock the database of a handle. */
struct mem_db *mem_enter(struct store *store);

/* Unlock it; returns `err`. */
NODISCARD enum err mem_leave(struct mem_db *db, enum err err);

/* NULL when there is none; with the database locked. */
struct mem_user *mem_find_user(const struct mem_db *db, uint64_t id);
struct mem_channel *mem_find_channel(const struct mem_db *db, uint64_t id);
struct mem_member *mem_find_member(const struct mem_channel *channel, uint64_t user);

/* The name is not taken. */
uint64_t mem_add_user(struct mem_db *db, struct slice name, struct slice display_name,
                      struct slice password_hash, enum user_role role);

/* Copies in `arena`. */
struct user mem_copy_user(const struct mem_user *user, struct arena *arena);
struct channel mem_copy_channel(const struct mem_channel *channel, uint64_t viewer,
                                struct arena *arena);

/* The user is not a member yet. */
void mem_insert_member(struct mem_channel *channel, uint64_t user);

/* 0 before the first event. */
uint64_t mem_last_seq(const struct mem_channel *channel);
uint64_t mem_last_n(const struct mem_channel *channel);

/* The place of the first event with a seq of at least `seq`; events_len when there is none. */
size_t mem_event_place(const struct mem_channel *channel, uint64_t seq);

enum err mem_user_create(struct store *store, struct slice name, struct slice display_name,
                         struct slice password_hash, int64_t now_us, uint64_t *id);
enum err mem_user_get(struct store *store, uint64_t id, struct arena *arena, struct user *out);
enum err mem_user_by_name(struct store *store, struct slice name, struct arena *arena,
                          struct user *out, struct slice *password_hash);
enum err mem_users_get(struct store *store, const uint64_t *ids, size_t count, struct arena *arena,
                       struct store_users *out);
enum err mem_users_page(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                        struct store_users *out);

enum err mem_session_create(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                            uint64_t user, struct slice password_hash, int64_t now_us,
                            int64_t expires_us);
enum err mem_session_get(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                         int64_t now_us, struct store_session *out);
enum err mem_session_delete(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES]);

enum err mem_user_sign_up(struct store *store, const struct store_sign_up *sign_up, uint64_t *id);
enum err mem_user_update(struct store *store, uint64_t id, const struct store_user_change *change);
enum err mem_sessions_of(struct store *store, uint64_t user, int64_t now_us, struct arena *arena,
                         struct store_sessions *out);
enum err mem_channels_all(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                          struct store_channels *out);
enum err mem_sessions_delete(struct store *store, uint64_t user, const uint8_t *kept);
enum err mem_invite_create(struct store *store, const uint8_t code_hash[STORE_TOKEN_BYTES],
                           const struct store_invite *invite, uint64_t *id);
enum err mem_invite_delete(struct store *store, uint64_t id);
enum err mem_invites_page(struct store *store, int64_t now_us, uint64_t after, size_t limit,
                          struct arena *arena, struct store_invites *out);

enum err mem_channel_update(struct store *store, uint64_t id,
                            const struct store_channel_change *change);
enum err mem_send_check(struct store *store, uint64_t channel, uint64_t user);
enum err mem_channel_create(struct store *store, enum channel_kind kind, struct slice name,
                            struct slice topic, uint64_t creator, int64_t now_us, uint64_t *id);
enum err mem_direct_open(struct store *store, const uint64_t *users, size_t count, int64_t now_us,
                         uint64_t *id, bool *created);
enum err mem_channel_get(struct store *store, uint64_t id, uint64_t viewer, struct arena *arena,
                         struct channel *out);
enum err mem_channels_page(struct store *store, uint64_t viewer, uint64_t after, size_t limit,
                           struct arena *arena, struct store_channels *out);
enum err mem_channels_of(struct store *store, uint64_t user, struct arena *arena,
                         struct store_channels *out);
enum err mem_channel_by_name(struct store *store, struct slice name, uint64_t *id);

enum err mem_member_add(struct store *store, uint64_t channel, uint64_t user, int64_t now_us);
enum err mem_member_remove(struct store *store, uint64_t channel, uint64_t user);
enum err mem_member_check(struct store *store, uint64_t channel, uint64_t user, bool *is_member);
enum err mem_members_page(struct store *store, uint64_t channel, uint64_t after, size_t limit,
                          struct arena *arena, struct store_users *out);
enum err mem_mark_read_at(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                          uint64_t n);
enum err mem_mark_read(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                       struct arena *arena, struct channel *out);

enum err mem_append(struct store *store, struct store_append *items, size_t count);
enum err mem_page(struct store *store, uint64_t channel, struct store_range range,
                  struct arena *arena, struct store_page *out);
enum err mem_changes(struct store *store, uint64_t channel, const struct store_targets *targets,
                     struct fold *fold);
enum err mem_hanging(struct store *store, const struct store_hang *hang, struct store_range range,
                     struct arena *arena, struct store_page *out);
enum err mem_event_find(struct store *store, uint64_t channel, uint64_t sender,
                        const uint8_t cmid[UUID_BYTES], struct arena *arena, struct event *out);
enum err mem_lease(struct store *store, uint64_t channel, uint64_t count, struct store_lease *out);
enum err mem_put(struct store *store, const struct event *const *events, size_t count);

enum err mem_alias_get(struct store *store, struct slice alias, uint64_t *id);
enum err mem_alias_put(struct store *store, struct slice alias, uint64_t id);

#endif
