/* Moving events from Kafka into the store. */

#include "persister/persister.h"

#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/topic.h"
#include "persister/settle.h"
#include "redis/client.h"
#include "store/store.h"

#define BATCH_MAX 1000u
#define WAIT_MS 10
#define RETRY_MS 500u
#define PARTITIONS_MAX 1024u
#define ADMIN_MS 10000

/* What one partition is doing. */
struct partition {
    bool paused;
    uint64_t resume_ns;
};

struct persister {
    struct persister_options options;
    struct redis_servers servers;
    struct store *store;
    struct redis_client *redis;
    struct settler *settler;
    rd_kafka_t *consumer;
    rd_kafka_queue_t *queue;
    pthread_t thread;
    struct partition partitions[PARTITIONS_MAX];

    pthread_mutex_t lock;
    bool stopping; /* under lock, and so are the numbers */
    uint64_t stored;
    uint64_t batches;
    uint64_t failures;
    int64_t lag[PARTITIONS_MAX]; /* -1: not ours */
};

/* ---- a batch ---- */

struct batch {
    rd_kafka_message_t *messages[BATCH_MAX];
    size_t count;
    struct event events[BATCH_MAX];
    const struct event *pointers[BATCH_MAX];
    int32_t partitions[BATCH_MAX]; /* of the events */
    size_t events_len;
};

static void decode(struct batch *batch)
{
    batch->events_len = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const rd_kafka_message_t *message = batch->messages[i];
        struct event *event = &batch->events[batch->events_len];
        /* Empty ones are an edge's warming up; a broken one cannot become better by waiting. */
        if (message->err != 0 || message->len == 0)
            continue;
        if (!event_decode(slice_from(message->payload, message->len), event)) {
            log_error("a record in kafka is no event", LOG_U64("offset", (uint64_t)message->offset),
                      LOG_U64("partition", (uint64_t)message->partition));
            continue;
        }
        batch->partitions[batch->events_len] = message->partition;
        batch->pointers[batch->events_len] = event;
        batch->events_len++;
    }
}

/* Store the events of one partition. */
static enum err put_partition(struct persister *persister, struct batch *batch, int32_t partition)
{
    const struct event *events[BATCH_MAX];
    size_t count = 0;
    for (size_t i = 0; i < batch->events_len; i++) {
        if (batch->partitions[i] == partition)
            events[count++] = &batch->events[i];
    }
    return count == 0 ? ERR_NONE : store_put(persister->store, events, count);
}

/* Begin again at `offset`, but not at once. */
static void hold(struct persister *persister, int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, JOURNAL_TOPIC, partition)->offset = offset;
    (void)rd_kafka_pause_partitions(persister->consumer, list);
    rd_kafka_error_t *error = rd_kafka_seek_partitions(persister->consumer, list, ADMIN_MS);
    if (error != NULL)
        rd_kafka_error_destroy(error);
    rd_kafka_topic_partition_list_destroy(list);
    persister->partitions[partition].paused = true;
    persister->partitions[partition].resume_ns = clock_mono_ns() + RETRY_MS * 1000000ull;
}

static void resume_held(struct persister *persister)
{
    const uint64_t now_ns = clock_mono_ns();
    for (int32_t i = 0; i < (int32_t)PARTITIONS_MAX; i++) {
        struct partition *partition = &persister->partitions[i];
        if (!partition->paused || now_ns < partition->resume_ns)
            continue;
        partition->paused = false;
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
        rd_kafka_topic_partition_list_add(list, JOURNAL_TOPIC, i);
        (void)rd_kafka_resume_partitions(persister->consumer, list);
        rd_kafka_topic_partition_list_destroy(list);
    }
}

/* The offsets of the batch: per partition its first, and one past its last. */
struct span {
    int32_t partition;
    int64_t first;
    int64_t next;
};

static size_t spans_of(const struct batch *batch, struct span *spans)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const rd_kafka_message_t *message = batch->messages[i];
        size_t at = 0;
        if (message->err != 0)
            continue;
        while (at < count && spans[at].partition != message->partition)
            at++;
        if (at == count)
            spans[count++] = (struct span){message->partition, message->offset, 0};
        spans[at].next = message->offset + 1;
    }
    return count;
}

static void commit(struct persister *persister, const struct span *spans, size_t count)
{
    if (count == 0)
        return;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, JOURNAL_TOPIC, spans[i].partition)->offset =
            spans[i].next;
    const rd_kafka_resp_err_t error = rd_kafka_commit(persister->consumer, list, 0);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_warn("offsets were not committed", LOG_STR("why", rd_kafka_err2str(error)));
    rd_kafka_topic_partition_list_destroy(list);
}

