/* Typing and its binary form. */

#include "../../support/unit_suite.h"

#include "chat/typing.h"
#include "model/event.h"

static void what_was_encoded_is_decoded_and_is_no_event(void **state)
{
    const struct typing typing = {0xfffefdfcfbfaf9f8, 0x0102030405060708};
    struct bytes *bytes = typing_encode(&typing);
    struct typing back;
    struct event event;
    (void)state;
    assert_true(typing_decode(bytes_slice(bytes), &back));
    assert_true(back.user == typing.user && back.thread == typing.thread);
    assert_false(event_decode(bytes_slice(bytes), &event));
    bytes_unref(bytes);
}

static void all_else_is_refused(void **state)
{
    const struct typing typing = {7, 0};
    struct bytes *bytes = typing_encode(&typing);
    const struct event join = {.kind = EVENT_JOIN, .channel = 1, .seq = 1, .text = SLICE_EMPTY};
    struct bytes *encoded = event_encode(&join);
    struct typing back = {.user = 9};
    (void)state;
    for (size_t len = 0; len < bytes->len; len++)
        assert_false(typing_decode(slice_from(bytes->data, len), &back));
    assert_false(typing_decode(bytes_slice(encoded), &back));
    for (unsigned first = 0; first < 256; first++) {
        bytes->data[0] = (char)(uint8_t)first;
        assert_int_equal(typing_decode(bytes_slice(bytes), &back), first == 't');
    }
    bytes_unref(encoded);
    bytes_unref(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_encoded_is_decoded_and_is_no_event),
        cmocka_unit_test(all_else_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
