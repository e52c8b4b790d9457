/* Listeners: the addresses they take, and several on one port. */

#include "../../support/loop_suite.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"

/* ---- addresses ---- */

static void addresses_are_taken_in_these_forms(void **state)
{
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
    } cases[] = {
        {"127.0.0.1:8080", "127.0.0.1", 8080},
        {"0.0.0.0:1", "0.0.0.0", 1},
        {"[::1]:8080", "::1", 8080},
        {"[::]:0", "::", 0},
        {"localhost:65535", "127.0.0.1", 65535},
        {":8080", "0.0.0.0", 8080},
        {"*:8080", "0.0.0.0", 8080},
        {"8080", "127.0.0.1", 8080},
        {"0", "127.0.0.1", 0},
        {"[2001:db8::1]:443", "2001:db8::1", 443},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct listen_address address;
        assert_int_equal(listen_address_parse(cases[i].text, &address), ERR_NONE);
        assert_string_equal(address.host, cases[i].host);
        assert_int_equal(address.port, cases[i].port);
    }
}

static void other_addresses_are_refused_and_leave_the_result_alone(void **state)
{
    static const char *const cases[] = {
        "",
        ":",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "a:b",
        "host:80",
        "127.0.0.1:80 ",
        " 127.0.0.1:80",
        "127.0.0.256:80",
        "[::1]",
        "[::1:80",
        "[]:80",
        "[:80",
        "127.0.0.1:8o",
        "http://x:80",
        "127.1:80",
        "127.0.0.1:99999999999999999999",
        "[127.0.0.1",
        "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234:80",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct listen_address address = {.host = "before", .port = 7};
        if (listen_address_parse(cases[i], &address) != ERR_INVALID)
            fail_msg("\"%s\" was taken", cases[i]);
        assert_string_equal(address.host, "before");
        assert_int_equal(address.port, 7);
    }
}

static void claiming_port_0_gives_a_free_one(void **state)
{
    struct listen_address address;
    (void)state;
    assert_int_equal(listen_address_parse("127.0.0.1:0", &address), ERR_NONE);
    assert_int_equal(listen_address_claim(&address), ERR_NONE);
    assert_int_not_equal(address.port, 0);
}

static void an_address_that_is_not_of_this_machine_cannot_be_claimed(void **state)
{
    struct listen_address address;
    (void)state;
    assert_int_equal(listen_address_parse("192.0.2.1:0", &address), ERR_NONE);
    assert_int_equal(listen_address_claim(&address), ERR_INVALID);
}

/* ---- accepting ---- */

struct door {
    struct loop *loop;
    struct listener *listener;
    unsigned accepted;
    bool blocking; /* one of the accepted was */
};

static void accept_one(int fd, void *arg)
{
    struct door *door = arg;
    door->accepted++;
    if ((fcntl(fd, F_GETFL) & O_NONBLOCK) == 0)
        door->blocking = true;
    close(fd);
    loop_stop(door->loop);
}

static int connect_to(const struct listen_address *address)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(address->port)};
    inet_pton(AF_INET, address->host, &to.sin_addr);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return fd;
    close(fd);
    return -1;
}

static struct listen_address free_address(void)
{
    struct listen_address address;
    assert_int_equal(listen_address_parse("127.0.0.1:0", &address), ERR_NONE);
    assert_int_equal(listen_address_claim(&address), ERR_NONE);
    return address;
}

static void several_listeners_share_an_address_and_every_connection_is_accepted_once(void **state)
{
    enum { CONNECTIONS = 200 };
    const struct listen_address address = free_address();
    struct loop *loop = loop_create();
    struct door doors[3] = {0};
    int fds[CONNECTIONS];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        doors[i].loop = loop;
        assert_int_equal(listener_open(loop, &address, accept_one, &doors[i], &doors[i].listener),
                         ERR_NONE);
    }
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        fds[i] = connect_to(&address);
        assert_true(fds[i] >= 0);
    }
    while (doors[0].accepted + doors[1].accepted + doors[2].accepted < CONNECTIONS)
        run_until_stopped(loop);
    run_turns(loop, 3);
    assert_int_equal(doors[0].accepted + doors[1].accepted + doors[2].accepted, CONNECTIONS);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(doors[i].accepted > 0); /* the kernel spreads them */
        assert_false(doors[i].blocking);
        listener_close(doors[i].listener);
    }
    for (unsigned i = 0; i < CONNECTIONS; i++)
        close(fds[i]);
    loop_destroy(loop);
}

static void an_address_that_is_listened_on_cannot_be_claimed(void **state)
{
    struct listen_address address = free_address();
    struct loop *loop = loop_create();
    struct door door = {.loop = loop};
    (void)state;
    assert_int_equal(listener_open(loop, &address, accept_one, &door, &door.listener), ERR_NONE);
    assert_int_equal(listen_address_claim(&address), ERR_EXISTS);
    listener_close(door.listener);
    loop_destroy(loop);
}

static void after_closing_nothing_is_accepted_any_more(void **state)
{
    const struct listen_address address = free_address();
    struct loop *loop = loop_create();
    struct door door = {.loop = loop};
    (void)state;
    assert_int_equal(listener_open(loop, &address, accept_one, &door, &door.listener), ERR_NONE);
    const int waiting = connect_to(&address);
    listener_close(door.listener);
    run_turns(loop, 5);
    assert_int_equal(door.accepted, 0);
    assert_int_equal(connect_to(&address), -1);
    close(waiting);
    listener_close(NULL);
    loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_in_these_forms),
        cmocka_unit_test(other_addresses_are_refused_and_leave_the_result_alone),
        cmocka_unit_test(claiming_port_0_gives_a_free_one),
        cmocka_unit_test(an_address_that_is_not_of_this_machine_cannot_be_claimed),
        cmocka_unit_test(several_listeners_share_an_address_and_every_connection_is_accepted_once),
        cmocka_unit_test(an_address_that_is_listened_on_cannot_be_claimed),
        cmocka_unit_test(after_closing_nothing_is_accepted_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
