/* What every driver of the bus promises. */

#include "bus_suite.h"

#include <string.h>

#include <hiredis/hiredis.h>

#include "base/mem.h"

#define HEARD_MAX 1000u

static const char *suite_url;
static const char *suite_other; /* another deployment of the same kind; NULL: there is none */

struct fixture {
    struct loop *loop;
    struct bus *bus;
};

/* A subscriber and what it has heard. */
struct ear {
    struct fixture *f;
    struct bus_sub *sub;
    unsigned count;
    unsigned heard[HEARD_MAX];    /* the numbers in the payloads */
    struct bus_topic topic;       /* of the last one */
    struct bytes *kept;           /* a reference to the last one, when `keeps` */
    struct bus_sub **unsubscribe; /* dropped inside the callback */
    struct ear *next;             /* subscribed inside the callback, to the same topic + 1 */
    bool keeps;
    bool echoes; /* publishes again, once */
};

static const struct bus_topic channel_5 = {BUS_CHANNEL, 5};

static enum err publish(struct fixture *f, struct bus_topic topic, unsigned number)
{
    struct bytes *payload = bytes_create(slice_from(&number, sizeof(number)));
    const struct bus_message message = {topic, payload};
    const enum err err = bus_publish(f->bus, &message, 1);
    bytes_unref(payload);
    return err;
}

static void hear(struct bus_topic topic, struct bytes *payload, void *arg)
{
    struct ear *ear = arg;
    unsigned number;
    assert_int_equal(payload->len, sizeof(number));
    memcpy(&number, payload->data, sizeof(number));
    assert_true(ear->count < HEARD_MAX);
    ear->heard[ear->count++] = number;
    ear->topic = topic;
    if (ear->keeps)
        ear->kept = bytes_ref(payload);
    if (ear->unsubscribe != NULL) {
        bus_unsubscribe(ear->f->bus, *ear->unsubscribe);
        *ear->unsubscribe = NULL;
        ear->unsubscribe = NULL;
    }
    if (ear->next != NULL) {
        const struct bus_topic next = {topic.space, topic.id + 1};
        assert_int_equal(bus_subscribe(ear->f->bus, next, hear, ear->next, &ear->next->sub),
                         ERR_NONE);
        ear->next = NULL;
    }
    if (ear->echoes) {
        const unsigned before = ear->count;
        ear->echoes = false;
        assert_int_equal(publish(ear->f, topic, number + 1), ERR_NONE);
        assert_int_equal(ear->count, before); /* not from inside */
    }
}

/* Let all that was asked of the handle happen, and what must not happen too. */
static void settle(struct fixture *f)
{
    if (f->bus != NULL)
        suite_bus_settle(f->loop, f->bus);
    run_turns(f->loop, 5);
}

static void listen_to(struct fixture *f, struct ear *ear, struct bus_topic topic)
{
    *ear = (struct ear){.f = f};
    assert_int_equal(bus_subscribe(f->bus, topic, hear, ear, &ear->sub), ERR_NONE);
    settle(f); /* it is in force */
}

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof(*f));
    f->loop = loop_create();
    f->bus = suite_bus_open(f->loop, suite_url);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    bus_close(f->bus);
    loop_destroy(f->loop);
    mem_free(f);
    return 0;
}

/* ---- delivery ---- */

static void a_message_reaches_its_topic_only_and_not_from_inside_the_call(void **state)
{
    struct fixture *f = *state;
    struct ear mine;
    struct ear other_id;
    struct ear other_space;
    listen_to(f, &mine, channel_5);
    listen_to(f, &other_id, (struct bus_topic){BUS_CHANNEL, 6});
    listen_to(f, &other_space, (struct bus_topic){BUS_USER, 5});
    assert_int_equal(publish(f, channel_5, 1), ERR_NONE);
    assert_int_equal(mine.count, 0);
    settle(f);
    assert_int_equal(mine.count, 1);
    assert_int_equal(mine.topic.space, BUS_CHANNEL);
    assert_int_equal(mine.topic.id, 5);
    assert_int_equal(other_id.count + other_space.count, 0);
}

static void ids_may_be_large(void **state)
{
    static const uint64_t ids[] = {0, 1, (1ULL << 53) - 1, (1ULL << 56) - 1};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(ids); i++) {
        struct ear ear;
        const struct bus_topic topic = {BUS_USER, ids[i]};
        listen_to(f, &ear, topic);
        assert_int_equal(publish(f, topic, 1), ERR_NONE);
        settle(f);
        assert_int_equal(ear.count, 1);
        assert_int_equal(ear.topic.id, ids[i]);
        bus_unsubscribe(f->bus, ear.sub);
    }
}

