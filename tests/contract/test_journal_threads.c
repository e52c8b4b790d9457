/* The journal under several loops at once, which also send each other's messages again. */

#include "journal_suite.h"

#define LOOPS 3u
#define POSTS 1500u   /* of each loop, its own */
#define SHARED 300u   /* that every loop sends */
#define IN_FLIGHT 50u /* of each loop */

struct writer;

struct post {
    struct journal_entry entry;
    struct writer *writer;
};

struct writer {
    pthread_t thread;
    struct loop *loop;
    struct journal *journal;
    struct fixture *f;
    struct task finished;
    unsigned index;
    unsigned next;
    unsigned left;
    struct post posts[POSTS + SHARED];
};

static void post_next(struct writer *writer);

static void done(struct journal_entry *entry)
{
    struct writer *writer = LIST_ITEM(entry, struct post, entry)->writer;
    if (entry->result != ERR_NONE)
        abort();
    if (--writer->left == 0)
        loop_stop(writer->loop);
    else
        post_next(writer);
}

/* Every (POSTS + SHARED) / SHARED-th one is the same for all loops. */
static uint32_t cmid_of(const struct writer *writer, unsigned at)
{
    const unsigned step = (POSTS + SHARED) / SHARED;
    return at % step == 0 ? 1 + at / step : (writer->index + 1) * 1000000 + at;
}

static void post_next(struct writer *writer)
{
    if (writer->next == POSTS + SHARED)
        return;
    const unsigned at = writer->next++;
    const uint32_t cmid = cmid_of(writer, at);
    struct post *post = &writer->posts[at];
    post->writer = writer;
    post->entry.event = (struct event){
        .kind = EVENT_MESSAGE,
        .channel = writer->f->base + 1 + cmid % CHANNELS,
        .sender = 1,
        .text = SLICE("x"),
    };
    memcpy(post->entry.event.cmid, &cmid, sizeof(cmid));
    if (journal_append(writer->journal, writer->loop, &post->entry, done) != ERR_NONE)
        abort();
}

static void *write_all(void *arg)
{
    struct writer *writer = arg;
    writer->left = POSTS + SHARED;
    for (unsigned i = 0; i < IN_FLIGHT; i++)
        post_next(writer);
    run_until_stopped(writer->loop);
    loop_post(writer->f->loop, &writer->finished);
    return NULL;
}

static void count_finished(struct task *task)
{
    struct fixture *f = LIST_ITEM(task, struct writer, finished)->f;
    if (++f->finished == LOOPS)
        loop_stop(f->loop);
}

/* Each loop's own entries have ascending places in each channel. */
static void check_order(const struct writer *writer)
{
    uint64_t last[CHANNELS] = {0};
    for (unsigned i = 0; i < POSTS + SHARED; i++) {
        const struct journal_entry *entry = &writer->posts[i].entry;
        uint64_t *before = &last[entry->event.channel - writer->f->base - 1];
        if (entry->duplicate)
            continue;
        assert_true(entry->event.seq > *before);
        *before = entry->event.seq;
    }
}

/* What every loop sent has one place, and one of them was first. */
static void check_shared(struct writer *const writers[LOOPS])
{
    const unsigned step = (POSTS + SHARED) / SHARED;
    for (unsigned at = 0; at < POSTS + SHARED; at += step) {
        unsigned fresh = 0;
        for (unsigned i = 0; i < LOOPS; i++) {
            const struct journal_entry *entry = &writers[i]->posts[at].entry;
            fresh += entry->duplicate ? 0 : 1;
            assert_int_equal(entry->event.seq, writers[0]->posts[at].entry.event.seq);
            assert_int_equal(entry->event.n, writers[0]->posts[at].entry.event.n);
        }
        assert_int_equal(fresh, 1);
    }
}

static void several_loops_get_one_order_and_every_cmid_one_place(void **state)
{
    struct fixture *f = *state;
    struct writer *writers[LOOPS];
    for (unsigned i = 0; i < LOOPS; i++) {
        writers[i] = mem_zalloc(sizeof(*writers[i]));
        writers[i]->index = i;
        writers[i]->loop = loop_create();
        writers[i]->journal = f->journal;
        writers[i]->f = f;
        writers[i]->finished.run = count_finished;
    }
    for (unsigned i = 0; i < LOOPS; i++)
        assert_int_equal(pthread_create(&writers[i]->thread, NULL, write_all, writers[i]), 0);
    run_until_stopped(f->loop); /* hears meanwhile */
    for (unsigned i = 0; i < LOOPS; i++)
        pthread_join(writers[i]->thread, NULL);
    settle_commits(f);

    for (unsigned i = 0; i < LOOPS; i++)
        check_order(writers[i]);
    check_shared(writers);
    const size_t shared = (POSTS + SHARED) / ((POSTS + SHARED) / SHARED);
    assert_int_equal(f->commits_len, LOOPS * (POSTS + SHARED) - (LOOPS - 1) * shared);
    uint64_t last[CHANNELS] = {0};
    for (size_t i = 0; i < f->commits_len; i++) {
        assert_true(f->commits[i].seq > last[f->commits[i].channel - 1]);
        last[f->commits[i].channel - 1] = f->commits[i].seq;
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        loop_destroy(writers[i]->loop);
        mem_free(writers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        journal_test(several_loops_get_one_order_and_every_cmid_one_place),
    };
    int failed = 0;
    for (suite_kind = first_kind(); suite_kind <= last_kind(); suite_kind++)
        failed += cmocka_run_group_tests_name(kind_names[suite_kind], tests, NULL, NULL);
    return failed;
}
