/* Notices and their binary form. */

#include "../../support/unit_suite.h"

#include "base/buf.h"
#include "chat/notice.h"

static const struct notice notices[] = {
    {.kind = NOTICE_JOINED, .channel = 5},
    {.kind = NOTICE_LEFT, .channel = (1ULL << 53) - 1},
    {.kind = NOTICE_READ,
     .channel = 2,
     .read_seq = UINT64_MAX,
     .read_n = UINT64_MAX - 1,
     .unread = 0x0102030405060708},
    {.kind = NOTICE_LOGGED_OUT, .session = 0xfffefdfcfbfaf9f8},
    {.kind = NOTICE_REVOKED, .session = 0x0102030405060708},
    {.kind = NOTICE_USER},
};

static void a_notice_comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(notices); i++) {
        struct bytes *bytes = notice_encode(&notices[i]);
        struct notice got;
        assert_true(notice_decode(bytes_slice(bytes), &got));
        assert_int_equal(got.kind, notices[i].kind);
        assert_int_equal(got.channel, notices[i].channel);
        assert_int_equal(got.read_seq, notices[i].read_seq);
        assert_int_equal(got.read_n, notices[i].read_n);
        assert_int_equal(got.unread, notices[i].unread);
        assert_int_equal(got.session, notices[i].session);
        bytes_unref(bytes);
    }
}

static void what_is_cut_short_or_too_long_is_no_notice(void **state)
{
    struct bytes *bytes = notice_encode(&notices[1]);
    struct notice got;
    (void)state;
    for (size_t len = 0; len < bytes->len; len++)
        assert_false(notice_decode(slice_from(bytes->data, len), &got));
    struct buf longer = {0};
    buf_append(&longer, bytes_slice(bytes));
    buf_byte(&longer, 'x');
    assert_false(notice_decode(buf_slice(&longer), &got));
    buf_fini(&longer);
    bytes_unref(bytes);
}

static void an_unknown_kind_is_no_notice(void **state)
{
    struct bytes *bytes = notice_encode(&notices[0]);
    struct notice got;
    (void)state;
    for (unsigned kind = 0; kind < 256; kind++) {
        bytes->data[0] = (char)(uint8_t)kind;
        assert_int_equal(notice_decode(bytes_slice(bytes), &got),
                         kind >= NOTICE_JOINED && kind <= NOTICE_USER);
    }
    bytes_unref(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_comes_back_as_it_was),
        cmocka_unit_test(what_is_cut_short_or_too_long_is_no_notice),
        cmocka_unit_test(an_unknown_kind_is_no_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
