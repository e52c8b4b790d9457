/* One day of messages: what is taken, in which order, and where days stand in an archive. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "slack/day.h"
#include "slack/days.h"
#include "slack/import.h"

#define TS "\"ts\":\"1554854404.971500\","
#define TIME_US 1554854404971500

static struct import_report report;
static struct day day;

static int set_up(void **state)
{
    (void)state;
    report = (struct import_report){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    day_fini(&day);
    return 0;
}

static void assert_time(struct slice ts, int64_t wanted)
{
    int64_t us = -1;
    assert_true(day_time(ts, &us));
    assert_true(us == wanted);
}

static void times_are_exact(void **state)
{
    (void)state;
    assert_time(SLICE("1554854404.971500"), TIME_US);
    assert_time(SLICE("0.000001"), 1);
    assert_time(SLICE("1.5"), 1500000);
    assert_time(SLICE("1"), 1000000);
    assert_time(SLICE("0000000001.000000"), 1000000);
    assert_time(SLICE("9007199254.740991"), (1ll << 53) - 1);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        ".",
        "1.",
        ".1",
        "-1.0",
        "+1.0",
        " 1.0",
        "1.0 ",
        "1.0.0",
        "1e3",
        "0.0",
        "0",
        "1.0000001",
        "12345678901.0",
        "9007199254.740992",
        "9999999999.999999",
        "x",
        "1.x",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t us;
        assert_false(day_time(slice_str(bad[i]), &us));
    }
}

static void only_lists_are_days(void **state)
{
    (void)state;
    assert_false(day_read(&day, SLICE(""), &report));
    assert_false(day_read(&day, SLICE("{}"), &report));
    assert_false(day_read(&day, SLICE("[{},"), &report));
    assert_false(day_read(&day, SLICE("[] []"), &report));
    assert_int_equal(report.messages_found, 0);
    assert_true(day_read(&day, SLICE("[]"), &report));
    assert_int_equal(day.len, 0);
}

static void messages_are_given_by_time_then_by_place(void **state)
{
    (void)state;
    assert_true(day_read(&day,
                         SLICE("[{\"ts\":\"10.000000\",\"user\":\"U1\",\"text\":\"c\"},"
                               "{\"ts\":\"9.000001\",\"user\":\"U1\",\"text\":\"a\"},"
                               "{\"ts\":\"10.000000\",\"user\":\"U1\",\"text\":\"d\"},"
                               "{\"ts\":\"9.100000\",\"user\":\"U1\",\"text\":\"b\"}]"),
                         &report));
    assert_int_equal(day.len, 4);
    static const char *const wanted[] = {"\"a\"", "\"b\"", "\"c\"", "\"d\""};
    for (size_t i = 0; i < 4; i++)
        assert_true(slice_eq(day_message(&day.items[i]).text.raw, slice_str(wanted[i])));
}

/* Read a day of one entry; whether it was taken. */
static bool take(struct slice object)
{
    struct buf text = {0};
    buf_byte(&text, '[');
    buf_append(&text, object);
    buf_byte(&text, ']');
    assert_true(day_read(&day, buf_slice(&text), &report));
    buf_fini(&text);
    return day.len == 1;
}

static void four_subtypes_are_messages(void **state)
{
    (void)state;
    assert_true(take(SLICE("{" TS "\"user\":\"U1\",\"text\":\"x\"}")));
    assert_true(take(SLICE("{" TS "\"user\":\"U1\",\"text\":\"x\",\"subtype\":null}")));
    assert_true(take(SLICE("{" TS "\"user\":\"U1\",\"text\":\"x\",\"subtype\":\"me_message\"}")));
    assert_true(
        take(SLICE("{" TS "\"bot_id\":\"B1\",\"text\":\"x\",\"subtype\":\"bot_message\"}")));
    assert_true(
        take(SLICE("{" TS "\"user\":\"U1\",\"text\":\"x\",\"subtype\":\"thread_broadcast\"}")));
    assert_int_equal(report.messages_found, 5);
    assert_int_equal(report.skipped_subtype, 0);
}

static void other_subtypes_are_counted_by_name(void **state)
{
    (void)state;
    assert_false(
        take(SLICE("{" TS "\"user\":\"U1\",\"text\":\"x\",\"subtype\":\"channel_join\"}")));
    assert_false(take(SLICE("{\"subtype\":\"channel_join\"}")));
    assert_false(take(SLICE("{\"type\":\"event\"}")));
    assert_int_equal(report.subtypes_len, 2);
    assert_string_equal(report.subtypes[0].name.text, "channel_join");
    assert_int_equal(report.subtypes[0].count, 2);
    assert_string_equal(report.subtypes[1].name.text, "event");
}

