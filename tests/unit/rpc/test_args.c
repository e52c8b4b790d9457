/* Reading the arguments of calls: what is taken, what is refused, and that the sentence names it.
 */

#include "../../support/unit_suite.h"

#include <string.h>

#include "rpc/args.h"

static struct rpc_call *call_with(const char *json)
{
    struct rpc_call *call = rpc_create(NULL, slice_str(json));
    assert_non_null(call);
    return call;
}

/* The refusal names the argument. */
static void assert_refused(const struct rpc_call *call, enum err got, enum err wanted,
                           const char *name)
{
    assert_err(got, wanted);
    assert_true(slice_starts(call->problem, slice_str(name)));
}

static void text_that_is_no_object_makes_no_call(void **state)
{
    static const char *const texts[] = {
        "", "null", "[]", "1", "\"x\"", "{", "{}x", "{\"a\":01}", "{\"a\":\"\\ud800\"}"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_null(rpc_create(NULL, slice_str(texts[i])));
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    struct rpc_call *call = call_with("{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}"); /* 16 levels */
    rpc_destroy(call);
    assert_null(rpc_create(NULL, SLICE("{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}")));
}

static void the_call_owns_a_copy_of_the_text(void **state)
{
    char text[] = "{\"name\":\"ada\"}";
    struct slice name;
    (void)state;
    struct rpc_call *call = call_with(text);
    memset(text, 'x', sizeof(text) - 1);
    assert_ok(args_string(call, SLICE("name"), 10, &name));
    assert_slice(name, "ada");
    rpc_destroy(call);
}

/* ---- numbers ---- */

static void whole_numbers_below_2_to_the_53_are_taken(void **state)
{
    static const struct {
        const char *json;
        uint64_t value;
    } cases[] = {
        {"{\"n\":0}", 0}, {"{\"n\":7}", 7}, {"{\"n\":9007199254740991}", 9007199254740991}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rpc_call *call = call_with(cases[i].json);
        uint64_t value = 99;
        assert_ok(args_u64(call, SLICE("n"), 5, &value));
        assert_int_equal(value, cases[i].value);
        rpc_destroy(call);
    }
}

static void an_absent_or_null_number_is_the_fallback_and_an_id_must_be_there(void **state)
{
    static const char *const texts[] = {"{}", "{\"n\":null}", "{\"m\":7}"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct rpc_call *call = call_with(texts[i]);
        uint64_t value = 99;
        assert_ok(args_u64(call, SLICE("n"), 5, &value));
        assert_int_equal(value, 5);
        assert_false(args_has(call, SLICE("n")));
        assert_refused(call, args_id(call, SLICE("n"), &value), ERR_INVALID, "n ");
        rpc_destroy(call);
    }
}

static void all_else_is_no_number(void **state)
{
    static const char *const values[] = {
        "-1", "1.0", "1e3", "9007199254740992", "18446744073709551616", "\"7\"", "true",
        "[]", "{}",  "-0"};
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct buf json = {0};
        uint64_t value;
        size_t limit;
        buf_format(&json, "{\"n\":%s,\"limit\":%s}", values[i], values[i]);
        struct rpc_call *call = call_with(buf_cstr(&json));
        assert_refused(call, args_u64(call, SLICE("n"), 5, &value), ERR_INVALID, "n ");
        assert_refused(call, args_id(call, SLICE("n"), &value), ERR_INVALID, "n ");
        assert_refused(call, args_limit(call, 50, 500, &limit), ERR_INVALID, "limit ");
        rpc_destroy(call);
        buf_fini(&json);
    }
}

static void an_id_is_not_0(void **state)
{
    (void)state;
    struct rpc_call *call = call_with("{\"n\":0}");
    uint64_t id;
    assert_refused(call, args_id(call, SLICE("n"), &id), ERR_INVALID, "n ");
    rpc_destroy(call);
}

static void a_limit_is_from_1_to_its_maximum(void **state)
{
    static const struct {
        const char *json;
        size_t limit; /* 0: refused */
    } cases[] = {{"{}", 50},           {"{\"limit\":1}", 1},   {"{\"limit\":500}", 500},
                 {"{\"limit\":0}", 0}, {"{\"limit\":501}", 0}, {"{\"limit\":null}", 50}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct rpc_call *call = call_with(cases[i].json);
        size_t limit = 0;
        const enum err err = args_limit(call, 50, 500, &limit);
        assert_int_equal(err, cases[i].limit == 0 ? ERR_INVALID : ERR_NONE);
        assert_int_equal(limit, cases[i].limit);
        rpc_destroy(call);
    }
}

