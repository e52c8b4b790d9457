/* Which files the SQLite driver opens, and what it makes of them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

static char dir[64];
static char path[96];
static char url[128];

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/parley-schema-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/store.db", dir);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    return 0;
}

static void remove_with(const char *suffix)
{
    char file[128];
    snprintf(file, sizeof(file), "%s%s", path, suffix);
    unlink(file);
}

static int teardown(void **state)
{
    (void)state;
    remove_with("");
    remove_with("-wal");
    remove_with("-shm");
    rmdir(dir);
    return 0;
}

static enum err try_open(void)
{
    struct store *store = NULL;
    const enum err err = store_open(url, &store);
    store_close(store);
    return err;
}

static void write_file(const char *content, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* Run `sql` on the file behind the driver's back. */
static void meddle(const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static int64_t ask(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    const int64_t answer = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return answer;
}

static void a_missing_file_is_made_with_the_newest_schema(void **state)
{
    (void)state;
    assert_int_equal(try_open(), ERR_NONE);
    assert_true(ask("PRAGMA user_version") >= 1);
    assert_int_equal(ask("PRAGMA application_id"), 0x50524c59);
    assert_int_equal(ask("SELECT count(*) FROM sqlite_schema WHERE name = 'messages'"), 1);
    assert_int_equal(ask("SELECT count(*) FROM pragma_table_list WHERE name NOT LIKE 'sqlite_%'"
                         " AND NOT strict"),
                     0);
}

static void a_new_file_is_for_its_owner_only(void **state)
{
    (void)state;
    struct stat file;
    assert_int_equal(try_open(), ERR_NONE);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777u, 0600);
}

static void an_empty_file_becomes_a_store(void **state)
{
    (void)state;
    write_file("", 0);
    assert_int_equal(try_open(), ERR_NONE);
    assert_true(ask("PRAGMA user_version") >= 1);
}

static void opening_again_changes_nothing(void **state)
{
    (void)state;
    struct store *store = NULL;
    uint64_t id = 0;
    assert_int_equal(store_open(url, &store), ERR_NONE);
    assert_int_equal(store_user_create(store, SLICE("ada"), SLICE("Ada"), SLICE_EMPTY, 1, &id),
                     ERR_NONE);
    store_close(store);
    const int64_t version = ask("PRAGMA user_version");
    const int64_t schema = ask("PRAGMA schema_version");

    assert_int_equal(try_open(), ERR_NONE);
    assert_int_equal(ask("PRAGMA user_version"), version);
    assert_int_equal(ask("PRAGMA schema_version"), schema);
    assert_int_equal(ask("SELECT count(*) FROM users"), 1);
}

static void a_file_of_a_newer_version_is_refused_and_left_alone(void **state)
{
    (void)state;
    assert_int_equal(try_open(), ERR_NONE);
    meddle("PRAGMA user_version = 1000000");
    assert_int_equal(try_open(), ERR_FORBIDDEN);
    assert_int_equal(ask("PRAGMA user_version"), 1000000);
}

static void what_is_no_database_is_refused_and_left_alone(void **state)
{
    (void)state;
    static const char text[] = "These are notes of mine, and no database at all.";
    write_file(text, sizeof(text));
    assert_int_equal(try_open(), ERR_CORRUPT);
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_size, sizeof(text));
}

static void the_database_of_another_program_is_refused_and_left_alone(void **state)
{
    (void)state;
    meddle("CREATE TABLE recipes (name TEXT)");
    assert_int_equal(try_open(), ERR_CORRUPT);
    assert_int_equal(ask("SELECT count(*) FROM sqlite_schema"), 1);
    meddle("PRAGMA user_version = 1");
    assert_int_equal(try_open(), ERR_CORRUPT);
    assert_int_equal(ask("SELECT count(*) FROM sqlite_schema"), 1);
    assert_int_equal(access(path, R_OK), 0);
}

static void a_folder_that_is_not_there_is_an_io_error(void **state)
{
    (void)state;
    struct store *store = NULL;
    assert_int_equal(store_open("sqlite:/nowhere/at/all.db", &store), ERR_IO);
    assert_null(store);
}

static void a_damaged_page_is_reported_as_corrupt(void **state)
{
    (void)state;
    assert_int_equal(try_open(), ERR_NONE);
    const long root =
        (long)ask("SELECT rootpage FROM sqlite_schema WHERE name = 'users' AND type = 'table'");
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (root - 1) * 4096, SEEK_SET), 0);
    assert_int_equal(fwrite("garbage garbage", 1, 15, file), 15);
    assert_int_equal(fclose(file), 0);

    struct store *store = NULL;
    struct arena arena = {0};
    struct user user;
    assert_int_equal(store_open(url, &store), ERR_NONE);
    assert_int_equal(store_user_get(store, 1, &arena, &user), ERR_CORRUPT);
    store_close(store);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_missing_file_is_made_with_the_newest_schema, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_new_file_is_for_its_owner_only, setup, teardown),
        cmocka_unit_test_setup_teardown(an_empty_file_becomes_a_store, setup, teardown),
        cmocka_unit_test_setup_teardown(opening_again_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_of_a_newer_version_is_refused_and_left_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_no_database_is_refused_and_left_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_database_of_another_program_is_refused_and_left_alone,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_an_io_error, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_page_is_reported_as_corrupt, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