static void count_batch(struct persister *persister, uint64_t stored, uint64_t failures)
{
    pthread_mutex_lock(&persister->lock);
    persister->stored += stored;
    persister->failures += failures;
    persister->batches++;
    pthread_mutex_unlock(&persister->lock);
}

/* Store partition by partition, because one of them cannot be stored now. */
static size_t store_apart(struct persister *persister, struct batch *batch, struct span *spans,
                          size_t count)
{
    size_t stored = 0;
    for (size_t i = 0; i < count; i++) {
        const enum err err = put_partition(persister, batch, spans[i].partition);
        if (err == ERR_NONE) {
            spans[stored++] = spans[i];
            continue;
        }
        log_warn("a partition waits for its shard",
                 LOG_U64("partition", (uint64_t)spans[i].partition), LOG_STR("why", err_name(err)));
        hold(persister, spans[i].partition, spans[i].first);
    }
    return stored;
}

static bool is_stored(const struct span *spans, size_t count, int32_t partition)
{
    for (size_t i = 0; i < count; i++) {
        if (spans[i].partition == partition)
            return true;
    }
    return false;
}

/* Tell the sequencer of what is in the store now. */
static void settle(struct persister *persister, struct batch *batch, const struct span *spans,
                   size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < batch->events_len; i++) {
        if (is_stored(spans, count, batch->partitions[i]))
            batch->pointers[len++] = &batch->events[i];
    }
    settler_stored(persister->settler, batch->pointers, len);
}

static void process(struct persister *persister, struct batch *batch)
{
    struct span *spans = mem_alloc(BATCH_MAX * sizeof(*spans));
    decode(batch);
    const size_t all = spans_of(batch, spans);
    size_t stored = all;
    if (batch->events_len > 0 &&
        store_put(persister->store, batch->pointers, batch->events_len) != ERR_NONE)
        stored = store_apart(persister, batch, spans, all);
    commit(persister, spans, stored);
    settle(persister, batch, spans, stored);
    count_batch(persister, stored == all ? batch->events_len : 0, all - stored);
    mem_free(spans);
}

/* ---- the thread ---- */

static void note_lag(struct persister *persister)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    if (rd_kafka_assignment(persister->consumer, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    (void)rd_kafka_position(persister->consumer, list);
    pthread_mutex_lock(&persister->lock);
    for (size_t i = 0; i < PARTITIONS_MAX; i++)
        persister->lag[i] = -1;
    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *at = &list->elems[i];
        int64_t low = 0;
        int64_t high = 0;
        if (at->partition >= (int32_t)PARTITIONS_MAX)
            continue;
        (void)rd_kafka_get_watermark_offsets(persister->consumer, JOURNAL_TOPIC, at->partition,
                                             &low, &high);
        persister->lag[at->partition] = at->offset < 0 || high < at->offset ? 0 : high - at->offset;
    }
    pthread_mutex_unlock(&persister->lock);
    rd_kafka_topic_partition_list_destroy(list);
}

static bool stopping(struct persister *persister)
{
    pthread_mutex_lock(&persister->lock);
    const bool stop = persister->stopping;
    pthread_mutex_unlock(&persister->lock);
    return stop;
}

static void *run(void *arg)
{
    struct persister *persister = arg;
    struct batch *batch = mem_zalloc(sizeof(*batch));
    uint64_t noted_ns = 0;
    while (!stopping(persister)) {
        const ssize_t got =
            rd_kafka_consume_batch_queue(persister->queue, WAIT_MS, batch->messages, BATCH_MAX);
        batch->count = got > 0 ? (size_t)got : 0;
        if (batch->count > 0)
            process(persister, batch);
        for (size_t i = 0; i < batch->count; i++)
            rd_kafka_message_destroy(batch->messages[i]);
        resume_held(persister);
        settler_heal(persister->settler);
        if (clock_mono_ns() - noted_ns > 1000000000ull) {
            noted_ns = clock_mono_ns();
            note_lag(persister);
        }
    }
    mem_free(batch);
    return NULL;
}

/* ---- life cycle ---- */

static bool set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char problem[256];
    if (rd_kafka_conf_set(conf, name, value, problem, sizeof(problem)) == RD_KAFKA_CONF_OK)
        return true;
    log_error("kafka cannot be used", LOG_STR("why", problem));
    return false;
}

