/* Addresses, networks, and who is behind a proxy. */

#include "../../support/unit_suite.h"

#include "net/address.h"

static struct address parsed(const char *text)
{
    struct address address = {0};
    assert_true(address_parse(slice_str(text), &address));
    return address;
}

static bool same(struct address a, struct address b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void addresses_of_both_kinds_are_read(void **state)
{
    static const char *const wrong[] = {"",         "1.2.3",     "1.2.3.4.5", "1.2.3.256", "::g",
                                        "1.2.3.4 ", "1.2.3.4:5", "[::1",      "[]",        "x"};
    (void)state;
    assert_true(same(parsed("10.0.0.1"), parsed("::ffff:10.0.0.1")));
    assert_true(same(parsed("[::1]"), parsed("::1")));
    assert_false(same(parsed("10.0.0.1"), parsed("10.0.0.2")));
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct address address;
        assert_false(address_parse(slice_str(wrong[i]), &address));
    }
    struct address address;
    assert_false(address_parse(SLICE("1.2.3.4\0"), &address));
}

static void of_ipv6_a_customers_network_counts(void **state)
{
    (void)state;
    const struct address a = parsed("2001:db8:1:2::1");
    const struct address b = parsed("2001:db8:1:2:ffff::9");
    const struct address c = parsed("2001:db8:1:3::1");
    const struct address d = parsed("10.0.0.1");
    const struct address e = parsed("10.0.0.2");
    assert_true(slice_eq(address_key(&a), address_key(&b)));
    assert_false(slice_eq(address_key(&a), address_key(&c)));
    assert_false(slice_eq(address_key(&d), address_key(&e)));
}

static void networks_have_what_shares_their_bits(void **state)
{
    static const char *const wrong[] = {",",         "10.0.0.0/33", "10.0.0.0/",
                                        "::/129",    "10.0.0.0/8,", "10.0.0.0/8,,::1",
                                        "localhost", "10.0.0.0/-1"};
    struct networks networks;
    (void)state;
    assert_int_equal(networks_parse(SLICE(" 10.0.0.0/8 , 192.168.1.7,2001:db8::/33"), &networks),
                     ERR_NONE);
    assert_int_equal(networks.count, 3);
    const struct {
        const char *text;
        bool in;
    } cases[] = {{"10.255.0.1", true},        {"11.0.0.1", false},   {"192.168.1.7", true},
                 {"192.168.1.8", false},      {"2001:db8::1", true}, {"2001:db8:7fff::1", true},
                 {"2001:db8:8000::1", false}, {"::1", false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct address address = parsed(cases[i].text);
        assert_int_equal(networks_have(&networks, &address), cases[i].in);
    }
    assert_int_equal(networks_parse(SLICE_EMPTY, &networks), ERR_NONE);
    assert_int_equal(networks.count, 0);
    assert_int_equal(networks_parse(SLICE("0.0.0.0/0"), &networks), ERR_NONE);
    const struct address any = parsed("8.8.8.8");
    const struct address other = parsed("2001:db8::1");
    assert_true(networks_have(&networks, &any));
    assert_false(networks_have(&networks, &other));
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(networks_parse(slice_str(wrong[i]), &networks), ERR_INVALID);
}

static void only_what_trusted_proxies_wrote_is_believed(void **state)
{
    struct networks trusted;
    (void)state;
    assert_int_equal(networks_parse(SLICE("10.0.0.0/8"), &trusted), ERR_NONE);
    const struct {
        const char *peer;
        const char *forwarded;
        const char *found;
    } cases[] = {
        {"8.8.8.8", "1.1.1.1", "8.8.8.8"}, /* anybody can write that */
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "1.1.1.1", "1.1.1.1"},
        {"10.0.0.1", "6.6.6.6, 1.1.1.1", "1.1.1.1"}, /* the client's own invention before it */
        {"10.0.0.1", "6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"},
        {"10.0.0.1", "10.0.0.9,10.0.0.2", "10.0.0.9"},
        {"10.0.0.1", "1.1.1.1, nonsense", "10.0.0.1"},
        {"10.0.0.1", "1.1.1.1,", "10.0.0.1"},
        {"10.0.0.1", "2001:db8::1", "2001:db8::1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct address found =
            address_behind(&trusted, parsed(cases[i].peer), slice_str(cases[i].forwarded));
        assert_true(same(found, parsed(cases[i].found)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_both_kinds_are_read),
        cmocka_unit_test(of_ipv6_a_customers_network_counts),
        cmocka_unit_test(networks_have_what_shares_their_bits),
        cmocka_unit_test(only_what_trusted_proxies_wrote_is_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
