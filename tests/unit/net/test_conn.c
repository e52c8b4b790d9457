/* Connections over a socket pair: sending, peers that stop reading, closing at any moment. */

#include "../../support/loop_suite.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/net.h"

#define BIG (8u << 20) /* more than any kernel takes at once */

/* The owner of a conn, and the peer's end of it. */
struct owner {
    struct loop *loop;
    struct net *net;
    struct conn *conn;
    int peer; /* blocking unless a test says otherwise; -1: closed */
    size_t got;
    char last; /* the last byte that arrived */
    unsigned datas;
    unsigned drains;
    unsigned closes;
    enum { ON_DATA_NOTHING, ON_DATA_CLOSE, ON_DATA_FINISH, ON_DATA_ANSWER } on_data;
    bool close_on_drain;
    bool stop_on_data;
};

static void on_data(void *arg, char *data, size_t len)
{
    struct owner *owner = arg;
    owner->datas++;
    owner->got += len;
    owner->last = data[len - 1];
    memset(data, 'x', len); /* it may be changed in place */
    if (owner->on_data == ON_DATA_CLOSE)
        conn_close(owner->conn);
    else if (owner->on_data == ON_DATA_FINISH)
        conn_finish(owner->conn, 100);
    else if (owner->on_data == ON_DATA_ANSWER)
        conn_send_copy(owner->conn, SLICE("answer"));
    if (owner->stop_on_data)
        loop_stop(owner->loop);
}

static void on_drain(void *arg)
{
    struct owner *owner = arg;
    owner->drains++;
    if (owner->close_on_drain)
        conn_close(owner->conn);
    loop_stop(owner->loop);
}

static void on_closed(void *arg)
{
    struct owner *owner = arg;
    owner->closes++;
    owner->conn = NULL;
    loop_stop(owner->loop);
}

static const struct conn_handler handler = {on_data, on_drain, on_closed};

static int setup(void **state)
{
    struct owner *owner = mem_zalloc(sizeof(*owner));
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    owner->loop = loop_create();
    owner->net = net_create(owner->loop);
    owner->conn = conn_create(owner->net, fds[0], &handler, owner);
    owner->peer = fds[1];
    *state = owner;
    return 0;
}

static void close_peer(struct owner *owner)
{
    if (owner->peer >= 0)
        close(owner->peer);
    owner->peer = -1;
}

static int teardown(void **state)
{
    struct owner *owner = *state;
    if (owner->conn != NULL)
        conn_close(owner->conn);
    while (owner->closes == 0)
        run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
    assert_int_equal(net_stats(owner->net)->connections, 0);
    close_peer(owner);
    net_destroy(owner->net);
    loop_destroy(owner->loop);
    mem_free(owner);
    return 0;
}

static void peer_writes(struct owner *owner, const char *text)
{
    assert_int_equal(write(owner->peer, text, strlen(text)), (ssize_t)strlen(text));
}

/* What the peer has, up to `max` bytes; blocks until something is there. 0: the end. */
static size_t peer_reads(struct owner *owner, char *out, size_t max)
{
    const ssize_t got = read(owner->peer, out, max);
    assert_true(got >= 0);
    return (size_t)got;
}

/* ---- sending ---- */

static void what_is_queued_in_one_turn_goes_out_in_one_write(void **state)
{
    struct owner *owner = *state;
    char text[64];
    conn_send_copy(owner->conn, SLICE("one "));
    conn_send_copy(owner->conn, SLICE("two "));
    conn_send_copy(owner->conn, SLICE(""));
    conn_send_copy(owner->conn, SLICE("three"));
    assert_int_equal(conn_queued(owner->conn), 13);
    assert_int_equal(net_stats(owner->net)->writes, 0);
    run_until_stopped(owner->loop);
    assert_int_equal(owner->drains, 1);
    assert_int_equal(conn_queued(owner->conn), 0);
    assert_int_equal(net_stats(owner->net)->writes, 1);
    assert_int_equal(net_stats(owner->net)->bytes_out, 13);
    assert_int_equal(peer_reads(owner, text, sizeof(text)), 13);
    assert_memory_equal(text, "one two three", 13);
}

