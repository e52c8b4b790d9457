/* The PostgreSQL driver: opening and closing a handle, and the table of its functions. */

#include "store/store_pg.h"

#include "base/mem.h"

static bool conninfo_valid(const char *conninfo)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
    PQconninfoFree(options);
    return options != NULL;
}

static enum err check_version(struct store_pg *s)
{
    uint64_t version = 0;
    enum err err = pg_schema_version(&s->directory, PG_DIRECTORY_SCHEMA, &version);
    if (err == ERR_NONE && version > pg_directory_version)
        err = ERR_FORBIDDEN;
    if (err == ERR_NONE && version < pg_directory_version)
        err = ERR_NOT_FOUND;
    return err;
}

static enum err open_directory(struct store_pg *s)
{
    bool changed;
    enum err err = pg_conn_ready(&s->directory);
    if (err == ERR_NONE)
        err = check_version(s);
    return err != ERR_NONE ? err : pg_map_load(s, &changed);
}

static void pg_close(struct store *store)
{
    struct store_pg *s = store_pg_of(store);
    pg_map_fini(s);
    pg_conn_fini(&s->directory);
    mem_free(s);
}

static enum err pg_open(const char *name, struct store **out)
{
    if (!conninfo_valid(name))
        return ERR_INVALID;
    struct store_pg *s = mem_zalloc(sizeof(*s));
    s->base.driver = &store_driver_pg;
    pg_conn_init(&s->directory, slice_str(name), PG_DIRECTORY_SCHEMA, PG_TIMEOUT_MS);
    const enum err err = open_directory(s);
    if (err != ERR_NONE) {
        pg_close(&s->base);
        return err;
    }
    *out = &s->base;
    return ERR_NONE;
}

/* Of the directory only: a shard that is down stops its own channels and nothing else. */
static enum err pg_check(struct store *store)
{
    struct store_pg *s = store_pg_of(store);
    enum err err = pg_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct pg_query q = pg_query_begin(&s->directory, PG_NO_SHARD,
                                       "UPDATE store_check SET checks = checks + 1 WHERE id = 1"
                                       " RETURNING 1");
    const bool found = pg_query_row(&q);
    return pg_write_end(s, pg_query_end_found(&q, found));
}

const struct store_driver store_driver_pg = {
    .scheme = "pg",
    .open = pg_open,
    .close = pg_close,
    .check = pg_check,
    .group_begin = pg_group_begin,
    .group_end = pg_group_end,
    .user_create = pg_user_create,
    .user_get = pg_user_get,
    .user_by_name = pg_user_by_name,
    .users_get = pg_users_get,
    .users_page = pg_users_page,
    .session_create = pg_session_create,
    .session_get = pg_session_get,
    .session_delete = pg_session_delete,
    .sessions_of = pg_sessions_of,
    .channels_all = pg_channels_all,
    .sessions_delete = pg_sessions_delete,
    .user_sign_up = pg_user_sign_up,
    .user_update = pg_user_update,
    .invite_create = pg_invite_create,
    .invite_delete = pg_invite_delete,
    .invites_page = pg_invites_page,
    .channel_create = pg_channel_create,
    .channel_update = pg_channel_update,
    .send_check = pg_send_check,
    .direct_open = pg_direct_open,
    .channel_get = pg_channel_get,
    .channels_page = pg_channels_page,
    .channels_of = pg_channels_of,
    .channel_by_name = pg_channel_by_name,
    .member_add = pg_member_add,
    .member_remove = pg_member_remove,
    .member_check = pg_member_check,
    .members_page = pg_members_page,
    .mark_read = pg_mark_read,
    .mark_read_at = pg_mark_read_at,
    .append = pg_append,
    .page = pg_page,
    .changes = pg_changes,
    .hanging = pg_hanging,
    .event_find = pg_event_find,
    .lease = pg_lease,
    .put = pg_put,
    .alias_get = pg_alias_get,
    .alias_put = pg_alias_put,
};
