/* Whole imports into the store in memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zip.h>

#include "base/json.h"
#include "slack/import.h"
#include "store/store.h"

#define MESSAGES 1300u /* more than two batches hold */

struct fixture {
    struct store *store;
    char path[32]; /* of the export */
    struct import_report report;
    struct buf problem;
};

static int set_up(void **state)
{
    static struct fixture f;
    f = (struct fixture){.path = "/tmp/parley-test-XXXXXX"};
    const int fd = mkstemp(f.path);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(store_open("mem:test_import", &f.store), ERR_NONE);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->store);
    buf_fini(&f->problem);
    return unlink(f->path);
}

/* ---- exports ---- */

static zip_t *begin_export(struct fixture *f)
{
    int error;
    zip_t *zip = zip_open(f->path, ZIP_CREATE | ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    return zip;
}

/* `content` must live until the export is ended. */
static void add(zip_t *zip, const char *name, struct slice content)
{
    zip_source_t *source = zip_source_buffer(zip, content.ptr, content.len, 0);
    assert_non_null(source);
    assert_true(zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8) >= 0);
}

static void end_export(zip_t *zip)
{
    assert_int_equal(zip_close(zip), 0);
}

static void add_people(zip_t *zip)
{
    add(zip, "users.json",
        SLICE("[{\"id\":\"U1\",\"team_id\":\"T1\",\"name\":\"ada\"},"
              "{\"id\":\"U2\",\"team_id\":\"T2\",\"name\":\"bob\"},"
              "{\"id\":\"U3\",\"team_id\":\"T1\",\"name\":\"cy\"}]"));
    add(zip, "channels.json",
        SLICE("[{\"id\":\"C1\",\"name\":\"general\",\"members\":[\"U1\",\"U2\",\"U1\"]}]"));
}

static enum err import(struct fixture *f, bool dry_run)
{
    const struct import_options options = {.dry_run = dry_run};
    buf_clear(&f->problem);
    return import_slack(f->store, f->path, &options, &f->report, &f->problem);
}

/* A thread whose answers fill batch after batch, each beginning another thread as well. */
static void write_threads(struct buf *day)
{
    buf_byte(day, '[');
    for (unsigned i = 0; i < MESSAGES; i++) {
        buf_format(day, "%s{\"ts\":\"%u.000001\",\"user\":\"U%u\",\"text\":\"m%u\"",
                   i == 0 ? "" : ",", 1000 + i, 1 + i % 3, i);
        if (i % 2 == 1)
            buf_format(day, ",\"thread_ts\":\"%u.000001\"", 1000 + i - 1);
        else if (i > 0)
            buf_format(day, ",\"thread_ts\":\"1000.000001\"");
        buf_byte(day, '}');
    }
    buf_byte(day, ']');
}

static struct store_page read_page(struct fixture *f, uint64_t after, struct arena *arena)
{
    uint64_t channel;
    struct store_page page;
    const struct store_range range = {STORE_AFTER, after, STORE_PAGE_MAX, 1u << 20};
    assert_int_equal(store_channel_by_name(f->store, SLICE("general"), &channel), ERR_NONE);
    assert_int_equal(store_page(f->store, channel, range, arena, &page), ERR_NONE);
    return page;
}

/* ---- tests ---- */

static void replies_find_their_threads_across_batches(void **state)
{
    struct fixture *f = *state;
    struct buf day = {0};
    struct arena arena = {0};
    zip_t *zip = begin_export(f);
    add_people(zip);
    write_threads(&day);
    add(zip, "general/2020-01-01.json", buf_slice(&day));
    end_export(zip);

    assert_int_equal(import(f, false), ERR_NONE);
    assert_int_equal(f->report.messages_added, MESSAGES);
    assert_int_equal(f->report.replies, MESSAGES - 1);
    assert_int_equal(f->report.replies_orphaned, 0);
    const struct store_page page = read_page(f, 0, &arena);
    assert_int_equal(page.items[0].thread, 0);
    for (size_t i = 1; i < page.count; i++)
        assert_int_equal(page.items[i].thread, 1); /* an answer to an answer joins its thread */
    arena_fini(&arena);
    buf_fini(&day);
}

static void the_same_again_adds_nothing(void **state)
{
    struct fixture *f = *state;
    struct buf day = {0};
    zip_t *zip = begin_export(f);
    add_people(zip);
    write_threads(&day);
    add(zip, "general/2020-01-01.json", buf_slice(&day));
    end_export(zip);

    assert_int_equal(import(f, true), ERR_NONE);
    const struct import_report rehearsed = f->report;
    assert_int_equal(import(f, false), ERR_NONE);
    assert_memory_equal(&f->report, &rehearsed, sizeof(rehearsed));
    assert_int_equal(f->report.members_added, 2);

    assert_int_equal(import(f, true), ERR_NONE);
    assert_int_equal(f->report.messages_known, MESSAGES);
    assert_int_equal(import(f, false), ERR_NONE);
    assert_int_equal(f->report.messages_known, MESSAGES);
    assert_int_equal(f->report.messages_added + f->report.users_added + f->report.members_added, 0);
    buf_fini(&day);
}

