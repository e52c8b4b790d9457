/* Calls on a loop with store threads: each is answered once, and no refusal is lost on the way. */

#include "../../support/loop_suite.h"

#include <sodium.h>
#include <string.h>

#include "base/mem.h"
#include "bus/bus.h"
#include "chat/chat.h"
#include "ev/pool.h"
#include "rpc/rpc.h"
#include "store/store.h"

#define STORE_URL "mem:calls"

struct room {
    struct loop *loop;
    struct chat chat;
    struct chat_options options;
    unsigned left; /* calls that are not answered */
    unsigned refused;
    unsigned wrong;
    enum err wanted;
};

static enum err open_store(void *arg, void **context)
{
    struct store *store = NULL;
    const enum err err = store_open(arg, &store);
    *context = store;
    return err;
}

static void close_store(void *context)
{
    store_close(context);
}

static struct pool *new_pool(void)
{
    static char url[] = STORE_URL;
    const struct pool_options options = {.name = "store",
                                         .threads = 3,
                                         .queue_max = 10000,
                                         .open = open_store,
                                         .close = close_store,
                                         .arg = url};
    struct pool *pool = NULL;
    assert_int_equal(pool_create(&options, &pool), ERR_NONE);
    return pool;
}

static void ignore_commit(const struct event *const *events, size_t count, void *arg)
{
    (void)events;
    (void)count;
    (void)arg;
}

static int setup(void **state)
{
    struct room *room = mem_zalloc(sizeof(*room));
    const struct journal_options journal = {.queue_max = 10000, .on_commit = ignore_commit};
    room->loop = loop_create();
    room->options = (struct chat_options){
        .accounts = {.argon2_passes = 1, .argon2_bytes = 8192, .session_us = 3600LL * 1000000},
    };
    const struct limit_rate often = {100000, 60000, 100000};
    const struct limit_rate few = {1, 60000, 3};
    const struct limits_options limits = {.rates = {few, often, often, often, often},
                                          .open_max = {10, 10, 10}};
    room->chat = (struct chat){.loop = room->loop, .options = &room->options};
    room->chat.stores = new_pool();
    room->chat.passwords = new_pool();
    assert_int_equal(journal_open("mem:", &journal, &room->chat.journal), ERR_NONE);
    assert_int_equal(bus_open(room->loop, "mem:", &room->chat.bus), ERR_NONE);
    room->chat.limits = limits_create(&limits);
    chat_init(&room->chat);
    *state = room;
    return sodium_init() < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct room *room = *state;
    pool_destroy(room->chat.stores);
    pool_destroy(room->chat.passwords);
    journal_close(room->chat.journal);
    loop_run_posted(room->loop);
    bus_close(room->chat.bus);
    chat_fini(&room->chat);
    limits_destroy(room->chat.limits);
    loop_destroy(room->loop);
    mem_free(room);
    return 0;
}

static void answered(struct rpc_call *call)
{
    struct room *room = call->owner;
    if (call->err != ERR_NONE)
        room->refused++;
    if (call->err != room->wanted)
        room->wrong++;
    if (--room->left == 0)
        loop_stop(room->loop);
    rpc_destroy(call);
}

static void start(struct room *room, const char *op, const char *args, uint64_t user,
                  uint64_t member_of)
{
    struct rpc_call *call = rpc_create(&room->chat, slice_str(args));
    assert_non_null(call);
    call->op = rpc_find(slice_str(op));
    assert_non_null(call->op);
    call->user = user;
    call->member_of = member_of;
    call->owner = room;
    call->done = answered;
    room->left++;
    rpc_start(call);
}

static void run(struct room *room, enum err wanted)
{
    room->wanted = wanted;
    const unsigned asked = room->left;
    run_until_stopped(room->loop);
    assert_int_equal(room->left, 0);
    assert_int_equal(room->wrong, 0);
    assert_int_equal(room->refused, wanted == ERR_NONE ? 0 : asked);
    room->refused = 0;
}

static void a_refusal_of_the_store_thread_is_never_lost(void **state)
{
    static const char *const ops[] = {"getMe", "getChannels", "logOut", "listChannels", "getUsers"};
    struct room *room = *state;
    for (unsigned i = 0; i < 2000; i++)
        start(room, ops[i % COUNT(ops)], "{}", 0, 0);
    run(room, ERR_UNAUTHENTICATED);
}

static void who_is_no_member_is_always_told_so(void **state)
{
    struct room *room = *state;
    for (unsigned i = 0; i < 1000; i++) {
        start(room, "getMessages", "{\"channel\":7}", 1, 0);
        start(room, "sendMessage",
              "{\"channel\":7,\"text\":\"x\",\"cmid\":\"6f2c9a0e-0d5c-4a8e-9a55-0f5d6f1f7c11\"}", 1,
              0);
    }
    run(room, ERR_NOT_MEMBER);
}

static void bad_arguments_are_answered_later_too(void **state)
{
    struct room *room = *state;
    for (unsigned i = 0; i < 100; i++)
        start(room, "getMessages", "{}", 1, 0);
    assert_int_equal(room->left, 100); /* never from inside the start */
    run(room, ERR_INVALID);
}

static void a_send_that_is_vouched_for_needs_no_store(void **state)
{
    struct room *room = *state;
    start(room, "sendMessage",
          "{\"channel\":7,\"text\":\"x\",\"cmid\":\"6f2c9a0e-0d5c-4a8e-9a55-0f5d6f1f7c11\"}", 1, 7);
    assert_int_equal(room->left, 1);
    run(room, ERR_NONE);
}

static void the_rate_is_kept_per_user(void **state)
{
    static const char *const send =
        "{\"channel\":7,\"text\":\"x\",\"cmid\":\"6f2c9a0e-0d5c-4a8e-9a55-0f5d6f1f7c11\"}";
    struct room *room = *state;
    for (unsigned i = 0; i < 3; i++) {
        start(room, "sendMessage", send, 1, 7);
        start(room, "sendMessage", send, 2, 7);
    }
    run(room, ERR_NONE);
    start(room, "sendMessage", send, 1, 7);
    start(room, "sendMessage", send, 2, 7);
    run(room, ERR_RATE_LIMITED);
    start(room, "sendMessage", send, 3, 7);
    run(room, ERR_NONE);
}

static void operations_are_found_by_their_exact_name(void **state)
{
    static const char *const unknown[] = {"", "sendmessage", "sendMessag", "sendMessages", "hello",
                                          "x"};
    (void)state;
    for (size_t i = 0; i < COUNT(unknown); i++)
        assert_null(rpc_find(slice_str(unknown[i])));
    assert_true(rpc_reads(rpc_find(SLICE("getMessages"))));
    assert_false(rpc_reads(rpc_find(SLICE("sendMessage"))));
    assert_false(rpc_reads(rpc_find(SLICE("logOut"))));
}

#define room_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        room_test(a_refusal_of_the_store_thread_is_never_lost),
        room_test(who_is_no_member_is_always_told_so),
        room_test(bad_arguments_are_answered_later_too),
        room_test(a_send_that_is_vouched_for_needs_no_store),
        room_test(the_rate_is_kept_per_user),
        cmocka_unit_test(operations_are_found_by_their_exact_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