/* ---- strings ---- */

static void strings_are_decoded_and_measured_in_bytes(void **state)
{
    (void)state;
    struct rpc_call *call = call_with("{\"s\":\"a\\n\\u00e4\\ud83d\\ude00\"}");
    struct slice s;
    assert_ok(args_string(call, SLICE("s"), 8, &s));
    assert_slice(s, "a\n\xc3\xa4\xf0\x9f\x98\x80");
    assert_refused(call, args_string(call, SLICE("s"), 7, &s), ERR_TOO_BIG, "s ");
    rpc_destroy(call);
}

static void a_string_may_hold_a_nul_and_keeps_its_length(void **state)
{
    (void)state;
    struct rpc_call *call = call_with("{\"s\":\"a\\u0000b\"}");
    struct slice s;
    assert_ok(args_string(call, SLICE("s"), 10, &s));
    assert_int_equal(s.len, 3);
    rpc_destroy(call);
}

static void a_string_is_missing_or_empty_as_asked(void **state)
{
    static const char *const texts[] = {"{}", "{\"s\":null}"};
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct rpc_call *call = call_with(texts[i]);
        struct slice s = SLICE("before");
        assert_ok(args_string_or_empty(call, SLICE("s"), 10, &s));
        assert_int_equal(s.len, 0);
        assert_refused(call, args_string(call, SLICE("s"), 10, &s), ERR_INVALID, "s ");
        rpc_destroy(call);
    }
    struct rpc_call *call = call_with("{\"s\":7}");
    struct slice s;
    assert_refused(call, args_string(call, SLICE("s"), 10, &s), ERR_INVALID, "s ");
    assert_refused(call, args_string_or_empty(call, SLICE("s"), 10, &s), ERR_INVALID, "s ");
    rpc_destroy(call);
}

/* ---- lists of ids ---- */

static void ids_are_read_in_their_order(void **state)
{
    (void)state;
    struct rpc_call *call = call_with("{\"ids\":[3, 1,9007199254740991]}");
    uint64_t *ids = NULL;
    size_t count = 0;
    assert_ok(args_ids(call, SLICE("ids"), 3, &ids, &count));
    assert_int_equal(count, 3);
    assert_int_equal(ids[0], 3);
    assert_int_equal(ids[1], 1);
    assert_int_equal(ids[2], 9007199254740991);
    assert_refused(call, args_ids(call, SLICE("ids"), 2, &ids, &count), ERR_TOO_BIG, "ids ");
    rpc_destroy(call);
}

static void what_is_no_list_of_ids_is_refused(void **state)
{
    static const char *const values[] = {"7",          "\"1,2\"",           "{}",    "[0]",
                                         "[-1]",       "[\"1\"]",           "[[1]]", "[null]",
                                         "[1,2,true]", "[9007199254740992]"};
    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        struct buf json = {0};
        uint64_t *ids;
        size_t count;
        buf_format(&json, "{\"ids\":%s}", values[i]);
        struct rpc_call *call = call_with(buf_cstr(&json));
        assert_refused(call, args_ids(call, SLICE("ids"), 10, &ids, &count), ERR_INVALID, "ids ");
        rpc_destroy(call);
        buf_fini(&json);
    }
}

static void absent_ids_are_none(void **state)
{
    (void)state;
    struct rpc_call *call = call_with("{\"ids\":null}");
    uint64_t *ids = NULL;
    size_t count = 7;
    assert_ok(args_ids(call, SLICE("ids"), 10, &ids, &count));
    assert_int_equal(count, 0);
    rpc_destroy(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_that_is_no_object_makes_no_call),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(the_call_owns_a_copy_of_the_text),
        cmocka_unit_test(whole_numbers_below_2_to_the_53_are_taken),
        cmocka_unit_test(an_absent_or_null_number_is_the_fallback_and_an_id_must_be_there),
        cmocka_unit_test(all_else_is_no_number),
        cmocka_unit_test(an_id_is_not_0),
        cmocka_unit_test(a_limit_is_from_1_to_its_maximum),
        cmocka_unit_test(strings_are_decoded_and_measured_in_bytes),
        cmocka_unit_test(a_string_may_hold_a_nul_and_keeps_its_length),
        cmocka_unit_test(a_string_is_missing_or_empty_as_asked),
        cmocka_unit_test(ids_are_read_in_their_order),
        cmocka_unit_test(what_is_no_list_of_ids_is_refused),
        cmocka_unit_test(absent_ids_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
