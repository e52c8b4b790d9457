/*
 * The PostgreSQL schemas. A migration that has been released is never edited: add one to the end.
 *
 * Ids count up and are never reused (identity columns). Times are microseconds since 1970.
 */

#include "store/pg_schema.h"

#include "base/buf.h"
#include "store/pg_query.h"

/* 16 partitions of a table, by hash. */
#define PARTITIONS(table)                                                                          \
    "DO $$ BEGIN FOR i IN 0..15 LOOP EXECUTE format("                                              \
    "'CREATE TABLE " table "_p%s PARTITION OF " table                                              \
    " FOR VALUES WITH (MODULUS 16, REMAINDER %s)', to_char(i, 'FM00'), i); END LOOP; END $$;"

static const char *const directory_migrations[] = {
    /* 1: users, channels, members, and where the shards are. */
    "CREATE TABLE users ("
    "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    "  name text COLLATE \"C\" NOT NULL UNIQUE,"
    "  display_name text NOT NULL,"
    "  password_hash text NOT NULL," /* empty: nobody can log in */
    "  created_us bigint NOT NULL);"

    "CREATE TABLE sessions ("
    "  token_hash bytea PRIMARY KEY,"
    "  user_id bigint NOT NULL REFERENCES users,"
    "  created_us bigint NOT NULL,"
    "  expires_us bigint NOT NULL);"
    "CREATE INDEX sessions_by_expiry ON sessions (expires_us);"
    "CREATE INDEX sessions_by_user ON sessions (user_id);"

    "CREATE TABLE channels ("
    "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    "  kind smallint NOT NULL CHECK (kind IN (1, 2))," /* enum channel_kind */
    "  name text COLLATE \"C\" NOT NULL CHECK (kind <> 2 OR name = ''),"
    "  topic text NOT NULL,"
    "  direct_key text COLLATE \"C\" UNIQUE" /* '3,7,9' */
    "    CHECK ((direct_key IS NOT NULL) = (kind = 2)),"
    "  creator_id bigint REFERENCES users,"
    "  created_us bigint NOT NULL,"
    "  members bigint NOT NULL) WITH (fillfactor = 80);"
    "CREATE UNIQUE INDEX channels_public_name ON channels (name) WHERE kind = 1;"
    "CREATE UNIQUE INDEX channels_public ON channels (id) WHERE kind = 1;"

    /* The same pairs twice, by channel and by user; written in one transaction. */
    "CREATE TABLE membership ("
    "  channel_id bigint NOT NULL REFERENCES channels,"
    "  user_id bigint NOT NULL REFERENCES users,"
    "  joined_us bigint NOT NULL,"
    "  PRIMARY KEY (channel_id, user_id)) PARTITION BY HASH (channel_id);"
    "CREATE TABLE membership_by_user ("
    "  user_id bigint NOT NULL,"
    "  channel_id bigint NOT NULL,"
    "  read_seq bigint NOT NULL,"
    "  read_n bigint NOT NULL,"
    "  PRIMARY KEY (user_id, channel_id)) PARTITION BY HASH (user_id);" PARTITIONS("membership")
        PARTITIONS("membership_by_user")

            "CREATE TABLE aliases ("
            "  alias text COLLATE \"C\" PRIMARY KEY,"
            "  id bigint NOT NULL);"

            /* Written to see whether writing works. */
            "CREATE TABLE store_check ("
            "  id integer PRIMARY KEY CHECK (id = 1),"
            "  checks bigint NOT NULL);"
            "INSERT INTO store_check VALUES (1, 0);"

            "CREATE TABLE servers ("
            "  name text COLLATE \"C\" PRIMARY KEY,"
            "  conninfo text NOT NULL);"
            "CREATE TABLE shard_map ("
            "  shard smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 63),"
            "  server text COLLATE \"C\" NOT NULL REFERENCES servers,"
            "  state text NOT NULL CHECK (state IN ('active', 'copying', 'moving')),"
            "  target text COLLATE \"C\" REFERENCES servers," /* where it is on its way to */
            "  version bigint NOT NULL,"                      /* counts its moves */
            "  CHECK ((target IS NULL) = (state = 'active')));",

    /* 2: roles, status, deactivation, invites. Whoever could log in first owns it. */
    "ALTER TABLE users"
    "  ADD COLUMN role smallint NOT NULL DEFAULT 3 CHECK (role IN (1, 2, 3))," /* enum user_role */
    "  ADD COLUMN active boolean NOT NULL DEFAULT true,"
    "  ADD COLUMN status_text text NOT NULL DEFAULT '',"
    "  ADD COLUMN status_emoji text NOT NULL DEFAULT '';"
    "CREATE INDEX users_owners ON users (role) WHERE role = 1;"
    "UPDATE users SET role = 1"
    "  WHERE id = (SELECT min(id) FROM users WHERE password_hash <> '');"

    /* One row; whoever must be the only one to change something about owners locks it. */
    "CREATE TABLE ownership ("
    "  id integer PRIMARY KEY CHECK (id = 1),"
    "  claimed boolean NOT NULL);" /* somebody has signed up first */
    "INSERT INTO ownership SELECT 1, EXISTS (SELECT 1 FROM users WHERE role = 1);"

    "CREATE TABLE invites ("
    "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    "  code_hash bytea NOT NULL UNIQUE,"
    "  creator_id bigint NOT NULL REFERENCES users,"
    "  created_us bigint NOT NULL,"
    "  expires_us bigint NOT NULL,"
    "  max_uses bigint NOT NULL,"
    "  uses bigint NOT NULL);",

    /* 3: private channels (kind 1 with the mark), archived ones. Private names may repeat. */
    "ALTER TABLE channels"
    "  ADD COLUMN private boolean NOT NULL DEFAULT false,"
    "  ADD COLUMN archived boolean NOT NULL DEFAULT false;"
    "DROP INDEX channels_public_name;"
    "DROP INDEX channels_public;"
    "CREATE UNIQUE INDEX channels_public_name ON channels (name) WHERE kind = 1 AND NOT private;"
    "CREATE UNIQUE INDEX channels_public ON channels (id) WHERE kind = 1 AND NOT private;",
};

