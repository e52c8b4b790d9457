#ifndef STORE_STORE_PG_H
#define STORE_STORE_PG_H

/*
 * The PostgreSQL driver's own: its handle, and the functions of its table.
 *
 * Users, sessions, channels and members are in the directory database. Events and the heads of
 * channels are in 64 shards, schemas s00 to s63, each on one of the servers that the directory's
 * table shard_map names. A channel without a row in channel_head has no event.
 *
 * A group is a transaction on the directory; events are durable at once, in or out of it.
 */

#include <assert.h>

#include "base/buf.h"
#include "base/hash.h"
#include "store/pg_query.h"
#include "store/pg_schema.h"
#include "store/store_driver.h"

#define PG_TIMEOUT_MS 5000u /* of one statement */

/* A server that has shards. */
struct pg_server {
    struct pg_conn conn;
    bool holds[PG_SHARDS];
    struct buf heads; /* the statement that reads heads from all of them */
};

struct store_pg {
    struct store base;
    struct pg_conn directory;
    struct pg_server **servers;
    size_t servers_len;
    struct pg_server *by_shard[PG_SHARDS];
    bool grouped;       /* between group_begin and group_end: in one transaction all the time */
    enum err group_err; /* what made the server give up the group's transaction */
};

static inline struct store_pg *store_pg_of(struct store *store)
{
    assert(store->driver == &store_driver_pg);
    return (struct store_pg *)(void *)store;
}

static inline uint32_t pg_shard_of(uint64_t channel)
{
    return (uint32_t)(hash_mix64(channel) % PG_SHARDS);
}

/* ---- the directory (pg_directory.c) ---- */

/* Be ready to read from the directory, or to write one statement to it. */
NODISCARD enum err pg_read_begin(struct store_pg *s);
NODISCARD enum err pg_write_begin(struct store_pg *s);

/* Takes what came of the write that began, and says what comes of it. */
NODISCARD enum err pg_write_end(struct store_pg *s, enum err err);

enum err pg_group_begin(struct store *store);
enum err pg_group_end(struct store *store);

/* ---- the shards (pg_shards.c) ---- */

/* Read where the shards are; *changed says whether one is elsewhere than it was. */
NODISCARD enum err pg_map_load(struct store_pg *s, bool *changed);
void pg_map_fini(struct store_pg *s);

/* The connection to the shard's server, ready. */
NODISCARD enum err pg_shard_ready(struct store_pg *s, uint32_t shard, struct pg_conn **out);

/* After ERR_UNAVAILABLE: whether a shard turns out to be elsewhere, so that one more try is due. */
bool pg_shards_moved(struct store_pg *s);

/* ---- heads (pg_heads.c) ---- */

struct pg_head {
    uint64_t channel;
    bool known; /* false: its server cannot be reached */
    uint64_t last_seq;
    uint64_t last_n;
};

/* One query for each server. */
NODISCARD enum err pg_heads_read(struct store_pg *s, struct pg_head *heads, size_t count);

/* The statement for a server that holds these shards. */
void pg_heads_write_statement(const bool holds[PG_SHARDS], struct buf *out);

/* ---- what several files read or write ---- */

/* The columns of a user, of the table `u`. */
#define PG_USER_COLUMNS                                                                            \
    "u.id, u.name, u.display_name, u.role, u.active, u.status_text, u.status_emoji"
#define PG_USER_COLUMNS_LEN 7

/* All rows of a query for PG_USER_COLUMNS, at most `limit`, and its end. */
NODISCARD enum err pg_read_users(struct pg_query *q, size_t limit, struct arena *arena,
                                 struct store_users *out);

/* Whether there is a channel with that id. ERR_NOT_FOUND. */
NODISCARD enum err pg_channel_exists(struct store_pg *s, uint64_t id);

#define PG_EVENT_COLUMNS "seq, prev, n, kind, sender_id, thread, ts_us, cmid, text"

/* From these columns, the first of them being `column`. */
struct event pg_read_event(const struct pg_query *q, int column, uint64_t channel,
                           struct arena *arena);

/* Stores events of one shard that have their places and moves the heads up. */
extern const char pg_put_statement[];

/* Its parameters. */
struct pg_put_rows {
    struct buf columns[10];
};
void pg_put_bind(struct pg_query *q, struct pg_put_rows *rows, const struct event *const *events,
                 size_t count);
