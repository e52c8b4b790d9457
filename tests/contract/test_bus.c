/* What every driver of the bus promises. Runs once per driver that needs no server. */

#include "../support/loop_suite.h"

#include <string.h>

#include "base/mem.h"
#include "bus/bus.h"

#define HEARD_MAX 1000u

static const char *suite_url;

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

static struct ear listen_to(struct fixture *f, struct ear *ear, struct bus_topic topic)
{
    *ear = (struct ear){.f = f};
    assert_int_equal(bus_subscribe(f->bus, topic, hear, ear, &ear->sub), ERR_NONE);
    return *ear;
}

static void settle(struct fixture *f)
{
    run_turns(f->loop, 5);
}

static int setup(void **state)
{
    struct fixture *f = mem_zalloc(sizeof(*f));
    f->loop = loop_create();
    assert_int_equal(bus_open(f->loop, suite_url, &f->bus), ERR_NONE);
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
    (void)listen_to(f, &mine, channel_5);
    (void)listen_to(f, &other_id, (struct bus_topic){BUS_CHANNEL, 6});
    (void)listen_to(f, &other_space, (struct bus_topic){BUS_USER, 5});
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
        (void)listen_to(f, &ear, topic);
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
    (void)listen_to(f, &ear, channel_5);
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
    (void)listen_to(f, &ears[0], channel_5);
    (void)listen_to(f, &ears[1], (struct bus_topic){BUS_CHANNEL, 6});
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
    (void)listen_to(f, &ear, channel_5);
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
    (void)listen_to(f, &ear, channel_5);
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
    (void)listen_to(f, &ear, channel_5);
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
    (void)listen_to(f, &ear, channel_5);
    ear.echoes = true;
    assert_int_equal(publish(f, channel_5, 10), ERR_NONE);
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
    (void)listen_to(f, &ear, channel_5);
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
    (void)listen_to(f, &ear, channel_5);
    assert_int_equal(bus_subscribe(f->bus, channel_5, hear, &ear, &second), ERR_EXISTS);
    assert_null(second);
    bus_unsubscribe(f->bus, ear.sub);
    (void)listen_to(f, &ear, channel_5);
    assert_int_equal(publish(f, channel_5, 1), ERR_NONE);
    settle(f);
    assert_int_equal(ear.count, 1);
}

static void after_unsubscribing_nothing_is_heard_not_even_what_is_on_its_way(void **state)
{
    struct fixture *f = *state;
    struct ear ear;
    (void)listen_to(f, &ear, channel_5);
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
    (void)listen_to(f, &ear, channel_5);
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
    (void)listen_to(f, &one, channel_5);
    (void)listen_to(f, &two, (struct bus_topic){BUS_CHANNEL, 6});
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
    (void)listen_to(f, &one, channel_5);
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
    for (unsigned i = 0; i < 20; i++) {
        const struct bus_message message = {{BUS_CHANNEL, i}, payload};
        (void)listen_to(f, &ears[i], message.topic);
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
    (void)listen_to(f, &ear, channel_5);
    assert_int_equal(bus_open(NULL, suite_url, &publisher.bus), ERR_NONE);
    assert_int_equal(publish(&publisher, channel_5, 3), ERR_NONE);
    settle(f);
    bus_close(publisher.bus);
    /* "mem:" is one handle only. */
    assert_int_equal(ear.count, strncmp(suite_url, "mem:", 4) == 0 ? 0 : 1);
}

static void a_bus_without_a_link_is_up(void **state)
{
    struct fixture *f = *state;
    assert_true(bus_is_up(f->bus));
}

static void other_urls_are_refused(void **state)
{
    static const char *const urls[] = {"", "mem", "proc", "nothing:x", "MEM:", ":", "memx:"};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct bus *bus = NULL;
        assert_int_equal(bus_open(f->loop, urls[i], &bus), ERR_INVALID);
        assert_null(bus);
    }
}

/* ---- proc: several handles ---- */

static void every_handle_of_the_same_name_hears_and_others_do_not(void **state)
{
    struct fixture same = {.loop = loop_create()};
    struct fixture other = {.loop = same.loop};
    struct fixture *f = *state;
    struct ear ears[3];
    assert_int_equal(bus_open(same.loop, suite_url, &same.bus), ERR_NONE);
    assert_int_equal(bus_open(other.loop, "proc:another", &other.bus), ERR_NONE);
    (void)listen_to(f, &ears[0], channel_5);
    (void)listen_to(&same, &ears[1], channel_5);
    (void)listen_to(&other, &ears[2], channel_5);
    assert_int_equal(publish(f, channel_5, 1), ERR_NONE);
    settle(f);
    settle(&same);
    assert_int_equal(ears[0].count, 1);
    assert_int_equal(ears[1].count, 1);
    assert_int_equal(ears[2].count, 0);

    /* One that goes away does not disturb the other. */
    assert_int_equal(publish(f, channel_5, 2), ERR_NONE);
    bus_close(same.bus);
    assert_int_equal(publish(f, channel_5, 3), ERR_NONE);
    settle(f);
    settle(&same);
    assert_int_equal(ears[0].count, 3);
    assert_int_equal(ears[1].count, 1);
    bus_close(other.bus);
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
        bus_test(a_handle_without_a_loop_can_publish),
        bus_test(a_bus_without_a_link_is_up),
        bus_test(other_urls_are_refused),
    };
    const struct CMUnitTest proc_tests[] = {
        bus_test(every_handle_of_the_same_name_hears_and_others_do_not),
        bus_test(handles_run_out_and_come_back),
    };
    int failed = 0;
    suite_url = "mem:";
    failed += cmocka_run_group_tests_name("mem", tests, NULL, NULL);
    suite_url = "proc:suite";
    failed += cmocka_run_group_tests_name("proc", tests, NULL, NULL);
    failed += cmocka_run_group_tests_name("proc", proc_tests, NULL, NULL);
    return failed;
}
