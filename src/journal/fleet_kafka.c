/* Producing to Kafka: acks=all, idempotent, delivery reports on the journal's loop (librdkafka). */

#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/fleet.h"
#include "journal/topic.h"

#define PROBE_MS 1000u
#define ASK_MS 100u
#define METADATA_MS 2000
#define FENCE_MS 8000u
#define FENCE_STEP_US 10000u

struct kafka_out {
    struct loop *loop;
    rd_kafka_t *producer;
    rd_kafka_t *group; /* a consumer that never consumes: asks for the persisters' offsets */
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *events;
    uv_poll_t poll;
    int event_fd;
    struct timer probe;
    bool down;
    bool probing;
    bool asking; /* a thread asks for the partitions; joined when it has answered */
    pthread_t asker;
    pthread_mutex_t lock;
    bool answered;      /* under lock */
    int32_t partitions; /* under lock; 0: not known yet */
};

struct record {
    kafka_done_fn *done;
    void *arg;
};

/* ---- set-up ---- */

static rd_kafka_t *create(rd_kafka_type_t type, const char *brokers,
                          const char *const settings[][2], size_t count)
{
    char problem[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_res_t result =
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers, problem, sizeof(problem));
    for (size_t i = 0; i < count && result == RD_KAFKA_CONF_OK; i++)
        result = rd_kafka_conf_set(conf, settings[i][0], settings[i][1], problem, sizeof(problem));
    if (type == RD_KAFKA_PRODUCER)
        rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    rd_kafka_t *client = NULL;
    if (result == RD_KAFKA_CONF_OK)
        client = rd_kafka_new(type, conf, problem, sizeof(problem));
    if (client == NULL) {
        log_error("kafka cannot be used", LOG_STR("why", problem));
        rd_kafka_conf_destroy(conf);
    }
    return client;
}

static const char *const producer_settings[][2] = {
    {"client.id", "parley"},
    {"enable.idempotence", "true"}, /* implies acks=all */
    {"linger.ms", "1"},
    {"message.timeout.ms", "5000"},
    {"socket.nagle.disable", "true"},
    {"compression.codec", "lz4"},
    {"queue.buffering.max.messages", "200000"},
    {"reconnect.backoff.max.ms", "1000"},
    {"log_level", "2"},
};

static const char *const group_settings[][2] = {
    {"client.id", "parley-fence"},
    {"group.id", JOURNAL_GROUP},
    {"reconnect.backoff.max.ms", "1000"},
    {"log_level", "2"},
};

/* ---- events of librdkafka ---- */

static void on_delivered(struct kafka_out *out, const rd_kafka_message_t *message)
{
    struct record *record = message->_private;
    const bool arrived = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (arrived && out->down)
        log_info("kafka is up");
    else if (!arrived && !out->down)
        log_warn("kafka is down", LOG_STR("why", rd_kafka_err2str(message->err)));
    out->down = !arrived;
    if (record == NULL) {
        out->probing = false;
        return;
    }
    record->done(arrived ? ERR_NONE : ERR_UNAVAILABLE, record->arg);
    mem_free(record);
}

static void on_error(struct kafka_out *out, rd_kafka_event_t *event)
{
    const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        return;
    if (!out->down)
        log_warn("kafka is down", LOG_STR("why", rd_kafka_err2str(error)));
    out->down = true;
}

static void drain(struct kafka_out *out)
{
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(out->events, 0)) != NULL) {
        const rd_kafka_message_t *message;
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
            on_error(out, event);
        while ((message = rd_kafka_event_message_next(event)) != NULL)
            on_delivered(out, message);
        rd_kafka_event_destroy(event);
    }
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct kafka_out *out = poll->data;
    uint64_t count;
    (void)status;
    (void)events;
    const ssize_t got = read(out->event_fd, &count, sizeof(count));
    (void)got;
    drain(out);
}

/* ---- health ---- */

static int32_t partitions_of(struct kafka_out *out)
{
    pthread_mutex_lock(&out->lock);
    const int32_t partitions = out->partitions;
    pthread_mutex_unlock(&out->lock);
    return partitions;
}