static void days_that_overlap_keep_their_threads(void **state)
{
    struct fixture *f = *state;
    zip_t *zip = begin_export(f);
    add_people(zip);
    add(zip, "general/2020-01-02.json",
        SLICE("[{\"ts\":\"5.0\",\"user\":\"U1\",\"text\":\"d\",\"thread_ts\":\"9.0\"},"
              "{\"ts\":\"6.0\",\"user\":\"U1\",\"text\":\"e\",\"thread_ts\":\"7.0\"}]"));
    add(zip, "general/2020-01-01.json",
        SLICE("[{\"ts\":\"9.0\",\"user\":\"U1\",\"text\":\"b\"},"
              "{\"ts\":\"7.0\",\"user\":\"U2\",\"text\":\"a\"}]"));
    end_export(zip);

    struct arena arena = {0};
    assert_int_equal(import(f, false), ERR_NONE);
    const struct store_page page = read_page(f, 0, &arena);
    assert_int_equal(page.count, 4);
    assert_true(slice_eq(page.items[0].text, SLICE("a")));
    assert_int_equal(page.items[2].thread, 2);
    assert_int_equal(page.items[3].thread, 1);
    arena_fini(&arena);
}

static void the_team_of_most_people_names_the_aliases(void **state)
{
    struct fixture *f = *state;
    uint64_t id;
    zip_t *zip = begin_export(f);
    add_people(zip);
    end_export(zip);
    assert_int_equal(import(f, false), ERR_NONE);
    assert_int_equal(store_alias_get(f->store, SLICE("slack:T1:U2"), &id), ERR_NONE);
    assert_int_equal(store_alias_get(f->store, SLICE("slack:T1:C1"), &id), ERR_NONE);
    assert_int_equal(store_alias_get(f->store, SLICE("slack:T2:U2"), &id), ERR_NOT_FOUND);
}

static void cmids_are_uuids_of_version_8(void **state)
{
    struct fixture *f = *state;
    struct arena arena = {0};
    zip_t *zip = begin_export(f);
    add_people(zip);
    add(zip, "general/2020-01-01.json",
        SLICE("[{\"ts\":\"5.0\",\"user\":\"U1\",\"text\":\"a\"},"
              "{\"ts\":\"5.0\",\"user\":\"U2\",\"text\":\"a\"}]"));
    end_export(zip);
    assert_int_equal(import(f, false), ERR_NONE);
    const struct store_page page = read_page(f, 0, &arena);
    assert_int_equal(page.count, 2);
    for (size_t i = 0; i < page.count; i++) {
        assert_int_equal(page.items[i].cmid[6] >> 4, 8);
        assert_int_equal(page.items[i].cmid[8] >> 6, 2);
    }
    assert_memory_not_equal(page.items[0].cmid, page.items[1].cmid, UUID_BYTES);
    arena_fini(&arena);
}

struct seen {
    uint64_t calls;
    uint64_t done;
    uint64_t total;
};

static void see(const struct import_report *so_far, uint64_t done, uint64_t total, void *arg)
{
    struct seen *seen = arg;
    (void)so_far;
    assert_true(done >= seen->done && done <= total);
    *seen = (struct seen){seen->calls + 1, done, total};
}

static void progress_ends_at_the_whole(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    zip_t *zip = begin_export(f);
    add_people(zip);
    add(zip, "general/2020-01-01.json", SLICE("[]"));
    add(zip, "general/2020-01-02.json", SLICE("[ ]"));
    add(zip, "secret/2020-01-02.json", SLICE("[]"));
    end_export(zip);
    const struct import_options options = {false, see, &seen};
    assert_int_equal(import_slack(f->store, f->path, &options, &f->report, &f->problem), ERR_NONE);
    assert_int_equal(seen.calls, 3);
    assert_int_equal(seen.done, 7);
    assert_int_equal(seen.total, 7);
    assert_int_equal(f->report.days_not_taken, 1);
}

static void what_is_no_export_is_refused_with_a_sentence(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(import(f, false), ERR_INVALID); /* an empty file */
    assert_true(f->problem.len > 0);
    zip_t *zip = begin_export(f);
    add(zip, "users.json", SLICE("[]"));
    end_export(zip);
    assert_int_equal(import(f, false), ERR_INVALID);
    assert_non_null(strstr(buf_cstr(&f->problem), "channels.json"));

    const struct import_options options = {0};
    buf_clear(&f->problem);
    assert_int_equal(import_slack(f->store, "/nonexistent", &options, &f->report, &f->problem),
                     ERR_NOT_FOUND);
    assert_true(f->problem.len > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replies_find_their_threads_across_batches),
        TEST(the_same_again_adds_nothing),
        TEST(days_that_overlap_keep_their_threads),
        TEST(the_team_of_most_people_names_the_aliases),
        TEST(cmids_are_uuids_of_version_8),
        TEST(progress_ends_at_the_whole),
        TEST(what_is_no_export_is_refused_with_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