static void more_parts_than_one_write_takes_arrive_in_order(void **state)
{
    enum { PARTS = 5000 };
    struct owner *owner = *state;
    char text[PARTS];
    for (unsigned i = 0; i < PARTS; i++) {
        const char c = (char)('a' + i % 26);
        conn_send_copy(owner->conn, slice_from(&c, 1));
    }
    run_until_stopped(owner->loop);
    size_t got = 0;
    while (got < PARTS)
        got += peer_reads(owner, text + got, PARTS - got);
    for (unsigned i = 0; i < PARTS; i++)
        assert_int_equal(text[i], 'a' + i % 26);
}

static struct bytes *big_bytes(void)
{
    struct bytes *bytes = bytes_create_room(BIG);
    for (size_t i = 0; i < BIG; i++)
        bytes->data[i] = (char)(i * 7 + i / 251);
    return bytes;
}

/* Queue more than the kernel takes and run until it is held up. */
static struct bytes *stall(struct owner *owner)
{
    struct bytes *bytes = big_bytes();
    conn_send(owner->conn, bytes_ref(bytes));
    run_turns(owner->loop, 5);
    assert_true(conn_queued(owner->conn) > 0);
    assert_true(conn_queued(owner->conn) < BIG);
    assert_true(conn_stalled_since_ms(owner->conn) != 0);
    return bytes;
}

static void a_peer_that_stops_reading_holds_the_queue_up_and_gets_all_of_it_later(void **state)
{
    struct owner *owner = *state;
    struct bytes *bytes = stall(owner);
    const size_t held = conn_queued(owner->conn);
    const uint64_t writes = net_stats(owner->net)->writes;

    /* While it is held up nothing more is tried. */
    conn_send_copy(owner->conn, SLICE("behind"));
    run_turns(owner->loop, 5);
    assert_int_equal(conn_queued(owner->conn), held + 6);
    assert_int_equal(net_stats(owner->net)->writes, writes);
    assert_int_equal(owner->drains, 0);

    char *all = mem_alloc(BIG + 6);
    size_t got = 0;
    while (got < BIG + 6) {
        const ssize_t part = recv(owner->peer, all + got, 100000, MSG_DONTWAIT);
        if (part > 0)
            got += (size_t)part;
        else
            run_turns(owner->loop, 1);
    }
    assert_memory_equal(all, bytes->data, BIG);
    assert_memory_equal(all + BIG, "behind", 6);
    while (owner->drains == 0)
        run_until_stopped(owner->loop);
    assert_int_equal(owner->drains, 1);
    assert_int_equal(conn_stalled_since_ms(owner->conn), 0);
    assert_int_equal(conn_queued(owner->conn), 0);
    mem_free(all);
    bytes_unref(bytes);
}

static void references_come_back_when_sent_dropped_or_too_late(void **state)
{
    struct owner *owner = *state;
    struct bytes *sent = bytes_create(SLICE("sent"));
    conn_send(owner->conn, bytes_ref(sent));
    run_until_stopped(owner->loop);
    assert_int_equal(sent->refs, 1);

    struct bytes *dropped = stall(owner);
    assert_int_equal(dropped->refs, 2);
    conn_close(owner->conn);
    assert_int_equal(dropped->refs, 1);
    conn_send(owner->conn, bytes_ref(sent)); /* closed: dropped at once */
    assert_int_equal(sent->refs, 1);
    bytes_unref(dropped);
    bytes_unref(sent);
}

/* ---- reading ---- */

static void data_arrives_and_can_be_answered(void **state)
{
    struct owner *owner = *state;
    char text[16];
    owner->on_data = ON_DATA_ANSWER;
    peer_writes(owner, "hello");
    run_until_stopped(owner->loop);
    assert_int_equal(owner->got, 5);
    assert_int_equal(owner->last, 'o');
    assert_int_equal(peer_reads(owner, text, sizeof(text)), 6);
    assert_int_equal(net_stats(owner->net)->bytes_in, 5);
}