/* Ask how many partitions there are; on a thread of its own, because it blocks. */
static void *ask_partitions(void *arg)
{
    struct kafka_out *out = arg;
    const struct rd_kafka_metadata *metadata;
    int32_t found = 0;
    if (rd_kafka_metadata(out->producer, 0, out->topic, &metadata, METADATA_MS) ==
        RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (metadata->topic_cnt == 1 && metadata->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
            found = metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
    }
    pthread_mutex_lock(&out->lock);
    out->partitions = found;
    out->answered = true;
    pthread_mutex_unlock(&out->lock);
    return NULL;
}

/* A record that says nothing: it warms the connection, and tells when a lost broker is back. */
static void produce_probe(struct kafka_out *out, int32_t partition)
{
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        out->producer, RD_KAFKA_V_RKT(out->topic), RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_VALUE(NULL, 0), RD_KAFKA_V_OPAQUE(NULL), RD_KAFKA_V_END);
    out->probing = error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

static bool take_answer(struct kafka_out *out)
{
    pthread_mutex_lock(&out->lock);
    const bool answered = out->answered;
    out->answered = false;
    pthread_mutex_unlock(&out->lock);
    if (answered) {
        pthread_join(out->asker, NULL);
        out->asking = false;
    }
    return answered;
}

/* Ask for the partitions until there are some, then warm each. */
static void find_topic(struct kafka_out *out)
{
    if (out->asking && take_answer(out)) {
        const int32_t partitions = partitions_of(out);
        for (int32_t i = 0; i < partitions; i++)
            produce_probe(out, i);
    } else if (!out->asking) {
        const int rc = pthread_create(&out->asker, NULL, ask_partitions, out);
        assert(rc == 0);
        out->asking = true;
    }
}

static void on_probe(struct timer *timer)
{
    struct kafka_out *out = LIST_ITEM(timer, struct kafka_out, probe);
    if (partitions_of(out) == 0 || out->asking)
        find_topic(out);
    else if (out->down && !out->probing)
        produce_probe(out, 0);
    timer_start(out->loop, timer, out->asking ? ASK_MS : PROBE_MS, on_probe);
}

bool kafka_out_healthy(const struct kafka_out *out)
{
    return partitions_of((struct kafka_out *)(uintptr_t)out) > 0 && !out->down;
}

/* ---- producing ---- */

enum err kafka_out_produce(struct kafka_out *out, const struct event *event, kafka_done_fn *done,
                           void *arg)
{
    const int32_t partitions = partitions_of(out);
    if (partitions == 0)
        return ERR_UNAVAILABLE;
    struct record *record = mem_alloc(sizeof(*record));
    *record = (struct record){done, arg};
    struct bytes *value = event_encode(event);
    struct buf key = {0};
    buf_u64(&key, event->channel);
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        out->producer, RD_KAFKA_V_RKT(out->topic),
        RD_KAFKA_V_PARTITION(journal_partition(event->channel, partitions)),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key.ptr, key.len),
        RD_KAFKA_V_VALUE(value->data, value->len), RD_KAFKA_V_OPAQUE(record), RD_KAFKA_V_END);
    buf_fini(&key);
    bytes_unref(value);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
        return ERR_NONE;
    mem_free(record);
    return ERR_UNAVAILABLE;
}

/* ---- the fence ---- */

/* How far the persisters have committed a partition; -1 when they have not begun. */
static int64_t committed_offset(struct kafka_out *out, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, JOURNAL_TOPIC, partition);
    int64_t offset = -1;
    if (rd_kafka_committed(out->group, list, METADATA_MS) == RD_KAFKA_RESP_ERR_NO_ERROR &&
        list->elems[0].err == RD_KAFKA_RESP_ERR_NO_ERROR && list->elems[0].offset >= 0)
        offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return offset;
}

enum err kafka_out_fence(struct kafka_out *out, uint64_t channel)
{
    const int32_t partitions = partitions_of(out);
    if (partitions == 0)
        return ERR_UNAVAILABLE;
    const int32_t partition = journal_partition(channel, partitions);
    int64_t low;
    int64_t high;
    if (rd_kafka_query_watermark_offsets(out->group, JOURNAL_TOPIC, partition, &low, &high,
                                         METADATA_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return ERR_UNAVAILABLE;
    const uint64_t until_ns = clock_mono_ns() + FENCE_MS * 1000000ull;
    while (committed_offset(out, partition) < high) {
        if (clock_mono_ns() > until_ns)
            return ERR_UNAVAILABLE;
        (void)usleep(FENCE_STEP_US);
    }
    return ERR_NONE;
}

/* ---- life cycle ---- */

struct kafka_out *kafka_out_open(struct loop *loop, const char *brokers)
{
    struct kafka_out *out = mem_zalloc(sizeof(*out));
    out->loop = loop;
    out->producer = create(RD_KAFKA_PRODUCER, brokers, producer_settings,
                           sizeof(producer_settings) / sizeof(producer_settings[0]));
    out->group = create(RD_KAFKA_CONSUMER, brokers, group_settings,
                        sizeof(group_settings) / sizeof(group_settings[0]));
    if (out->producer == NULL || out->group == NULL) {
        if (out->producer != NULL)
            rd_kafka_destroy(out->producer);
        if (out->group != NULL)
            rd_kafka_destroy(out->group);
        mem_free(out);
        return NULL;
    }
    pthread_mutex_init(&out->lock, NULL);
    out->topic = rd_kafka_topic_new(out->producer, JOURNAL_TOPIC, NULL);
    out->events = rd_kafka_queue_get_main(out->producer);
    out->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert(out->event_fd >= 0);
    const uint64_t one = 1;
    rd_kafka_queue_io_event_enable(out->events, out->event_fd, &one, sizeof(one));
    uv_poll_init(loop_uv(loop), &out->poll, out->event_fd);
    out->poll.data = out;
    uv_poll_start(&out->poll, UV_READABLE, on_ready);
    timer_start(loop, &out->probe, 0, on_probe);
    return out;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct kafka_out *out = handle->data;
    (void)close(out->event_fd);
    pthread_mutex_destroy(&out->lock);
    mem_free(out);
}

void kafka_out_close(struct kafka_out *out)
{
    if (out == NULL)
        return;
    timer_stop(out->loop, &out->probe);
    if (out->asking)
        pthread_join(out->asker, NULL);
    (void)rd_kafka_purge(out->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    drain(out);
    rd_kafka_queue_destroy(out->events);
    rd_kafka_topic_destroy(out->topic);
    rd_kafka_destroy(out->producer);
    rd_kafka_destroy(out->group);
    uv_close((uv_handle_t *)&out->poll, on_poll_closed);
}
