/* The objects of docs/PROTOCOL.md as JSON, letter by letter. */

#include "../../support/unit_suite.h"

#include "base/buf.h"
#include "model/fold.h"
#include "rpc/rpc.h"
#include "rpc/write.h"

static void an_event_that_is_a_message(void **state)
{
    struct event event = {.kind = EVENT_MESSAGE,
                          .channel = 5,
                          .seq = 42,
                          .prev = 41,
                          .n = 40,
                          .sender = 7,
                          .ts_us = 1790000000000000,
                          .text = SLICE("a \"quote\"\n\xc3\xa4")};
    struct json_writer w;
    struct buf out = {0};
    (void)state;
    assert_true(uuid_parse(SLICE("6f2c9a0e-0d5c-4a8e-9a55-0f5d6f1f7c11"), event.cmid));
    json_writer_init(&w, &out);
    write_event(&w, &event);
    assert_slice(buf_slice(&out),
                 "{\"ev\":\"message\",\"channel\":5,\"seq\":42,\"prev\":41,\"n\":40,\"from\":7,"
                 "\"ts_us\":1790000000000000,\"cmid\":\"6f2c9a0e-0d5c-4a8e-9a55-0f5d6f1f7c11\","
                 "\"text\":\"a \\\"quote\\\"\\n\xc3\xa4\"}");

    buf_clear(&out);
    event.thread = 12;
    json_writer_init(&w, &out);
    write_event(&w, &event);
    assert_non_null(strstr(buf_cstr(&out), ",\"thread\":12,\"text\":"));
    buf_fini(&out);
}

static void events_without_text(void **state)
{
    static const struct {
        enum event_kind kind;
        const char *name;
    } kinds[] = {{EVENT_CREATE, "create"}, {EVENT_JOIN, "join"}, {EVENT_LEAVE, "leave"}};
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct event event = {
            .kind = kinds[i].kind, .channel = 1, .seq = 2, .sender = 3, .text = SLICE_EMPTY};
        struct json_writer w;
        struct buf out = {0};
        struct buf wanted = {0};
        buf_format(
            &wanted,
            "{\"ev\":\"%s\",\"channel\":1,\"seq\":2,\"prev\":0,\"n\":0,\"from\":3,\"ts_us\":0}",
            kinds[i].name);
        json_writer_init(&w, &out);
        write_event(&w, &event);
        assert_slice(buf_slice(&out), buf_cstr(&wanted));
        buf_fini(&out);
        buf_fini(&wanted);
    }
}

static void changes_name_their_target(void **state)
{
    static const struct {
        enum event_kind kind;
        const char *text;
        const char *begin;
        const char *end;
    } cases[] = {
        {EVENT_EDIT, "better", "{\"ev\":\"edit\"", "\"target\":3,\"text\":\"better\"}"},
        {EVENT_DELETE, "", "{\"ev\":\"delete\"", "\"target\":3}"},
        {EVENT_REACT, "+1", "{\"ev\":\"react\"", "\"target\":3,\"emoji\":\"+1\"}"},
        {EVENT_UNREACT, "+1", "{\"ev\":\"unreact\"", "\"target\":3,\"emoji\":\"+1\"}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct event event = {.kind = cases[i].kind,
                                    .channel = 5,
                                    .seq = 9,
                                    .prev = 8,
                                    .n = 4,
                                    .sender = 7,
                                    .thread = 3,
                                    .ts_us = 100,
                                    .text = slice_str(cases[i].text)};
        struct json_writer w;
        struct buf out = {0};
        struct buf wanted = {0};
        json_writer_init(&w, &out);
        write_event(&w, &event);
        buf_append(&wanted, slice_str(cases[i].begin));
        buf_append(&wanted, SLICE(",\"channel\":5,\"seq\":9,\"prev\":8,\"n\":4,\"from\":7,"
                                  "\"ts_us\":100,"
                                  "\"cmid\":\"00000000-0000-0000-0000-000000000000\","));
        buf_append(&wanted, slice_str(cases[i].end));
        assert_slice(buf_slice(&out), buf_cstr(&wanted));
        buf_fini(&out);
        buf_fini(&wanted);
    }
}

/* What is told of a message beside itself, from its text on. */
static void assert_told(const struct event_fold *fold, const char *text, const char *wanted)
{
    const struct event event = {
        .kind = EVENT_MESSAGE, .channel = 5, .seq = 3, .text = slice_str(text), .fold = fold};
    struct json_writer w;
    struct buf out = {0};
    json_writer_init(&w, &out);
    write_event(&w, &event);
    const char *at = strstr(buf_cstr(&out), "\"text\"");
    assert_non_null(at);
    assert_string_equal(at, wanted);
    buf_fini(&out);
}

static void a_message_tells_what_changes_made_of_it(void **state)
{
    static const uint64_t users[] = {7, 9};
    static const struct event_reaction reactions[] = {{{"+1", 2}, 3, users, 2}};
    const struct event_fold edited = {.edited_seq = 9, .edited_us = 90};
    const struct event_fold deleted = {.deleted = true};
    const struct event_fold popular = {.replies = 2,
                                       .last_reply_seq = 8,
                                       .last_reply_us = 80,
                                       .reactions = reactions,
                                       .reactions_len = 1};
    (void)state;
    assert_told(NULL, "hi", "\"text\":\"hi\"}");
    assert_told(&edited, "hi", "\"text\":\"hi\",\"edited_seq\":9,\"edited_us\":90}");
    assert_told(&deleted, "", "\"text\":\"\",\"deleted\":true}");
    assert_told(&popular, "hi",
                "\"text\":\"hi\",\"reactions\":[{\"emoji\":\"+1\",\"count\":3,\"users\":[7,9]}],"
                "\"replies\":2,\"last_reply_seq\":8,\"last_reply_us\":80}");
}

