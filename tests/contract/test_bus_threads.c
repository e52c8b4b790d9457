/* The bus between the loops of a process or of several: many publishers, many loops, all the time.
 */

#include "bus_suite.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

#define LOOPS 3u
#define PUBLISHERS 2u
#define TOPICS 4u
#define MESSAGES 3000u /* of each publisher */

static const char *suite_url;

struct content {
    uint32_t publisher;
    uint32_t number;
};

/* A loop that listens to all topics on a thread of its own. */
struct listener {
    pthread_t thread;
    struct loop *loop;
    struct bus *bus;
    struct bus_sub *subs[TOPICS];
    uint32_t next[PUBLISHERS][TOPICS]; /* no number below this may come any more */
    unsigned heard;
    bool restless; /* ends and renews its subscriptions all the while */
    struct turn_end again;
    struct task stop;
};

static void hear(struct bus_topic topic, struct bytes *payload, void *arg)
{
    struct listener *listener = arg;
    struct content content;
    memcpy(&content, payload->data, sizeof(content));
    uint32_t *next = &listener->next[content.publisher][topic.id];
    if (content.number < *next)
        abort(); /* out of order, or twice */
    if (!listener->restless && content.number != *next)
        abort(); /* lost */
    *next = content.number + TOPICS;
    listener->heard++;
    if (listener->restless) {
        struct bus_sub **sub = &listener->subs[(topic.id + 1) % TOPICS];
        bus_unsubscribe(listener->bus, *sub);
        const struct bus_topic other = {BUS_CHANNEL, (topic.id + 1) % TOPICS};
        if (bus_subscribe(listener->bus, other, hear, listener, sub) != ERR_NONE)
            abort();
    } else if (listener->heard == PUBLISHERS * MESSAGES) {
        loop_stop(listener->loop);
    }
}

static void stop_listener(struct task *task)
{
    loop_stop(LIST_ITEM(task, struct listener, stop)->loop);
}

static void *run_listener(void *arg)
{
    struct listener *listener = arg;
    run_until_stopped(listener->loop);
    bus_close(listener->bus); /* whatever is still on its way */
    run_turns(listener->loop, 3);
    return NULL;
}

static void start_listener(struct listener *listener, bool restless)
{
    *listener = (struct listener){.loop = loop_create(), .restless = restless};
    listener->stop.run = stop_listener;
    listener->bus = suite_bus_open(listener->loop, suite_url);
    for (unsigned topic = 0; topic < TOPICS; topic++) {
        for (unsigned publisher = 0; publisher < PUBLISHERS; publisher++)
            listener->next[publisher][topic] = topic;
        assert_int_equal(bus_subscribe(listener->bus, (struct bus_topic){BUS_CHANNEL, topic}, hear,
                                       listener, &listener->subs[topic]),
                         ERR_NONE);
    }
    suite_bus_settle(listener->loop, listener->bus);
}

struct publisher {
    pthread_t thread;
    uint32_t index;
    struct loop *loop; /* NULL: the handle needs none */
    struct bus *bus;
};

static void start_publisher(struct publisher *publisher, uint32_t index)
{
    *publisher = (struct publisher){.index = index};
    if (suite_redis() != NULL) {
        publisher->loop = loop_create();
        publisher->bus = suite_bus_open(publisher->loop, suite_url);
    } else {
        assert_int_equal(bus_open(NULL, suite_url, &publisher->bus), ERR_NONE);
    }
}

/* Numbers go round the topics; in arrays of different sizes. */
static void *run_publisher(void *arg)
{
    const struct publisher *publisher = arg;
    for (uint32_t at = 0; at < MESSAGES;) {
        struct bus_message messages[7];
        const size_t want = 1 + at % COUNT(messages);
        size_t count = 0;
        for (; count < want && at < MESSAGES; count++, at++) {
            const struct content content = {publisher->index, at};
            messages[count] = (struct bus_message){
                {BUS_CHANNEL, at % TOPICS}, bytes_create(slice_from(&content, sizeof(content)))};
        }
        if (bus_publish(publisher->bus, messages, count) != ERR_NONE)
            abort();
        for (size_t i = 0; i < count; i++)
            bytes_unref(messages[i].payload);
    }
    if (publisher->loop != NULL)
        suite_bus_settle(publisher->loop,
                         publisher->bus); /* closing forgets what is not sent yet */
    bus_close(publisher->bus);
    if (publisher->loop != NULL)
        run_turns(publisher->loop, 3);
    loop_destroy(publisher->loop);
    return NULL;
}

static void every_loop_hears_everything_each_publishers_in_order(void **state)
{
    struct listener listeners[LOOPS + 1];
    struct publisher publishers[PUBLISHERS];
    (void)state;
    for (unsigned i = 0; i <= LOOPS; i++) {
        start_listener(&listeners[i], i == LOOPS);
        assert_int_equal(pthread_create(&listeners[i].thread, NULL, run_listener, &listeners[i]),
                         0);
    }
    for (unsigned i = 0; i < PUBLISHERS; i++) {
        start_publisher(&publishers[i], i);
        assert_int_equal(pthread_create(&publishers[i].thread, NULL, run_publisher, &publishers[i]),
                         0);
    }
    for (unsigned i = 0; i < PUBLISHERS; i++)
        pthread_join(publishers[i].thread, NULL);
    loop_post(listeners[LOOPS].loop, &listeners[LOOPS].stop);
    for (unsigned i = 0; i <= LOOPS; i++)
        pthread_join(listeners[i].thread, NULL);
    for (unsigned i = 0; i <= LOOPS; i++) {
        if (i < LOOPS)
            assert_int_equal(listeners[i].heard, PUBLISHERS * MESSAGES);
        loop_destroy(listeners[i].loop);
    }
}

static void a_loop_may_close_while_others_publish_to_it(void **state)
{
    const unsigned rounds = suite_redis() != NULL ? 10 : 30;
    (void)state;
    for (unsigned round = 0; round < rounds; round++) {
        struct listener listener;
        struct publisher publisher;
        start_listener(&listener, true);
        start_publisher(&publisher, 0);
        assert_int_equal(pthread_create(&listener.thread, NULL, run_listener, &listener), 0);
        assert_int_equal(pthread_create(&publisher.thread, NULL, run_publisher, &publisher), 0);
        loop_post(listener.loop, &listener.stop);
        pthread_join(listener.thread, NULL);
        pthread_join(publisher.thread, NULL);
        loop_destroy(listener.loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_loop_hears_everything_each_publishers_in_order),
        cmocka_unit_test(a_loop_may_close_while_others_publish_to_it),
    };
    suite_url = suite_redis() != NULL ? suite_redis() : "proc:threads";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