static void messages_of_one_publisher_arrive_in_order(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    listen_to(f, &ear, channel_5);
    for (unsigned i = 0; i < 500; i++)
        assert_int_equal(publish(f, channel_5, i), ERR_NONE);
    settle(f);
    assert_int_equal(ear.count, 500);
    for (unsigned i = 0; i < 500; i++)
        assert_int_equal(ear.heard[i], i);
}

static void several_messages_at_once_keep_the_order_of_the_array(void **state)
{
    enum { MESSAGES = 600 }; /* more than any driver looks up at once */
    struct fixture *f = *state;
    struct ear ears[2];
    struct bus_message messages[MESSAGES];
    listen_to(f, &ears[0], channel_5);
    listen_to(f, &ears[1], (struct bus_topic){BUS_CHANNEL, 6});
    for (unsigned i = 0; i < MESSAGES; i++)
        messages[i] = (struct bus_message){{BUS_CHANNEL, 5 + i % 3}, /* 7: nobody */
                                           bytes_create(slice_from(&i, sizeof(i)))};
    assert_int_equal(bus_publish(f->bus, messages, MESSAGES), ERR_NONE);
    settle(f);
    for (unsigned e = 0; e < 2; e++) {
        assert_int_equal(ears[e].count, MESSAGES / 3);
        for (unsigned i = 0; i < ears[e].count; i++)
            assert_int_equal(ears[e].heard[i], 3 * i + e);
    }
    for (unsigned i = 0; i < MESSAGES; i++) {
        assert_int_equal(messages[i].payload->refs, 1);
        bytes_unref(messages[i].payload);
    }
}

static void nothing_published_is_nothing(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    listen_to(f, &ear, channel_5);
    assert_int_equal(bus_publish(f->bus, NULL, 0), ERR_NONE);
    settle(f);
    assert_int_equal(ear.count, 0);
}

static void what_is_published_while_nobody_listens_is_lost(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    assert_int_equal(publish(f, channel_5, 1), ERR_NONE);
    settle(f);
    listen_to(f, &ear, channel_5);
    settle(f);
    assert_int_equal(ear.count, 0);
    assert_int_equal(publish(f, channel_5, 2), ERR_NONE);
    settle(f);
    assert_int_equal(ear.count, 1);
}

static void payloads_are_shared_and_given_back(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    const unsigned number = 7;
    struct bytes *payload = bytes_create(slice_from(&number, sizeof(number)));
    const struct bus_message message = {channel_5, payload};
    listen_to(f, &ear, channel_5);
    ear.keeps = true;
    assert_int_equal(bus_publish(f->bus, &message, 1), ERR_NONE);
    settle(f);
    assert_int_equal(ear.count, 1);
    assert_int_equal(ear.kept->len, sizeof(number));
    assert_memory_equal(ear.kept->data, &number, sizeof(number));
    bytes_unref(payload);
    assert_int_equal(ear.kept->refs, 1); /* the one taken in the callback */
    bytes_unref(ear.kept);
}

static void publishing_from_a_callback_arrives_later(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    listen_to(f, &ear, channel_5);
    ear.echoes = true;
    assert_int_equal(publish(f, channel_5, 10), ERR_NONE);
    settle(f); /* the first is there, and the second under way */
    settle(f);
    assert_int_equal(ear.count, 2);
    assert_int_equal(ear.heard[1], 11);
}

/* ---- limits ---- */

static void a_payload_past_the_limit_is_refused_and_nothing_of_its_array_is_sent(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    const unsigned number = 1;
    const struct bus_message messages[] = {
        {channel_5, bytes_create(slice_from(&number, sizeof(number)))},
        {channel_5, bytes_create_room(BUS_PAYLOAD_MAX + 1)},
    };
    listen_to(f, &ear, channel_5);
    memset(messages[1].payload->data, 'x', BUS_PAYLOAD_MAX + 1);
    assert_int_equal(bus_publish(f->bus, messages, 2), ERR_TOO_BIG);
    settle(f);
    assert_int_equal(ear.count, 0);
    bytes_unref(messages[0].payload);
    bytes_unref(messages[1].payload);
}

