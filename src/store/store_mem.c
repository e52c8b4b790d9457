/* The memory driver: the databases of this process, and the table of the driver's functions. */

#include "store/store_mem.h"

#include <assert.h>

#include "base/mem.h"

struct store_mem {
    struct store base;
    struct mem_db *db;
};

static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER; /* for `all` and each db's handles */
static struct list all = {&all, &all};

static struct store_mem *store_mem_of(struct store *store)
{
    assert(store->driver == &store_driver_mem);
    return (struct store_mem *)(void *)store;
}

struct mem_db *mem_enter(struct store *store)
{
    struct mem_db *db = store_mem_of(store)->db;
    pthread_mutex_lock(&db->mutex);
    return db;
}

enum err mem_leave(struct mem_db *db, enum err err)
{
    pthread_mutex_unlock(&db->mutex);
    return err;
}

static struct mem_db *find_db(struct slice name)
{
    for (struct list *at = all.next; at != &all; at = at->next) {
        struct mem_db *db = LIST_ITEM(at, struct mem_db, link);
        if (slice_eq(db->name, name))
            return db;
    }
    return NULL;
}

static struct mem_db *create_db(struct slice name)
{
    struct mem_db *db = mem_zalloc(sizeof(*db));
    db->name = arena_copy(&db->arena, name);
    pthread_mutex_init(&db->mutex, NULL);
    list_init(&db->all_sessions);
    list_push(&all, &db->link);
    return db;
}

static void free_channel(struct mem_channel *channel)
{
    mem_names_fini(&channel->sent);
    mem_free(channel->events);
    mem_free(channel->members);
}

static void free_db(struct mem_db *db)
{
    for (size_t i = 0; i < db->channels_len; i++)
        free_channel(db->channels[i]);
    mem_names_fini(&db->sessions);
    mem_names_fini(&db->users_by_name);
    mem_names_fini(&db->channels_by_name);
    mem_names_fini(&db->directs);
    mem_names_fini(&db->aliases);
    mem_free(db->users);
    mem_free(db->invites);
    mem_free(db->channels);
    pthread_mutex_destroy(&db->mutex);
    arena_fini(&db->arena);
    mem_free(db);
}

static enum err mem_open(const char *name, struct store **out)
{
    struct store_mem *s = mem_zalloc(sizeof(*s));
    s->base.driver = &store_driver_mem;

    pthread_mutex_lock(&all_mutex);
    s->db = find_db(slice_str(name));
    if (s->db == NULL)
        s->db = create_db(slice_str(name));
    s->db->handles++;
    pthread_mutex_unlock(&all_mutex);
    *out = &s->base;
    return ERR_NONE;
}

static void mem_close(struct store *store)
{
    struct store_mem *s = store_mem_of(store);
    pthread_mutex_lock(&all_mutex);
    const bool last = --s->db->handles == 0;
    if (last)
        list_remove(&s->db->link);
    pthread_mutex_unlock(&all_mutex);
    if (last)
        free_db(s->db);
    mem_free(s);
}

/* Memory is always there, and nothing in it outlives the process: no more can be promised. */
static enum err mem_nothing_to_do(struct store *store)
{
    (void)store_mem_of(store);
    return ERR_NONE;
}

const struct store_driver store_driver_mem = {
    .scheme = "mem",
    .open = mem_open,
    .close = mem_close,
    .check = mem_nothing_to_do,
    .group_begin = mem_nothing_to_do,
    .group_end = mem_nothing_to_do,
    .user_create = mem_user_create,
    .user_get = mem_user_get,
    .user_by_name = mem_user_by_name,
    .users_get = mem_users_get,
    .users_page = mem_users_page,
    .session_create = mem_session_create,
    .session_get = mem_session_get,
    .session_delete = mem_session_delete,
    .sessions_of = mem_sessions_of,
    .channels_all = mem_channels_all,
    .sessions_delete = mem_sessions_delete,
    .user_sign_up = mem_user_sign_up,
    .user_update = mem_user_update,
    .invite_create = mem_invite_create,
    .invite_delete = mem_invite_delete,
    .invites_page = mem_invites_page,
    .channel_create = mem_channel_create,
    .channel_update = mem_channel_update,
    .send_check = mem_send_check,
    .direct_open = mem_direct_open,
    .channel_get = mem_channel_get,
    .channels_page = mem_channels_page,
    .channels_of = mem_channels_of,
    .channel_by_name = mem_channel_by_name,
    .member_add = mem_member_add,
    .member_remove = mem_member_remove,
    .member_check = mem_member_check,
    .members_page = mem_members_page,
    .mark_read = mem_mark_read,
    .mark_read_at = mem_mark_read_at,
    .append = mem_append,
    .page = mem_page,
    .changes = mem_changes,
    .hanging = mem_hanging,
    .event_find = mem_event_find,
    .lease = mem_lease,
    .put = mem_put,
    .alias_get = mem_alias_get,
    .alias_put = mem_alias_put,
};
