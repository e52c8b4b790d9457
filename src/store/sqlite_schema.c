/*
 * The SQLite schema. A migration that has been released is never edited: add one to the end.
 *
 * Ids count up and are never reused (AUTOINCREMENT). Times are microseconds since 1970.
 */

#include "store/sqlite_schema.h"

#include "store/sql.h"
#include "store/sqlite_txn.h"

#define APPLICATION_ID 0x50524c59 /* "PRLY", so that we know our files */

static const char *const migrations[] = {
    /* 1: users, channels, members, events. */
    "CREATE TABLE users ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL UNIQUE,"
    "  display_name TEXT NOT NULL,"
    "  password_hash TEXT NOT NULL," /* empty: nobody can log in */
    "  created_us INTEGER NOT NULL"
    ") STRICT;"

    "CREATE TABLE sessions ("
    "  token_hash BLOB PRIMARY KEY,"
    "  user_id INTEGER NOT NULL REFERENCES users (id),"
    "  created_us INTEGER NOT NULL,"
    "  expires_us INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX sessions_by_expiry ON sessions (expires_us);"
    "CREATE INDEX sessions_by_user ON sessions (user_id);"

    "CREATE TABLE channels ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  kind INTEGER NOT NULL CHECK (kind IN (1, 2))," /* enum channel_kind */
    "  name TEXT NOT NULL CHECK (kind <> 2 OR name = ''),"
    "  topic TEXT NOT NULL,"
    "  direct_key TEXT UNIQUE CHECK ((direct_key IS NOT NULL) = (kind = 2))," /* '3,7,9' */
    "  creator_id INTEGER REFERENCES users (id),"
    "  created_us INTEGER NOT NULL,"
    "  members INTEGER NOT NULL"
    ") STRICT;"
    "CREATE UNIQUE INDEX channels_public_name ON channels (name) WHERE kind = 1;"
    "CREATE UNIQUE INDEX channels_public ON channels (id) WHERE kind = 1;"

    /* Apart from the channels, because every event changes it: many heads fit into one page. */
    "CREATE TABLE channel_head ("
    "  channel_id INTEGER PRIMARY KEY REFERENCES channels (id),"
    "  last_seq INTEGER NOT NULL,"
    "  last_n INTEGER NOT NULL"
    ") STRICT;"

    /* The same pairs twice, by channel and by user; written in one transaction. */
    "CREATE TABLE membership ("
    "  channel_id INTEGER NOT NULL REFERENCES channels (id),"
    "  user_id INTEGER NOT NULL REFERENCES users (id),"
    "  joined_us INTEGER NOT NULL,"
    "  PRIMARY KEY (channel_id, user_id)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE membership_by_user ("
    "  user_id INTEGER NOT NULL REFERENCES users (id),"
    "  channel_id INTEGER NOT NULL REFERENCES channels (id),"
    "  read_seq INTEGER NOT NULL,"
    "  read_n INTEGER NOT NULL,"
    "  PRIMARY KEY (user_id, channel_id)"
    ") STRICT, WITHOUT ROWID;"

    /* No foreign keys: append knows the channel from its head, and speed counts here. */
    "CREATE TABLE messages ("
    "  rid INTEGER PRIMARY KEY," /* for the search index, which needs one */
    "  channel_id INTEGER NOT NULL,"
    "  seq INTEGER NOT NULL,"
    "  prev INTEGER NOT NULL,"
    "  n INTEGER NOT NULL,"
    "  kind INTEGER NOT NULL," /* enum event_kind */
    "  sender_id INTEGER NOT NULL,"
    "  thread INTEGER NOT NULL,"
    "  ts_us INTEGER NOT NULL,"
    "  cmid BLOB NOT NULL,"
    "  text TEXT NOT NULL,"
    "  UNIQUE (channel_id, seq),"
    "  UNIQUE (channel_id, sender_id, cmid)"
    ") STRICT;"

    "CREATE TABLE aliases ("
    "  alias TEXT PRIMARY KEY,"
    "  id INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"

    /* Written to see whether writing works. */
    "CREATE TABLE store_check ("
    "  id INTEGER PRIMARY KEY CHECK (id = 1),"
    "  checks INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO store_check VALUES (1, 0);"

    "PRAGMA application_id = 0x50524c59;"
    "PRAGMA user_version = 1;",

    /* 2: roles, status, deactivation, invites. Whoever could log in first owns it. */
    "ALTER TABLE users ADD COLUMN role INTEGER NOT NULL DEFAULT 3"
    "  CHECK (role IN (1, 2, 3));" /* enum user_role */
    "ALTER TABLE users ADD COLUMN active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1));"
    "ALTER TABLE users ADD COLUMN status_text TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE users ADD COLUMN status_emoji TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX users_owners ON users (role) WHERE role = 1;"
    "UPDATE users SET role = 1"
    "  WHERE id = (SELECT min(id) FROM users WHERE password_hash <> '');"

    "CREATE TABLE invites ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  code_hash BLOB NOT NULL UNIQUE,"
    "  creator_id INTEGER NOT NULL REFERENCES users (id),"
    "  created_us INTEGER NOT NULL,"
    "  expires_us INTEGER NOT NULL,"
    "  max_uses INTEGER NOT NULL,"
    "  uses INTEGER NOT NULL"
    ") STRICT;"
    "PRAGMA user_version = 2;",

    /* 3: private channels (kind 1 with the mark), archived ones. Private names may repeat. */
    "ALTER TABLE channels ADD COLUMN private INTEGER NOT NULL DEFAULT 0"
    "  CHECK (private IN (0, 1));"
    "ALTER TABLE channels ADD COLUMN archived INTEGER NOT NULL DEFAULT 0"
    "  CHECK (archived IN (0, 1));"
    "DROP INDEX channels_public_name;"
    "DROP INDEX channels_public;"
    "CREATE UNIQUE INDEX channels_public_name ON channels (name) WHERE kind = 1 AND private = 0;"
    "CREATE UNIQUE INDEX channels_public ON channels (id) WHERE kind = 1 AND private = 0;"
    "PRAGMA user_version = 3;",

    /* 4: what hangs on a message: replies, and the changes that were made to it. */
    "CREATE INDEX messages_by_target ON messages (channel_id, thread, kind, seq, ts_us)"
    "  WHERE thread <> 0;"
    "PRAGMA user_version = 4;",
};