static rd_kafka_t *create_consumer(const struct persister_options *options)
{
    char problem[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    const bool valid =
        set(conf, "bootstrap.servers", options->kafka) && set(conf, "group.id", JOURNAL_GROUP) &&
        set(conf, "group.instance.id", options->name) && set(conf, "client.id", options->name) &&
        set(conf, "enable.auto.commit", "false") && set(conf, "auto.offset.reset", "earliest") &&
        set(conf, "partition.assignment.strategy", "range") &&
        set(conf, "fetch.wait.max.ms", "50") && set(conf, "session.timeout.ms", "10000") &&
        set(conf, "topic.metadata.refresh.interval.ms", "5000") &&
        set(conf, "reconnect.backoff.max.ms", "1000") &&
        set(conf, "allow.auto.create.topics", "false") && set(conf, "log_level", "2");
    rd_kafka_t *consumer =
        valid ? rd_kafka_new(RD_KAFKA_CONSUMER, conf, problem, sizeof(problem)) : NULL;
    if (consumer == NULL)
        rd_kafka_conf_destroy(conf);
    return consumer;
}

/* Make the topic when it is missing; who comes second finds it. */
static void create_topic(struct persister *persister)
{
    char problem[256];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(JOURNAL_TOPIC, persister->options.partitions,
                              persister->options.replicas, problem, sizeof(problem));
    if (topic == NULL) {
        log_error("the topic cannot be made", LOG_STR("why", problem));
        return;
    }
    rd_kafka_queue_t *answers = rd_kafka_queue_new(persister->consumer);
    rd_kafka_CreateTopics(persister->consumer, &topic, 1, NULL, answers);
    rd_kafka_event_t *answer = rd_kafka_queue_poll(answers, ADMIN_MS);
    if (answer != NULL)
        rd_kafka_event_destroy(answer);
    rd_kafka_queue_destroy(answers);
    rd_kafka_NewTopic_destroy(topic);
}

static void subscribe(struct persister *persister)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, JOURNAL_TOPIC, RD_KAFKA_PARTITION_UA);
    (void)rd_kafka_poll_set_consumer(persister->consumer);
    (void)rd_kafka_subscribe(persister->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    persister->queue = rd_kafka_queue_get_consumer(persister->consumer);
}

static void destroy(struct persister *persister)
{
    settler_close(persister->settler);
    if (persister->queue != NULL)
        rd_kafka_queue_destroy(persister->queue);
    if (persister->consumer != NULL)
        rd_kafka_destroy(persister->consumer);
    redis_client_close(persister->redis);
    store_close(persister->store);
    pthread_mutex_destroy(&persister->lock);
    mem_free(persister);
}

enum err persister_start(const struct persister_options *options, struct persister **out)
{
    struct persister *persister = mem_zalloc(sizeof(*persister));
    persister->options = *options;
    pthread_mutex_init(&persister->lock, NULL);
    enum err err = redis_servers_parse(options->redis, &persister->servers);
    if (err == ERR_NONE)
        err = store_open(options->store_url, &persister->store);
    if (err == ERR_NONE) {
        persister->consumer = create_consumer(options);
        err = persister->consumer == NULL ? ERR_INVALID : ERR_NONE;
    }
    if (err != ERR_NONE) {
        destroy(persister);
        return err;
    }
    persister->redis = redis_client_open(&persister->servers);
    persister->settler = settler_open(persister->store, persister->redis, persister->servers.count);
    create_topic(persister);
    subscribe(persister);
    const int rc = pthread_create(&persister->thread, NULL, run, persister);
    assert(rc == 0);
    pthread_setname_np(persister->thread, "persister");
    *out = persister;
    return ERR_NONE;
}

void persister_stop(struct persister *persister)
{
    if (persister == NULL)
        return;
    pthread_mutex_lock(&persister->lock);
    persister->stopping = true;
    pthread_mutex_unlock(&persister->lock);
    pthread_join(persister->thread, NULL);
    /* No leaving of the group: with static membership a restart keeps its partitions. */
    destroy(persister);
}

void persister_metrics(struct persister *persister, struct buf *out)
{
    pthread_mutex_lock(&persister->lock);
    buf_format(out,
               "# TYPE parley_persister_stored_total counter\n"
               "parley_persister_stored_total %llu\n"
               "# TYPE parley_persister_batches_total counter\n"
               "parley_persister_batches_total %llu\n"
               "# TYPE parley_persister_failures_total counter\n"
               "parley_persister_failures_total %llu\n"
               "# HELP parley_persister_lag Records that wait, for each partition of this one.\n"
               "# TYPE parley_persister_lag gauge\n",
               (unsigned long long)persister->stored, (unsigned long long)persister->batches,
               (unsigned long long)persister->failures);
    for (size_t i = 0; i < PARTITIONS_MAX; i++) {
        if (persister->lag[i] >= 0)
            buf_format(out, "parley_persister_lag{partition=\"%zu\"} %lld\n", i,
                       (long long)persister->lag[i]);
    }
    pthread_mutex_unlock(&persister->lock);
}
