/* No statement of the SQLite driver reads a table from end to end, or sorts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/store_sqlite.h"

static char path[96];
static struct store *store;
static struct arena arena;

static int setup(void **state)
{
    (void)state;
    char url[128];
    snprintf(path, sizeof(path), "/tmp/parley-plans-%d.db", (int)getpid());
    snprintf(url, sizeof(url), "sqlite:%s", path);
    assert_int_equal(store_open(url, &store), ERR_NONE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    store_close(store);
    arena_fini(&arena);
    unlink(path);
    return 0;
}

static void use_accounts(void)
{
    static const uint8_t code[STORE_TOKEN_BYTES] = {2};
    const struct store_sign_up who = {.name = SLICE("o"),
                                      .display_name = SLICE("O"),
                                      .password_hash = SLICE("$"),
                                      .admission = STORE_ADMIT_INVITED,
                                      .invite_hash = code};
    const struct store_invite wish = {.creator = 1, .expires_us = 9, .max_uses = 1};
    const bool active = false;
    const struct store_user_change change = {.active = &active};
    struct store_invites invites;
    struct store_sessions sessions;
    uint64_t id;
    assert_int_equal(store_invite_create(store, code, &wish, &id), 0);
    assert_int_equal(store_invites_page(store, 1, 0, 10, &arena, &invites), 0);
    assert_int_equal(store_user_sign_up(store, &who, &id), 0);
    assert_int_equal(store_user_update(store, id, &change), ERR_FORBIDDEN);
    assert_int_equal(store_sessions_of(store, id, 1, &arena, &sessions), 0);
    assert_int_equal(store_sessions_delete(store, id, code), 0);
    assert_int_equal(store_invite_delete(store, 1), 0);
}

static void use_users(void)
{
    static const uint8_t token[STORE_TOKEN_BYTES] = {1};
    struct user user;
    struct store_users users;
    struct slice hash;
    struct store_session session;
    uint64_t id;
    assert_int_equal(store_check(store), ERR_NONE);
    assert_int_equal(store_user_create(store, SLICE("a"), SLICE("A"), SLICE(""), 1, &id), 0);
    assert_int_equal(store_user_create(store, SLICE("b"), SLICE("B"), SLICE(""), 1, &id), 0);
    assert_int_equal(store_user_get(store, 1, &arena, &user), 0);
    assert_int_equal(store_user_by_name(store, SLICE("a"), &arena, &user, &hash), 0);
    assert_int_equal(store_users_page(store, 0, 10, &arena, &users), 0);
    assert_int_equal(store_session_create(store, token, 1, SLICE(""), 1, 2), 0);
    assert_int_equal(store_session_get(store, token, 1, &session), 0);
    assert_int_equal(store_session_delete(store, token), 0);
    use_accounts();
    assert_int_equal(store_alias_put(store, SLICE("x"), 1), 0);
    assert_int_equal(store_alias_get(store, SLICE("x"), &id), 0);
    assert_int_equal(store_group_begin(store), 0);
    assert_int_equal(store_alias_put(store, SLICE("x"), 1), ERR_EXISTS);
    assert_int_equal(store_group_end(store), 0);
}

static void use_channels(void)
{
    static const uint64_t both[] = {1, 2};
    struct channel channel;
    struct store_channels channels;
    struct store_users users;
    uint64_t id;
    bool yes;
    assert_int_equal(store_channel_create(store, SLICE("c"), SLICE(""), 1, 1, &id), 0);
    assert_int_equal(store_direct_open(store, both, 2, 1, &id, &yes), 0);
    assert_int_equal(store_channel_get(store, 1, 1, &arena, &channel), 0);
    assert_int_equal(store_channels_page(store, 1, 0, 10, &arena, &channels), 0);
    assert_int_equal(store_channels_of(store, 1, &arena, &channels), 0);
    assert_int_equal(store_channel_by_name(store, SLICE("c"), &id), 0);
    assert_int_equal(store_member_add(store, 1, 1, 1), 0);
    assert_int_equal(store_member_add(store, 1, 2, 1), 0);
    assert_int_equal(store_member_remove(store, 1, 2), 0);
    assert_int_equal(store_member_check(store, 1, 1, &yes), 0);
    assert_int_equal(store_private_create(store, SLICE("c"), SLICE(""), 1, 1, &id), 0);
    assert_int_equal(store_channel_update(store, 1, &(struct store_channel_change){0}), 0);
    assert_int_equal(store_send_check(store, 1, 1), 0);
    assert_int_equal(store_members_page(store, 1, 0, 10, &arena, &users), 0);
}

static void use_events(void)
{
    struct event event = {EVENT_MESSAGE, .channel = 1, .sender = 1, .text = SLICE("hello")};
    struct store_append item = {.event = &event};
    assert_int_equal(store_append(store, &item, 1), 0);
    assert_int_equal(store_append(store, &item, 1), 0);
    assert_true(item.duplicate);
    event.cmid[0] = 1;
    event.thread = event.seq;
    assert_int_equal(store_append(store, &item, 1), 0);
    event.kind = EVENT_EDIT;
    event.cmid[0] = 2;
    assert_int_equal(store_append(store, &item, 1), 0);
    assert_int_equal(item.result, ERR_NONE);

    struct store_page page;
    struct channel channel;
    const struct store_range range = {STORE_AROUND, 1, 10, 1000};
    assert_int_equal(store_page(store, 1, range, &arena, &page), 0);
    assert_int_equal(store_thread(store, 1, 1, range, &arena, &page), 0);
    assert_int_equal(store_edits(store, 1, 1, &arena, &event, &page), 0);
    assert_int_equal(store_mark_read(store, 1, 1, 2, &arena, &channel), 0);
}

static void check_plan(sqlite3 *db, const char *sql)
{
    struct buf explain = {0};
    sqlite3_stmt *stmt = NULL;
    buf_append(&explain, SLICE("EXPLAIN QUERY PLAN "));
    buf_append(&explain, slice_str(sql));
    assert_int_equal(sqlite3_prepare_v2(db, buf_cstr(&explain), -1, &stmt, NULL), SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(stmt, 3);
        if (strstr(step, "SCAN") != NULL || strstr(step, "TEMP B-TREE") != NULL)
            fail_msg("%s\n    in: %s", step, sql);
    }
    sqlite3_finalize(stmt);
    buf_fini(&explain);
}

static void every_statement_finds_its_rows_by_an_index(void **state)
{
    (void)state;
    use_users();
    use_channels();
    use_events();

    /* The handle still has every statement that was used. */
    sqlite3 *db = store_sqlite_of(store)->db;
    size_t count = 0;
    for (sqlite3_stmt *stmt = sqlite3_next_stmt(db, NULL); stmt != NULL;
         stmt = sqlite3_next_stmt(db, stmt)) {
        const char *sql = sqlite3_sql(stmt);
        if (strstr(sql, "sqlite_schema") == NULL && strstr(sql, "PRAGMA") == NULL) {
            check_plan(db, sql);
            count++;
        }
    }
    assert_true(count > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_statement_finds_its_rows_by_an_index, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