static void a_paused_conn_reads_nothing_until_it_is_resumed(void **state)
{
    struct owner *owner = *state;
    conn_pause(owner->conn);
    conn_pause(owner->conn);
    peer_writes(owner, "wait");
    run_turns(owner->loop, 10);
    assert_int_equal(owner->datas, 0);

    /* It still sends. */
    char text[16];
    conn_send_copy(owner->conn, SLICE("out"));
    run_until_stopped(owner->loop);
    assert_int_equal(peer_reads(owner, text, sizeof(text)), 3);

    owner->stop_on_data = true;
    conn_resume(owner->conn);
    conn_resume(owner->conn);
    run_until_stopped(owner->loop);
    assert_int_equal(owner->got, 4);
}

static void a_paused_conn_can_be_held_up_and_drained(void **state)
{
    struct owner *owner = *state;
    struct bytes *bytes = stall(owner);
    conn_pause(owner->conn);
    char *room = mem_alloc(1 << 20);
    size_t got = 0;
    while (got < BIG) {
        const ssize_t part = recv(owner->peer, room, 1 << 20, MSG_DONTWAIT);
        if (part > 0)
            got += (size_t)part;
        else
            run_turns(owner->loop, 1);
    }
    while (owner->drains == 0)
        run_until_stopped(owner->loop);
    mem_free(room);
    bytes_unref(bytes);
}

static void another_owner_is_told_from_now_on(void **state)
{
    struct owner *owner = *state;
    struct owner second = *owner;
    second.stop_on_data = true;
    peer_writes(owner, "one");
    owner->stop_on_data = true;
    run_until_stopped(owner->loop);
    conn_set_handler(owner->conn, &handler, &second);
    peer_writes(owner, "second");
    run_until_stopped(owner->loop);
    assert_int_equal(owner->got, 3);
    assert_int_equal(second.got, 6);
    conn_set_handler(owner->conn, &handler, owner);
}

/* ---- closing ---- */

static void closing_is_told_once_and_later(void **state)
{
    struct owner *owner = *state;
    struct conn *conn = owner->conn;
    conn_close(conn);
    conn_close(conn);
    conn_finish(conn, 100);
    conn_pause(conn);
    conn_resume(conn);
    conn_send_copy(conn, SLICE("late"));
    assert_int_equal(owner->closes, 0);
    run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
    char byte;
    assert_int_equal(peer_reads(owner, &byte, 1), 0);
}

static void a_conn_may_be_closed_from_its_own_callbacks(void **state)
{
    struct owner *owner = *state;
    owner->on_data = ON_DATA_CLOSE;
    peer_writes(owner, "x");
    run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
    assert_int_equal(owner->drains, 0);
}

static void a_conn_may_be_closed_when_it_has_drained(void **state)
{
    struct owner *owner = *state;
    owner->close_on_drain = true;
    conn_send_copy(owner->conn, SLICE("last words"));
    while (owner->closes == 0)
        run_until_stopped(owner->loop);
    char text[16];
    assert_int_equal(peer_reads(owner, text, sizeof(text)), 10);
    assert_int_equal(peer_reads(owner, text, sizeof(text)), 0);
}

static void a_peer_that_goes_away_is_told(void **state)
{
    struct owner *owner = *state;
    close_peer(owner);
    run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
}

static void a_peer_that_goes_away_while_it_is_written_to_is_told_once(void **state)
{
    struct owner *owner = *state;
    struct bytes *bytes = stall(owner);
    close_peer(owner);
    run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
    assert_int_equal(bytes->refs, 1);
    bytes_unref(bytes);
}

static void writing_to_a_peer_that_has_gone_closes(void **state)
{
    struct owner *owner = *state;
    conn_pause(owner->conn); /* so that reading does not tell first */
    close_peer(owner);
    conn_send_copy(owner->conn, SLICE("anybody?"));
    run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
    assert_int_equal(owner->drains, 0);
}

/* ---- finishing ---- */