static void count_len(struct bus_topic topic, struct bytes *payload, void *arg)
{
    (void)topic;
    *(size_t *)arg += payload->len;
}

static void a_payload_of_the_limit_and_an_empty_one_are_fine(void **state)
{
    struct fixture *f = *state;
    struct bus_sub *sub = NULL;
    size_t len = 0;
    const struct bus_message messages[] = {{channel_5, bytes_create_room(BUS_PAYLOAD_MAX)},
                                           {channel_5, bytes_create(SLICE_EMPTY)}};
    memset(messages[0].payload->data, 'x', BUS_PAYLOAD_MAX);
    assert_int_equal(bus_subscribe(f->bus, channel_5, count_len, &len, &sub), ERR_NONE);
    assert_int_equal(bus_publish(f->bus, messages, 2), ERR_NONE);
    settle(f);
    assert_int_equal(len, BUS_PAYLOAD_MAX);
    bytes_unref(messages[0].payload);
    bytes_unref(messages[1].payload);
}

/* ---- subscribing ---- */

static void a_topic_is_subscribed_to_once_and_again_after_unsubscribing(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    struct bus_sub *second = NULL;
    listen_to(f, &ear, channel_5);
    assert_int_equal(bus_subscribe(f->bus, channel_5, hear, &ear, &second), ERR_EXISTS);
    assert_null(second);
    bus_unsubscribe(f->bus, ear.sub);
    listen_to(f, &ear, channel_5);
    assert_int_equal(publish(f, channel_5, 1), ERR_NONE);
    settle(f);
    assert_int_equal(ear.count, 1);
}

static void after_unsubscribing_nothing_is_heard_not_even_what_is_on_its_way(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    listen_to(f, &ear, channel_5);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(publish(f, channel_5, i), ERR_NONE);
    bus_unsubscribe(f->bus, ear.sub);
    bus_unsubscribe(f->bus, NULL);
    settle(f);
    assert_int_equal(ear.count, 0);
}

static void a_callback_may_end_its_own_subscription(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    listen_to(f, &ear, channel_5);
    ear.unsubscribe = &ear.sub;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(publish(f, channel_5, i), ERR_NONE);
    settle(f);
    assert_int_equal(ear.count, 1);
}

static void a_callback_may_end_another_subscription(void **state)
{
    struct fixture *f = *state;
    struct ear one;
    struct ear two;
    listen_to(f, &one, channel_5);
    listen_to(f, &two, (struct bus_topic){BUS_CHANNEL, 6});
    one.unsubscribe = &two.sub;
    assert_int_equal(publish(f, channel_5, 1), ERR_NONE);
    assert_int_equal(publish(f, (struct bus_topic){BUS_CHANNEL, 6}, 2), ERR_NONE);
    settle(f);
    assert_int_equal(one.count, 1);
    assert_int_equal(two.count, 0);
}

static void a_callback_may_subscribe(void **state)
{
    struct fixture *f = *state;
    struct ear one;
    struct ear two = {.f = f};
    listen_to(f, &one, channel_5);
    one.next = &two;
    assert_int_equal(publish(f, channel_5, 1), ERR_NONE);
    settle(f);
    assert_int_equal(publish(f, (struct bus_topic){BUS_CHANNEL, 6}, 2), ERR_NONE);
    settle(f);
    assert_int_equal(two.count, 1);
}

/* ---- handles ---- */

static void closing_ends_every_subscription_and_frees_what_is_on_its_way(void **state)
{
    struct fixture *f = *state;
    struct ear ears[20];
    const unsigned number = 1;
    struct bytes *payload = bytes_create(slice_from(&number, sizeof(number)));
    for (unsigned i = 0; i < 20; i++)
        listen_to(f, &ears[i], (struct bus_topic){BUS_CHANNEL, i});
    for (unsigned i = 0; i < 20; i++) {
        const struct bus_message message = {{BUS_CHANNEL, i}, payload};
        assert_int_equal(bus_publish(f->bus, &message, 1), ERR_NONE);
    }
    bus_close(f->bus);
    f->bus = NULL;
    settle(f);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(ears[i].count, 0);
    assert_int_equal(payload->refs, 1);
    bytes_unref(payload);
    bus_close(NULL);
}

