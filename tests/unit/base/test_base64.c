/* Base64, with the vectors of RFC 4648 section 10. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *bytes;
    const char *text;
} VECTORS[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/"},
};

static void vectors_are_encoded_and_decoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(VECTORS); i++) {
        const struct slice bytes = slice_str(VECTORS[i].bytes);
        const struct slice text = slice_str(VECTORS[i].text);
        char encoded[16];
        uint8_t decoded[16];
        size_t len;
        assert_int_equal(BASE64_LEN(bytes.len), text.len);
        base64_encode(bytes, encoded);
        assert_true(slice_eq(slice_from(encoded, text.len), text));
        assert_true(base64_decode(text, decoded, &len));
        assert_true(slice_eq(slice_from(decoded, len), bytes));
    }
}

static void what_was_encoded_is_decoded_again(void **state)
{
    (void)state;
    uint8_t bytes[96];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 167 + 13);
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        char text[BASE64_LEN(sizeof(bytes))];
        uint8_t back[sizeof(text) / 4 * 3];
        size_t back_len;
        base64_encode(slice_from(bytes, len), text);
        assert_true(base64_decode(slice_from(text, BASE64_LEN(len)), back, &back_len));
        assert_true(slice_eq(slice_from(back, back_len), slice_from(bytes, len)));
    }
}

static void all_but_the_canonical_form_is_refused(void **state)
{
    (void)state;
    const char *texts[] = {
        "Z",        "Zg",       "Zg=",  "Zm8",  "====",    "=Zg=",    "Z===",
        "Zg==Zg==", "Zm8=Zm9v", "Zh==", "Zm9=", "Zg==\n",  "Zm9v ",   " Zm9v",
        "Zm 9v",    "Zm\n9",    "Zm9-", "Zm9_", "Zm9\x80", "Zm9vYg=", "Zg=A",
        "Zm9vYm=y", "Zm9v====", "=m9v", "Z=9v", "Zm=v",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        uint8_t out[16];
        size_t len = 42;
        if (base64_decode(slice_str(texts[i]), out, &len))
            fail_msg("accepted: %s", texts[i]);
        assert_int_equal(len, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_encoded_and_decoded),
        cmocka_unit_test(what_was_encoded_is_decoded_again),
        cmocka_unit_test(all_but_the_canonical_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