static void finishing_sends_the_queue_then_the_end_and_waits_for_the_peer(void **state)
{
    struct owner *owner = *state;
    char text[16];
    conn_send_copy(owner->conn, SLICE("bye"));
    conn_finish(owner->conn, 60000);
    conn_finish(owner->conn, 1);
    conn_send_copy(owner->conn, SLICE("too late"));
    run_turns(owner->loop, 5);
    assert_int_equal(peer_reads(owner, text, sizeof(text)), 3);
    assert_int_equal(peer_reads(owner, text, sizeof(text)), 0);
    assert_int_equal(owner->closes, 0);

    /* What still arrives is thrown away; the peer's end ends it. */
    peer_writes(owner, "one more thing");
    run_turns(owner->loop, 5);
    assert_int_equal(owner->datas, 0);
    assert_int_equal(owner->closes, 0);
    close_peer(owner);
    run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
    assert_int_equal(owner->drains, 0);
}

static void finishing_ends_without_the_peer_after_the_linger_time(void **state)
{
    struct owner *owner = *state;
    conn_finish(owner->conn, 100);
    run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
}

static void finishing_ends_in_time_even_if_nothing_can_be_sent(void **state)
{
    struct owner *owner = *state;
    struct bytes *bytes = stall(owner);
    conn_finish(owner->conn, 100);
    run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
    assert_int_equal(bytes->refs, 1);
    bytes_unref(bytes);
}

static void finishing_sends_a_queue_that_is_held_up_whole(void **state)
{
    struct owner *owner = *state;
    struct bytes *bytes = stall(owner);
    conn_finish(owner->conn, 60000);
    char *room = mem_alloc(1 << 20);
    size_t got = 0;
    for (;;) {
        const ssize_t part = recv(owner->peer, room, 1 << 20, MSG_DONTWAIT);
        if (part == 0)
            break;
        if (part > 0)
            got += (size_t)part;
        else
            run_turns(owner->loop, 1);
    }
    assert_int_equal(got, BIG);
    mem_free(room);
    bytes_unref(bytes);
}

static void a_conn_may_be_finished_from_its_own_callback(void **state)
{
    struct owner *owner = *state;
    owner->on_data = ON_DATA_FINISH;
    peer_writes(owner, "x");
    run_until_stopped(owner->loop);
    assert_int_equal(owner->datas, 1);
    assert_int_equal(owner->closes, 1);
}

static void a_paused_conn_that_finishes_still_sees_the_peer_go(void **state)
{
    struct owner *owner = *state;
    conn_pause(owner->conn);
    conn_finish(owner->conn, 60000);
    close_peer(owner);
    run_until_stopped(owner->loop);
    assert_int_equal(owner->closes, 1);
}

#define conn_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        conn_test(what_is_queued_in_one_turn_goes_out_in_one_write),
        conn_test(more_parts_than_one_write_takes_arrive_in_order),
        conn_test(a_peer_that_stops_reading_holds_the_queue_up_and_gets_all_of_it_later),
        conn_test(references_come_back_when_sent_dropped_or_too_late),
        conn_test(data_arrives_and_can_be_answered),
        conn_test(a_paused_conn_reads_nothing_until_it_is_resumed),
        conn_test(a_paused_conn_can_be_held_up_and_drained),
        conn_test(another_owner_is_told_from_now_on),
        conn_test(closing_is_told_once_and_later),
        conn_test(a_conn_may_be_closed_from_its_own_callbacks),
        conn_test(a_conn_may_be_closed_when_it_has_drained),
        conn_test(a_peer_that_goes_away_is_told),
        conn_test(a_peer_that_goes_away_while_it_is_written_to_is_told_once),
        conn_test(writing_to_a_peer_that_has_gone_closes),
        conn_test(finishing_sends_the_queue_then_the_end_and_waits_for_the_peer),
        conn_test(finishing_ends_without_the_peer_after_the_linger_time),
        conn_test(finishing_ends_in_time_even_if_nothing_can_be_sent),
        conn_test(finishing_sends_a_queue_that_is_held_up_whole),
        conn_test(a_conn_may_be_finished_from_its_own_callback),
        conn_test(a_paused_conn_that_finishes_still_sees_the_peer_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