static void a_handle_without_a_loop_can_publish(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    struct fixture publisher = {0};
    listen_to(f, &ear, channel_5);
    assert_int_equal(bus_open(NULL, suite_url, &publisher.bus), ERR_NONE);
    assert_int_equal(publish(&publisher, channel_5, 3), ERR_NONE);
    settle(f);
    bus_close(publisher.bus);
    /* "mem:" is one handle only. */
    assert_int_equal(ear.count, strncmp(suite_url, "mem:", 4) == 0 ? 0 : 1);
}

static void a_bus_is_up_when_every_link_is(void **state)
{
    struct fixture *f = *state;
    assert_true(bus_is_up(f->bus));
}

static void other_urls_are_refused(void **state)
{
    static const char *const urls[] = {
        "", "mem", "proc", "nothing:x", "MEM:", ":", "memx:", "redis", "redis:no port", "redis:"};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct bus *bus = NULL;
        assert_int_equal(bus_open(f->loop, urls[i], &bus), ERR_INVALID);
        assert_null(bus);
    }
}

/* ---- several handles ---- */

static void every_handle_of_a_deployment_hears_and_others_do_not(void **state)
{
    struct fixture same = {.loop = loop_create()};
    struct fixture other = {.loop = same.loop};
    struct fixture *f = *state;
    struct ear ears[3];
    same.bus = suite_bus_open(same.loop, suite_url);
    other.bus = suite_bus_open(other.loop, suite_other);
    listen_to(f, &ears[0], channel_5);
    listen_to(&same, &ears[1], channel_5);
    listen_to(&other, &ears[2], channel_5);
    assert_int_equal(publish(f, channel_5, 1), ERR_NONE);
    settle(f);
    settle(&same);
    settle(&other);
    assert_int_equal(ears[0].count, 1);
    assert_int_equal(ears[1].count, 1);
    assert_int_equal(ears[2].count, 0);

    /* One that goes away does not disturb the other. */
    assert_int_equal(publish(f, channel_5, 2), ERR_NONE);
    bus_close(same.bus);
    same.bus = NULL;
    assert_int_equal(publish(f, channel_5, 3), ERR_NONE);
    settle(f);
    settle(&same);
    assert_int_equal(ears[0].count, 3);
    assert_int_equal(ears[1].count, 1);
    bus_close(other.bus);
    settle(&same); /* what closes in later turns */
    loop_destroy(same.loop);
}

static void handles_run_out_and_come_back(void **state)
{
    enum { MANY = 100 };
    struct fixture *f = *state;
    struct bus *handles[MANY] = {0};
    unsigned opened = 0;
    enum err err = ERR_NONE;
    while (opened < MANY && (err = bus_open(f->loop, suite_url, &handles[opened])) == ERR_NONE)
        opened++;
    assert_int_equal(err, ERR_UNAVAILABLE);
    assert_true(opened >= 60);
    bus_close(handles[0]);
    assert_int_equal(bus_open(f->loop, suite_url, &handles[0]), ERR_NONE);
    for (unsigned i = 0; i < opened; i++)
        bus_close(handles[i]);
}

/* ---- redis: links ---- */

static void a_handle_that_only_publishes_needs_a_loop_too(void **state)
{
    struct bus *bus = NULL;
    (void)state;
    assert_int_equal(bus_open(NULL, suite_url, &bus), ERR_INVALID);
    assert_null(bus);
}

static void without_a_server_nothing_is_sent_and_nothing_is_up(void **state)
{
    struct fixture nowhere = {.loop = loop_create()};
    struct ear ear = {.f = &nowhere};
    (void)state;
    assert_int_equal(bus_open(nowhere.loop, "redis:127.0.0.1:1", &nowhere.bus), ERR_NONE);
    assert_int_equal(bus_subscribe(nowhere.bus, channel_5, hear, &ear, &ear.sub), ERR_NONE);
    run_turns(nowhere.loop, 5);
    assert_false(bus_is_up(nowhere.bus));
    assert_int_equal(publish(&nowhere, channel_5, 1), ERR_UNAVAILABLE);
    bus_close(nowhere.bus);
    run_turns(nowhere.loop, 5);
    loop_destroy(nowhere.loop);
}

static void cut_all_links(void)
{
    const char *address = getenv("PARLEY_REDIS");
    const char *colon = strchr(address, ':');
    redisContext *context = redisConnect("127.0.0.1", (int)strtol(colon + 1, NULL, 10));
    assert_int_equal(context->err, 0);
    static const char *const types[] = {"pubsub", "normal"};
    for (size_t i = 0; i < COUNT(types); i++) {
        redisReply *reply = redisCommand(context, "CLIENT KILL TYPE %s", types[i]);
        assert_int_equal(reply->type, REDIS_REPLY_INTEGER);
        freeReplyObject(reply);
    }
    redisFree(context);
}

