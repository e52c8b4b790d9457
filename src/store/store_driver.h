#ifndef STORE_STORE_DRIVER_H
#define STORE_STORE_DRIVER_H

/*
 * What a driver of the store implements: one member for each function of store.h, which says what
 * it must do. store.c has checked the limits named there before it calls. Positions (`after`, seq)
 * are at most INT64_MAX; ids may be any number, and one that is not there is just not found.
 */

#include "store/store.h"

struct fold;
struct recent;

/* Events that changes are wanted of. */
struct store_targets {
    uint64_t first; /* all seqs from here */
    uint64_t last;  /* to here; none when this is less */
    uint64_t *more; /* and these, all outside of that, ascending */
    size_t more_len;
    uint64_t below; /* only changes and replies with a seq below this count */
};

/* Events of a kind that hang on one message: replies (EVENT_MESSAGE), or changes. */
struct store_hang {
    uint64_t channel;
    uint64_t target;
    enum event_kind kind;
};

/* A driver's own struct begins with this. */
struct store {
    const struct store_driver *driver;
    struct recent *recent; /* store.c's; NULL: not of a fleet */
};

struct store_driver {
    const char *scheme;                                     /* the part of the URL before ':' */
    enum err (*open)(const char *name, struct store **out); /* `name`: the part behind it */
    void (*close)(struct store *store);
    enum err (*check)(struct store *store);
    enum err (*group_begin)(struct store *store);
    enum err (*group_end)(struct store *store);

    enum err (*user_create)(struct store *store, struct slice name, struct slice display_name,
                            struct slice password_hash, int64_t now_us, uint64_t *id);
    enum err (*user_get)(struct store *store, uint64_t id, struct arena *arena, struct user *out);
    enum err (*user_by_name)(struct store *store, struct slice name, struct arena *arena,
                             struct user *out, struct slice *password_hash);
    enum err (*users_get)(struct store *store, const uint64_t *ids, size_t count,
                          struct arena *arena, struct store_users *out);
    enum err (*users_page)(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                           struct store_users *out);

    enum err (*session_create)(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                               uint64_t user, struct slice password_hash, int64_t now_us,
                               int64_t expires_us);
    enum err (*session_get)(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES],
                            int64_t now_us, struct store_session *out);
    enum err (*session_delete)(struct store *store, const uint8_t token_hash[STORE_TOKEN_BYTES]);
    enum err (*sessions_of)(struct store *store, uint64_t user, int64_t now_us, struct arena *arena,
                            struct store_sessions *out);
    enum err (*sessions_delete)(struct store *store, uint64_t user, const uint8_t *kept);
    enum err (*user_sign_up)(struct store *store, const struct store_sign_up *sign_up,
                             uint64_t *id);
    enum err (*user_update)(struct store *store, uint64_t id,
                            const struct store_user_change *change);
    enum err (*invite_create)(struct store *store, const uint8_t code_hash[STORE_TOKEN_BYTES],
                              const struct store_invite *invite, uint64_t *id);
    enum err (*invite_delete)(struct store *store, uint64_t id);
    enum err (*invites_page)(struct store *store, int64_t now_us, uint64_t after, size_t limit,
                             struct arena *arena, struct store_invites *out);

    /* `kind` is CHANNEL_PUBLIC or CHANNEL_PRIVATE. */
    enum err (*channel_create)(struct store *store, enum channel_kind kind, struct slice name,
                               struct slice topic, uint64_t creator, int64_t now_us, uint64_t *id);
    enum err (*channel_update)(struct store *store, uint64_t id,
                               const struct store_channel_change *change);
    enum err (*send_check)(struct store *store, uint64_t channel, uint64_t user);
    enum err (*direct_open)(struct store *store, const uint64_t *users, size_t count,
                            int64_t now_us, uint64_t *id, bool *created);
    enum err (*channel_get)(struct store *store, uint64_t id, uint64_t viewer, struct arena *arena,
                            struct channel *out);
    enum err (*channels_page)(struct store *store, uint64_t viewer, uint64_t after, size_t limit,
                              struct arena *arena, struct store_channels *out);
    enum err (*channels_all)(struct store *store, uint64_t after, size_t limit, struct arena *arena,
                             struct store_channels *out);
    enum err (*channels_of)(struct store *store, uint64_t user, struct arena *arena,
                            struct store_channels *out);
    enum err (*channel_by_name)(struct store *store, struct slice name, uint64_t *id);

    enum err (*member_add)(struct store *store, uint64_t channel, uint64_t user, int64_t now_us);
    enum err (*member_remove)(struct store *store, uint64_t channel, uint64_t user);
    enum err (*member_check)(struct store *store, uint64_t channel, uint64_t user, bool *is_member);
    enum err (*members_page)(struct store *store, uint64_t channel, uint64_t after, size_t limit,
                             struct arena *arena, struct store_users *out);
    enum err (*mark_read)(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                          struct arena *arena, struct channel *out);

    /* The same up to an event that need not be stored yet. ERR_NOT_MEMBER. */
    enum err (*mark_read_at)(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                             uint64_t n);

    enum err (*append)(struct store *store, struct store_append *items, size_t count);
    enum err (*page)(struct store *store, uint64_t channel, struct store_range range,
                     struct arena *arena, struct store_page *out);
    /* Give the fold (model/fold.h) the changes of the targets and their numbers of replies. */
    enum err (*changes)(struct store *store, uint64_t channel, const struct store_targets *targets,
                        struct fold *fold);
    /* A page as if the channel had nothing else, and nothing behind the position. */
    enum err (*hanging)(struct store *store, const struct store_hang *hang,
                        struct store_range range, struct arena *arena, struct store_page *out);
    enum err (*event_find)(struct store *store, uint64_t channel, uint64_t sender,
                           const uint8_t cmid[UUID_BYTES], struct arena *arena, struct event *out);
    enum err (*lease)(struct store *store, uint64_t channel, uint64_t count,
                      struct store_lease *out);
    enum err (*put)(struct store *store, const struct event *const *events, size_t count);

    enum err (*alias_get)(struct store *store, struct slice alias, uint64_t *id);
    enum err (*alias_put)(struct store *store, struct slice alias, uint64_t id);
};

extern const struct store_driver store_driver_mem;
extern const struct store_driver store_driver_sqlite;
extern const struct store_driver store_driver_pg;

#endif