void pg_put_rows_fini(struct pg_put_rows *rows);

/* ---- the driver's functions ---- */

enum err pg_user_create(struct store *store, struct slice name, struct slice display_name,
                        struct slice password_hash, int64_t now_us, uint64_t *id);
enum err pg_user_get(struct store *store, uint64_t id, struct arena *arena, struct user *out);
enum err pg_user_by_name(struct store *store, struct slice name, struct arena *arena,
                         struct user *out, struct slice *password_hash);
enum err pg_users_get(struct store *store, const uint64_t *ids, size_t count, struct arena *arena,
                      struct store_users *out);
enum err pg_users_page(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                       struct store_users *out);

enum err pg_session_create(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                           uint64_t user, struct slice password_hash, int64_t now_us,
                           int64_t expires_us);
enum err pg_session_get(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                        int64_t now_us, struct store_session *out);
enum err pg_session_delete(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES]);

enum err pg_user_sign_up(struct store *store, const struct store_sign_up *sign_up, uint64_t *id);
enum err pg_user_update(struct store *store, uint64_t id, const struct store_user_change *change);
enum err pg_sessions_of(struct store *store, uint64_t user, int64_t now_us, struct arena *arena,
                        struct store_sessions *out);
enum err pg_channels_all(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                         struct store_channels *out);
enum err pg_sessions_delete(struct store *store, uint64_t user, const uint8_t *kept);
enum err pg_invite_create(struct store *store, const uint8_t code_hash[STORE_TOKEN_BYTES],
                          const struct store_invite *invite, uint64_t *id);
enum err pg_invite_delete(struct store *store, uint64_t id);
enum err pg_invites_page(struct store *store, int64_t now_us, uint64_t after, size_t limit,
                         struct arena *arena, struct store_invites *out);

enum err pg_channel_update(struct store *store, uint64_t id,
                           const struct store_channel_change *change);
enum err pg_send_check(struct store *store, uint64_t channel, uint64_t user);
enum err pg_channel_create(struct store *store, enum channel_kind kind, struct slice name,
                           struct slice topic, uint64_t creator, int64_t now_us, uint64_t *id);
enum err pg_direct_open(struct store *store, const uint64_t *users, size_t count, int64_t now_us,
                        uint64_t *id, bool *created);
enum err pg_channel_get(struct store *store, uint64_t id, uint64_t viewer, struct arena *arena,
                        struct channel *out);
enum err pg_channels_page(struct store *store, uint64_t viewer, uint64_t after, size_t limit,
                          struct arena *arena, struct store_channels *out);
enum err pg_channels_of(struct store *store, uint64_t user, struct arena *arena,
                        struct store_channels *out);
enum err pg_channel_by_name(struct store *store, struct slice name, uint64_t *id);

enum err pg_member_add(struct store *store, uint64_t channel, uint64_t user, int64_t now_us);
enum err pg_member_remove(struct store *store, uint64_t channel, uint64_t user);
enum err pg_member_check(struct store *store, uint64_t channel, uint64_t user, bool *is_member);
enum err pg_members_page(struct store *store, uint64_t channel, uint64_t after, size_t limit,
                         struct arena *arena, struct store_users *out);
enum err pg_mark_read(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                      struct arena *arena, struct channel *out);
enum err pg_mark_read_at(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                         uint64_t n);

enum err pg_append(struct store *store, struct store_append *items, size_t count);
enum err pg_page(struct store *store, uint64_t channel, struct store_range range,
                 struct arena *arena, struct store_page *out);
enum err pg_changes(struct store *store, uint64_t channel, const struct store_targets *targets,
                    struct fold *fold);
enum err pg_hanging(struct store *store, const struct store_hang *hang, struct store_range range,
                    struct arena *arena, struct store_page *out);
enum err pg_event_find(struct store *store, uint64_t channel, uint64_t sender,
                       const uint8_t cmid[UUID_BYTES], struct arena *arena, struct event *out);
enum err pg_lease(struct store *store, uint64_t channel, uint64_t count, struct store_lease *out);
enum err pg_put(struct store *store, const struct event *const *events, size_t count);

enum err pg_alias_get(struct store *store, struct slice alias, uint64_t *id);
enum err pg_alias_put(struct store *store, struct slice alias, uint64_t id);

#endif