static void count_gap(void *gaps)
{
    (*(unsigned *)gaps)++;
}

static bool any(void *count)
{
    return *(unsigned *)count > 0;
}

static void a_cut_link_is_told_and_all_that_was_subscribed_is_heard_again(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    struct ear ended;
    unsigned gaps = 0;
    listen_to(f, &ear, channel_5);
    listen_to(f, &ended, (struct bus_topic){BUS_CHANNEL, 6});
    bus_on_gap(f->bus, count_gap, &gaps);
    cut_all_links();
    bus_unsubscribe(f->bus, ended.sub);
    run_until(f->loop, any, &gaps);
    run_until(f->loop, suite_bus_is_up, f->bus);
    assert_int_equal(publish(f, channel_5, 1), ERR_NONE);
    assert_int_equal(publish(f, (struct bus_topic){BUS_CHANNEL, 6}, 2), ERR_NONE);
    settle(f);
    assert_int_equal(gaps, 1);
    assert_int_equal(ear.count, 1);
    assert_int_equal(ended.count, 0);
}

#define bus_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        bus_test(a_message_reaches_its_topic_only_and_not_from_inside_the_call),
        bus_test(ids_may_be_large),
        bus_test(messages_of_one_publisher_arrive_in_order),
        bus_test(several_messages_at_once_keep_the_order_of_the_array),
        bus_test(nothing_published_is_nothing),
        bus_test(what_is_published_while_nobody_listens_is_lost),
        bus_test(payloads_are_shared_and_given_back),
        bus_test(publishing_from_a_callback_arrives_later),
        bus_test(a_payload_past_the_limit_is_refused_and_nothing_of_its_array_is_sent),
        bus_test(a_payload_of_the_limit_and_an_empty_one_are_fine),
        bus_test(a_topic_is_subscribed_to_once_and_again_after_unsubscribing),
        bus_test(after_unsubscribing_nothing_is_heard_not_even_what_is_on_its_way),
        bus_test(a_callback_may_end_its_own_subscription),
        bus_test(a_callback_may_end_another_subscription),
        bus_test(a_callback_may_subscribe),
        bus_test(closing_ends_every_subscription_and_frees_what_is_on_its_way),
        bus_test(a_bus_is_up_when_every_link_is),
        bus_test(other_urls_are_refused),
    };
    const struct CMUnitTest local_tests[] = {
        bus_test(a_handle_without_a_loop_can_publish),
    };
    const struct CMUnitTest proc_tests[] = {
        bus_test(handles_run_out_and_come_back),
    };
    const struct CMUnitTest shared_tests[] = {
        bus_test(every_handle_of_a_deployment_hears_and_others_do_not),
    };
    const struct CMUnitTest redis_tests[] = {
        bus_test(a_handle_that_only_publishes_needs_a_loop_too),
        bus_test(without_a_server_nothing_is_sent_and_nothing_is_up),
        bus_test(a_cut_link_is_told_and_all_that_was_subscribed_is_heard_again),
    };
    int failed = 0;
    if (suite_redis() != NULL) {
        struct buf other = {0};
        buf_format(&other, "redis:%s", getenv("PARLEY_REDIS_OTHER"));
        suite_url = suite_redis();
        suite_other = buf_cstr(&other);
        failed += cmocka_run_group_tests_name("redis", tests, NULL, NULL);
        failed += cmocka_run_group_tests_name("redis", shared_tests, NULL, NULL);
        failed += cmocka_run_group_tests_name("redis", redis_tests, NULL, NULL);
        buf_fini(&other);
        return failed;
    }
    suite_url = "mem:";
    failed += cmocka_run_group_tests_name("mem", tests, NULL, NULL);
    failed += cmocka_run_group_tests_name("mem", local_tests, NULL, NULL);
    suite_url = "proc:suite";
    suite_other = "proc:another";
    failed += cmocka_run_group_tests_name("proc", tests, NULL, NULL);
    failed += cmocka_run_group_tests_name("proc", local_tests, NULL, NULL);
    failed += cmocka_run_group_tests_name("proc", shared_tests, NULL, NULL);
    failed += cmocka_run_group_tests_name("proc", proc_tests, NULL, NULL);
    return failed;
}