#define VERSION (sizeof(migrations) / sizeof(migrations[0]))

static enum err read_number(struct store_sqlite *s, const char *text, uint64_t *out)
{
    struct sql q = sql_begin(s, text);
    if (sql_row(&q))
        *out = sql_get_u64(&q, 0);
    return sql_end(&q);
}

static enum err read_version(struct store_sqlite *s, uint64_t *out)
{
    return read_number(s, "PRAGMA user_version", out);
}

static enum err check(struct store_sqlite *s)
{
    uint64_t version = 0;
    uint64_t application = 0;
    uint64_t tables = 0;
    enum err err = read_version(s, &version);
    if (err == ERR_NONE)
        err = read_number(s, "PRAGMA application_id", &application);
    if (err == ERR_NONE)
        err = read_number(s, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err != ERR_NONE)
        return err;

    if (tables == 0 && version == 0)
        return ERR_NONE;
    if (application != APPLICATION_ID)
        return ERR_CORRUPT;
    return version > VERSION ? ERR_FORBIDDEN : ERR_NONE;
}

enum err sqlite_schema_check(struct store_sqlite *s)
{
    enum err err = sqlite_read_begin(s);
    if (err != ERR_NONE)
        return err;
    return sqlite_read_end(s, check(s));
}

static enum err apply(struct store_sqlite *s, uint64_t version)
{
    for (; version < VERSION; version++) {
        const int code = sqlite3_exec(s->db, migrations[version], NULL, NULL, NULL);
        if (code != SQLITE_OK)
            return sql_err(s->db, code);
    }
    return ERR_NONE;
}

enum err sqlite_schema_migrate(struct store_sqlite *s)
{
    uint64_t version = 0;
    enum err err = read_version(s, &version);
    if (err != ERR_NONE || version == VERSION)
        return err;

    /* Look again with the lock: others may have been here in between. */
    err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    err = check(s);
    if (err == ERR_NONE)
        err = read_version(s, &version);
    if (err == ERR_NONE)
        err = apply(s, version);
    return sqlite_write_end(s, err);
}