static void more_subtypes_than_there_is_room_for_are_counted(void **state)
{
    (void)state;
    for (unsigned i = 0; i < IMPORT_SUBTYPES_MAX + 5; i++) {
        struct buf object = {0};
        buf_format(&object, "{\"subtype\":\"s%u\"}", i);
        assert_false(take(buf_slice(&object)));
        buf_fini(&object);
    }
    assert_int_equal(report.subtypes_len, IMPORT_SUBTYPES_MAX);
    assert_int_equal(report.skipped_subtype, IMPORT_SUBTYPES_MAX + 5);
}

static void labels_are_printable_and_bounded(void **state)
{
    (void)state;
    struct import_label label;
    import_label_set(&label, SLICE("a\033[2J\u00fc\n"));
    assert_string_equal(label.text, "a?[2J???");
    char long_name[500];
    memset(long_name, 'x', sizeof(long_name));
    import_label_set(&label, slice_from(long_name, sizeof(long_name)));
    assert_int_equal(strlen(label.text), IMPORT_LABEL_MAX);
}

static void without_text_is_empty_and_without_author_malformed(void **state)
{
    (void)state;
    assert_false(take(SLICE("{" TS "\"user\":\"U1\",\"text\":\"\"}")));
    assert_false(take(SLICE("{" TS "\"user\":\"U1\"}")));
    assert_int_equal(report.skipped_empty, 2);
    assert_false(take(SLICE("{" TS "\"text\":\"x\"}")));
    assert_false(take(SLICE("{" TS "\"user\":\"U 1\",\"text\":\"x\"}")));
    assert_false(take(SLICE("{" TS "\"user\":\"U1\",\"text\":1}")));
    assert_false(take(SLICE("{\"user\":\"U1\",\"text\":\"x\"}")));
    assert_false(take(SLICE("1")));
    assert_int_equal(report.skipped_malformed, 5);
    assert_true(take(SLICE("{" TS "\"username\":\"old\",\"text\":\"x\"}")));
}

static int64_t thread_of(struct slice object)
{
    struct json json;
    assert_true(json_parse(object, 4, &json));
    const struct day_item item = {TIME_US, json};
    return day_message(&item).thread_us;
}

static void a_root_is_in_no_thread(void **state)
{
    (void)state;
    assert_true(thread_of(SLICE("{}")) == 0);
    assert_true(thread_of(SLICE("{\"thread_ts\":null}")) == 0);
    assert_true(thread_of(SLICE("{\"thread_ts\":\"1554854404.971500\"}")) == 0);
    assert_true(thread_of(SLICE("{\"thread_ts\":\"1554854404.971499\"}")) == TIME_US - 1);
    assert_true(thread_of(SLICE("{\"thread_ts\":\"soon\"}")) == DAY_NO_ROOT);
    assert_true(thread_of(SLICE("{\"thread_ts\":7}")) == DAY_NO_ROOT);
}

static void days_have_a_folder_and_a_date(void **state)
{
    (void)state;
    struct slice folder;
    struct slice date;
    assert_true(days_split(SLICE("general/2020-09-13.json"), &folder, &date));
    assert_true(slice_eq(folder, SLICE("general")));
    assert_true(slice_eq(date, SLICE("2020-09-13")));
    static const char *const bad[] = {
        "users.json",
        "/2020-09-13.json",
        "2020-09-13.json",
        "a/b/2020-09-13.json",
        "a/2020-09-13.jso",
        "a/2020-9-13.json",
        "a/2020-09-13.json ",
        "a/",
        "",
        "../../a/2020-09-13.json",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(days_split(slice_str(bad[i]), &folder, &date));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(times_are_exact),
        TEST(what_is_no_time_is_refused),
        TEST(only_lists_are_days),
        TEST(messages_are_given_by_time_then_by_place),
        TEST(four_subtypes_are_messages),
        TEST(other_subtypes_are_counted_by_name),
        TEST(more_subtypes_than_there_is_room_for_are_counted),
        TEST(labels_are_printable_and_bounded),
        TEST(without_text_is_empty_and_without_author_malformed),
        TEST(a_root_is_in_no_thread),
        TEST(days_have_a_folder_and_a_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