static void a_channel_for_a_member_and_for_others(void **state)
{
    struct channel channel = {.id = 5,
                              .kind = CHANNEL_PUBLIC,
                              .name = SLICE("general"),
                              .topic = SLICE("all"),
                              .members = 12,
                              .last_seq = 42,
                              .last_n = 40,
                              .member = true,
                              .read_seq = 39,
                              .read_n = 38};
    struct json_writer w;
    struct buf out = {0};
    (void)state;
    json_writer_init(&w, &out);
    write_channel(&w, &channel);
    assert_slice(buf_slice(&out),
                 "{\"id\":5,\"kind\":\"public\",\"name\":\"general\",\"topic\":\"all\","
                 "\"members\":12,\"member\":true,\"last_seq\":42,\"last_n\":40,\"read_seq\":39,"
                 "\"read_n\":38,\"unread\":2}");

    buf_clear(&out);
    channel.member = false;
    json_writer_init(&w, &out);
    write_channel(&w, &channel);
    assert_slice(buf_slice(&out),
                 "{\"id\":5,\"kind\":\"public\",\"name\":\"general\",\"topic\":\"all\","
                 "\"members\":12,\"member\":false,\"last_seq\":42,\"last_n\":40}");
    buf_fini(&out);
}

static void a_direct_channel_names_its_people(void **state)
{
    const struct channel channel = {.id = 6,
                                    .kind = CHANNEL_DIRECT,
                                    .name = SLICE_EMPTY,
                                    .topic = SLICE_EMPTY,
                                    .members = 2,
                                    .users = {7, 9},
                                    .users_len = 2};
    struct json_writer w;
    struct buf out = {0};
    (void)state;
    json_writer_init(&w, &out);
    write_channel(&w, &channel);
    assert_slice(buf_slice(&out),
                 "{\"id\":6,\"kind\":\"direct\",\"name\":\"\",\"topic\":\"\",\"members\":2,"
                 "\"users\":[7,9],\"member\":false,\"last_seq\":0,\"last_n\":0}");
    buf_fini(&out);
}

static void lists_of_people_and_their_escapes(void **state)
{
    struct user items[] = {
        {7, SLICE("ada"), SLICE("Ada <L>"), USER_OWNER, true, SLICE("at \"sea\""), SLICE(":ship:")},
        {9, SLICE("bob"), SLICE("\"\\\x01"), USER_MEMBER, false, SLICE_EMPTY, SLICE_EMPTY}};
    const struct store_users users = {items, 2};
    struct json_writer w;
    struct buf out = {0};
    (void)state;
    json_writer_init(&w, &out);
    json_object_begin(&w);
    write_users(&w, SLICE("users"), &users);
    json_object_end(&w);
    assert_slice(buf_slice(&out),
                 "{\"users\":[{\"id\":7,\"name\":\"ada\",\"display_name\":\"Ada <L>\","
                 "\"role\":\"owner\",\"active\":true,\"status_text\":\"at \\\"sea\\\"\","
                 "\"status_emoji\":\":ship:\"},"
                 "{\"id\":9,\"name\":\"bob\",\"display_name\":\"\\\"\\\\\\u0001\","
                 "\"role\":\"member\",\"active\":false,\"status_text\":\"\","
                 "\"status_emoji\":\"\"}]}");
    buf_fini(&out);
}

static void errors_have_a_word_and_a_sentence_and_tell_how_long_to_wait(void **state)
{
    struct buf out = {0};
    (void)state;
    rpc_write_error(&out, true, 3, ERR_NOT_MEMBER, SLICE("No member."), 0);
    assert_slice(buf_slice(&out), "{\"re\":3,\"error\":\"not_member\",\"message\":\"No member.\"}");
    buf_clear(&out);
    rpc_write_error(&out, false, 0, ERR_RATE_LIMITED, SLICE("Wait."), 250);
    assert_slice(buf_slice(&out),
                 "{\"error\":\"rate_limited\",\"message\":\"Wait.\",\"retry_after_ms\":250}");
    buf_fini(&out);
}

static void every_error_has_a_usual_sentence_and_a_word_of_the_protocol(void **state)
{
    static const char *const words[] = {
        "invalid", "unauthenticated", "wrong_password", "forbidden",   "not_member", "not_found",
        "exists",  "too_big",         "rate_limited",   "unavailable", "disk_full",  "internal",
    };
    (void)state;
    for (int err = ERR_NONE + 1; err <= ERR_INTERNAL; err++) {
        struct buf out = {0};
        bool known = false;
        rpc_write_error(&out, false, 0, (enum err)err, SLICE_EMPTY, 0);
        for (size_t i = 0; i < COUNT(words); i++) {
            struct buf begin = {0};
            buf_format(&begin, "{\"error\":\"%s\",\"message\":\"", words[i]);
            known = known ||
                    (slice_starts(buf_slice(&out), buf_slice(&begin)) && out.len > begin.len + 10);
            buf_fini(&begin);
        }
        if (!known)
            fail_msg("%s", buf_cstr(&out));
        buf_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_that_is_a_message),
        cmocka_unit_test(events_without_text),
        cmocka_unit_test(changes_name_their_target),
        cmocka_unit_test(a_message_tells_what_changes_made_of_it),
        cmocka_unit_test(a_channel_for_a_member_and_for_others),
        cmocka_unit_test(a_direct_channel_names_its_people),
        cmocka_unit_test(lists_of_people_and_their_escapes),
        cmocka_unit_test(errors_have_a_word_and_a_sentence_and_tell_how_long_to_wait),
        cmocka_unit_test(every_error_has_a_usual_sentence_and_a_word_of_the_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