static const char *const shard_migrations[] = {
    /* 1: events. */
    "CREATE TABLE messages ("
    "  channel_id bigint NOT NULL,"
    "  seq bigint NOT NULL,"
    "  prev bigint NOT NULL,"
    "  n bigint NOT NULL,"
    "  sender_id bigint NOT NULL,"
    "  thread bigint NOT NULL,"
    "  ts_us bigint NOT NULL,"
    "  cmid uuid NOT NULL,"
    "  kind smallint NOT NULL," /* enum event_kind */
    "  text text NOT NULL,"
    "  PRIMARY KEY (channel_id, seq),"
    "  UNIQUE (channel_id, sender_id, cmid));"

    /* Of channels that have had an event or a lease. Room for updates beside the row. */
    "CREATE TABLE channel_head ("
    "  channel_id bigint PRIMARY KEY,"
    "  seq_leased bigint NOT NULL," /* up to here seqs are handed out */
    "  last_seq bigint NOT NULL,"
    "  last_n bigint NOT NULL) WITH (fillfactor = 50);",

    /* 2: what hangs on a message: replies, and the changes that were made to it. */
    "CREATE INDEX messages_by_target ON messages (channel_id, thread, kind, seq) INCLUDE (ts_us)"
    "  WHERE thread <> 0;",
};

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

const uint64_t pg_directory_version = LEN(directory_migrations);
const uint64_t pg_shard_version = LEN(shard_migrations);

/* ---- versions ---- */

static enum err read_version(struct pg_conn *conn, const char *schema, uint64_t *out)
{
    struct buf text = {0};
    pg_text_for_schema(&text, "SELECT version FROM @.version", schema);
    enum err err = ERR_UNAVAILABLE;
    if (conn->pg != NULL &&
        PQsendQueryParams(conn->pg, buf_cstr(&text), 0, NULL, NULL, NULL, NULL, 0) != 0) {
        enum err waited;
        PGresult *result = pg_conn_result(conn, &waited);
        err = result == NULL ? waited : pg_conn_err(conn, result);
        if (err == ERR_NONE &&
            (PQntuples(result) != 1 || !slice_to_u64(slice_str(PQgetvalue(result, 0, 0)), out)))
            err = ERR_CORRUPT;
        for (; result != NULL; result = pg_conn_result(conn, &waited))
            PQclear(result);
    }
    buf_fini(&text);
    return err;
}

enum err pg_schema_version(struct pg_conn *conn, const char *schema, uint64_t *out)
{
    struct pg_query q = pg_query_begin(conn, PG_NO_SHARD,
                                       "SELECT 1 FROM pg_catalog.pg_tables"
                                       " WHERE schemaname = $1::text AND tablename = 'version'");
    pg_query_slice(&q, slice_str(schema));
    const bool found = pg_query_row(&q);
    const enum err err = pg_query_end(&q);
    if (err == ERR_NONE && !found)
        *out = 0;
    return err == ERR_NONE && found ? read_version(conn, schema, out) : err;
}

/* ---- migrating ---- */

static enum err apply(struct pg_conn *conn, const char *schema, const char *migration,
                      uint64_t version)
{
    struct buf text = {0};
    buf_append(&text, SLICE("BEGIN; "));
    if (version == 1)
        pg_text_for_schema(&text,
                           "CREATE SCHEMA @; CREATE TABLE @.version (version bigint NOT NULL);"
                           " INSERT INTO @.version VALUES (0);",
                           schema);
    pg_text_for_schema(&text, "SET LOCAL search_path = @; ", schema);
    buf_append(&text, slice_str(migration));
    buf_format(&text, "UPDATE version SET version = %llu; COMMIT", (unsigned long long)version);
    enum err err = pg_conn_run(conn, buf_cstr(&text));
    buf_fini(&text);
    if (err != ERR_NONE && conn->pg != NULL)
        err_ignore(pg_conn_run(conn, "ROLLBACK")); /* what failed is told */
    return err;
}

static enum err migrate(struct pg_conn *conn, const char *schema, const char *const *migrations,
                        uint64_t known)
{
    uint64_t version = 0;
    enum err err = pg_schema_version(conn, schema, &version);
    if (err == ERR_NONE && version > known)
        return ERR_FORBIDDEN;
    for (; err == ERR_NONE && version < known; version++)
        err = apply(conn, schema, migrations[version], version + 1);
    return err;
}

enum err pg_schema_migrate_directory(struct pg_conn *conn)
{
    return migrate(conn, PG_DIRECTORY_SCHEMA, directory_migrations, pg_directory_version);
}

enum err pg_schema_migrate_shard(struct pg_conn *conn, const char *schema)
{
    return migrate(conn, schema, shard_migrations, pg_shard_version);
}
