/* What every driver of the journal promises. */

#include "journal_suite.h"

#include <hiredis/hiredis.h>
#include <libpq-fe.h>

#include "base/hash.h"
#include "store/fleet.h"

#include "model/fold.h"

/* An entry with a text of its own. */
struct post {
    struct journal_entry entry;
    struct fixture *f;
    unsigned *left; /* the loop stops with the last one */
    unsigned dones;
    size_t committed_before; /* what on_commit had been given when this was done */
};

static void done(struct journal_entry *entry)
{
    struct post *post = LIST_ITEM(entry, struct post, entry);
    post->dones++;
    post->committed_before = commits_len(post->f);
    if (--*post->left == 0)
        loop_stop(post->f->loop);
}

static enum err append_kind(struct fixture *f, struct post *post, enum event_kind kind,
                            uint64_t channel, unsigned cmid, unsigned *left)
{
    *post = (struct post){.f = f, .left = left};
    post->entry.event = (struct event){
        .kind = kind,
        .channel = f->base + channel,
        .sender = 1,
        .text = kind == EVENT_MESSAGE ? SLICE("some text") : SLICE_EMPTY,
    };
    memcpy(post->entry.event.cmid, &cmid, sizeof(cmid));
    return journal_append(f->journal, f->loop, &post->entry, done);
}

static enum err append(struct fixture *f, struct post *post, uint64_t channel, unsigned cmid,
                       unsigned *left)
{
    return append_kind(f, post, EVENT_MESSAGE, channel, cmid, left);
}

/* Append one and wait for it. */
static struct event post_one(struct fixture *f, uint64_t channel, unsigned cmid, bool *duplicate)
{
    struct post post;
    unsigned left = 1;
    assert_int_equal(append(f, &post, channel, cmid, &left), ERR_NONE);
    run_until_stopped(f->loop);
    assert_int_equal(post.entry.result, ERR_NONE);
    *duplicate = post.entry.duplicate;
    return post.entry.event;
}

static void append_many(struct fixture *f, struct post *posts, unsigned count, unsigned first_cmid,
                        unsigned *left)
{
    *left = count;
    for (unsigned i = 0; i < count; i++)
        assert_int_equal(append(f, &posts[i], 1 + i % CHANNELS, first_cmid + i, left), ERR_NONE);
}

/* ---- places ---- */

static void events_get_places_one_after_the_other(void **state)
{
    enum { POSTS = 300 };
    struct fixture *f = *state;
    struct post *posts = mem_zalloc(POSTS * sizeof(*posts));
    unsigned left;
    append_many(f, posts, POSTS, 1, &left);
    for (unsigned i = 0; i < POSTS; i++)
        assert_int_equal(posts[i].dones, 0); /* never from inside the call */
    run_until_stopped(f->loop);

    uint64_t last[CHANNELS] = {0};
    int64_t last_us[CHANNELS] = {0};
    for (unsigned i = 0; i < POSTS; i++) {
        const struct event *event = &posts[i].entry.event;
        uint64_t *before = &last[i % CHANNELS];
        int64_t *before_us = &last_us[i % CHANNELS];
        assert_int_equal(posts[i].dones, 1);
        assert_int_equal(posts[i].entry.result, ERR_NONE);
        assert_false(posts[i].entry.duplicate);
        assert_int_equal(event->prev, *before);
        assert_true(event->seq > *before);
        assert_int_equal(event->n, i / CHANNELS + 1);
        assert_true(event->ts_us >= *before_us && event->ts_us > 0);
        *before = event->seq;
        *before_us = event->ts_us;
    }
    mem_free(posts);
}

static void only_messages_count(void **state)
{
    static const enum event_kind kinds[] = {EVENT_CREATE, EVENT_JOIN,    EVENT_MESSAGE,
                                            EVENT_LEAVE,  EVENT_MESSAGE, EVENT_JOIN};
    static const uint64_t wanted[] = {0, 0, 1, 1, 2, 2};
    struct fixture *f = *state;
    struct post posts[COUNT(kinds)];
    unsigned left = COUNT(kinds);
    for (unsigned i = 0; i < COUNT(kinds); i++)
        assert_int_equal(append_kind(f, &posts[i], kinds[i], 1, i + 1, &left), ERR_NONE);
    run_until_stopped(f->loop);
    for (unsigned i = 0; i < COUNT(kinds); i++) {
        assert_int_equal(posts[i].entry.event.n, wanted[i]);
        assert_int_equal(posts[i].entry.event.kind, kinds[i]);
    }
}

/* ---- on_commit ---- */

static void committed_events_are_handed_on_once_in_order_and_before_they_are_done(void **state)
{
    enum { POSTS = 500 };
    struct fixture *f = *state;
    struct post *posts = mem_zalloc(POSTS * sizeof(*posts));
    unsigned left;
    append_many(f, posts, POSTS, 1, &left);
    run_until_stopped(f->loop);
    settle_commits(f);
    assert_int_equal(f->commits_len, POSTS);
    uint64_t last[CHANNELS] = {0};
    for (size_t i = 0; i < f->commits_len; i++) {
        const struct commit *commit = &f->commits[i];
        assert_true(commit->seq > last[commit->channel - 1]);
        last[commit->channel - 1] = commit->seq;
        assert_int_equal(commit->text_len, strlen("some text"));

        /* The i-th that was committed is done only after it was handed on; Redis hands on before
         * that too, but who hears it there may hear it later. */
        unsigned cmid;
        memcpy(&cmid, commit->cmid, sizeof(cmid));
        if (suite_kind != JOURNAL_FLEET)
            assert_true(posts[cmid - 1].committed_before > i);
        assert_int_equal(posts[cmid - 1].entry.event.seq, commit->seq);
    }
    mem_free(posts);
}

/* ---- duplicates ---- */

static void the_same_cmid_gives_the_same_place_and_is_handed_on_once(void **state)
{
    struct fixture *f = *state;
    bool duplicate;
    const struct event first = post_one(f, 1, 7, &duplicate);
    assert_false(duplicate);
    (void)post_one(f, 1, 8, &duplicate);
    for (unsigned i = 0; i < 3; i++) {
        const struct event again = post_one(f, 1, 7, &duplicate);
        assert_true(duplicate);
        assert_int_equal(again.seq, first.seq);
        assert_int_equal(again.prev, first.prev);
        assert_int_equal(again.n, first.n);
        assert_int_equal(again.ts_us, first.ts_us);
    }
    settle_commits(f);
    assert_int_equal(f->commits_len, 2);
    const struct event next = post_one(f, 1, 9, &duplicate);
    assert_int_equal(next.n, 3);
}

static void the_same_cmid_twice_on_its_way_is_one_event(void **state)
{
    struct fixture *f = *state;
    struct post posts[10];
    unsigned left = COUNT(posts);
    for (unsigned i = 0; i < COUNT(posts); i++)
        assert_int_equal(append(f, &posts[i], 1, 7, &left), ERR_NONE);
    run_until_stopped(f->loop);
    for (unsigned i = 0; i < COUNT(posts); i++) {
        assert_int_equal(posts[i].entry.duplicate, i > 0);
        assert_int_equal(posts[i].entry.event.seq, posts[0].entry.event.seq);
    }
    settle_commits(f);
    assert_int_equal(f->commits_len, 1);
}

static void a_cmid_belongs_to_its_channel_and_its_sender(void **state)
{
    struct fixture *f = *state;
    struct post other_sender;
    bool duplicate;
    unsigned left = 1;
    (void)post_one(f, 1, 7, &duplicate);
    (void)post_one(f, 2, 7, &duplicate);
    assert_false(duplicate);

    other_sender = (struct post){.f = f, .left = &left};
    const unsigned cmid = 7;
    other_sender.entry.event = (struct event){
        .kind = EVENT_MESSAGE, .channel = f->base + 1, .sender = 2, .text = SLICE("mine")};
    memcpy(other_sender.entry.event.cmid, &cmid, sizeof(cmid));
    assert_int_equal(journal_append(f->journal, f->loop, &other_sender.entry, done), ERR_NONE);
    run_until_stopped(f->loop);
    assert_false(other_sender.entry.duplicate);
    assert_int_equal(other_sender.entry.event.n, 2);
}

/* ---- life cycle ---- */

static void closing_commits_what_waits(void **state)
{
    enum { POSTS = 1000 };
    struct fixture *f = *state;
    struct post *posts = mem_zalloc(POSTS * sizeof(*posts));
    unsigned left;
    append_many(f, posts, POSTS, 1, &left);
    journal_close(f->journal);
    f->journal = NULL;
    loop_run_posted(f->loop);
    settle_commits(f);
    assert_int_equal(f->commits_len, POSTS);
    assert_int_equal(left, 0);
    for (unsigned i = 0; i < POSTS; i++) {
        assert_int_equal(posts[i].dones, 1);
        assert_int_equal(posts[i].entry.result, ERR_NONE);
    }
    mem_free(posts);
}

static void the_numbers_tell_what_was_committed(void **state)
{
    struct fixture *f = *state;
    struct journal_stats stats;
    bool duplicate;
    (void)post_one(f, 1, 1, &duplicate);
    (void)post_one(f, 1, 2, &duplicate);
    (void)post_one(f, 1, 2, &duplicate);
    journal_stats(f->journal, &stats);
    assert_true(stats.up);
    assert_int_equal(stats.events, 2);
    assert_true(stats.batches >= 2);
    assert_int_equal(stats.failures, 0);
    assert_int_equal(stats.waiting, 0);
}

static void other_urls_are_refused_and_closing_none_is_allowed(void **state)
{
    static const char *const urls[] = {"", "mem", "store", "sqlite:x", "STORE:", "fleet"};
    struct fixture *f = *state;
    const struct journal_options options = {
        .store_url = f->store_url, .queue_max = 1, .on_commit = on_commit, .on_commit_arg = f};
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct journal *journal = NULL;
        assert_int_equal(journal_open(urls[i], &options, &journal), ERR_INVALID);
        assert_null(journal);
    }
    journal_close(NULL);
}

/* ---- with a store ---- */

static void an_event_for_no_channel_or_thread_fails_alone(void **state)
{
    struct fixture *f = *state;
    struct post posts[4];
    unsigned left = COUNT(posts);
    bool duplicate;
    const struct event root = post_one(f, 1, 100, &duplicate);
    assert_int_equal(append(f, &posts[0], 1, 1, &left), ERR_NONE);
    assert_int_equal(append(f, &posts[1], 99, 2, &left), ERR_NONE);
    posts[2] = posts[3] = (struct post){.f = f, .left = &left};
    posts[2].entry.event = (struct event){.kind = EVENT_MESSAGE,
                                          .channel = f->base + 1,
                                          .sender = 1,
                                          .thread = 12345,
                                          .cmid = {3},
                                          .text = SLICE("reply")};
    posts[3].entry.event = posts[2].entry.event;
    posts[3].entry.event.cmid[0] = 4;
    posts[3].entry.event.thread = root.seq;
    for (unsigned i = 2; i < 4; i++)
        assert_int_equal(journal_append(f->journal, f->loop, &posts[i].entry, done), ERR_NONE);
    run_until_stopped(f->loop);
    assert_int_equal(posts[0].entry.result, ERR_NONE);
    assert_int_equal(posts[1].entry.result, ERR_NOT_FOUND);
    assert_int_equal(posts[2].entry.result, ERR_NOT_FOUND);
    assert_int_equal(posts[3].entry.result, ERR_NONE);
    assert_int_equal(posts[3].entry.event.n, 3);
    settle_commits(f);
    assert_int_equal(f->commits_len, 3);
}

/* Append a change by `sender` and wait for it. */
static struct journal_entry change_one(struct fixture *f, enum event_kind kind, uint64_t sender,
                                       uint64_t target, unsigned cmid)
{
    struct post post = {.f = f};
    unsigned left = 1;
    post.left = &left;
    post.entry.event = (struct event){
        .kind = kind,
        .channel = f->base + 1,
        .sender = sender,
        .thread = target,
        .text = kind == EVENT_DELETE ? SLICE_EMPTY : SLICE("changed"),
    };
    memcpy(post.entry.event.cmid, &cmid, sizeof(cmid));
    assert_int_equal(journal_append(f->journal, f->loop, &post.entry, done), ERR_NONE);
    run_until_stopped(f->loop);
    return post.entry;
}

static void changes_are_checked_and_go_the_way_of_all_events(void **state)
{
    struct fixture *f = *state;
    bool duplicate;
    const uint64_t seq = post_one(f, 1, 1, &duplicate).seq;
    assert_int_equal(change_one(f, EVENT_EDIT, 2, seq, 2).result, ERR_FORBIDDEN);
    assert_int_equal(change_one(f, EVENT_EDIT, 1, seq + 5000, 3).result, ERR_NOT_FOUND);
    const struct journal_entry edit = change_one(f, EVENT_EDIT, 1, seq, 4);
    assert_int_equal(edit.result, ERR_NONE);
    assert_int_equal(edit.event.prev, seq);
    assert_int_equal(edit.event.n, 1);
    assert_int_equal(edit.event.thread, seq);
    assert_int_equal(change_one(f, EVENT_EDIT, 1, edit.event.seq, 5).result, ERR_NOT_FOUND);
    assert_int_equal(change_one(f, EVENT_REACT, 2, seq, 6).result, ERR_NONE);
    const struct journal_entry deleted = change_one(f, EVENT_DELETE, 1, seq, 7);
    assert_int_equal(deleted.result, ERR_NONE);
    assert_int_equal(change_one(f, EVENT_REACT, 2, seq, 8).result, ERR_NOT_FOUND);

    /* Sent again they have their first places, whatever has become of the message. */
    const struct journal_entry again[] = {change_one(f, EVENT_EDIT, 1, seq, 4),
                                          change_one(f, EVENT_DELETE, 1, seq, 7)};
    assert_int_equal(again[0].result, ERR_NONE);
    assert_int_equal(again[1].result, ERR_NONE);
    assert_true(again[0].duplicate && again[1].duplicate);
    assert_int_equal(again[0].event.seq, edit.event.seq);
    assert_int_equal(again[1].event.seq, deleted.event.seq);
    settle_commits(f);
    assert_int_equal(f->commits_len, 4);

    struct arena arena = {0};
    struct store_page page;
    const struct store_range all = {STORE_AFTER, 0, 100, 100000};
    assert_int_equal(store_page(f->store, f->base + 1, all, &arena, &page), ERR_NONE);
    assert_int_equal(page.count, 4);
    assert_true(page.items[0].fold->deleted);
    assert_int_equal(page.items[0].text.len, 0);
    assert_int_equal(page.items[1].text.len, 0);
    arena_fini(&arena);
}

static void tell_redis(const char *words)
{
    const char *port = strchr(getenv("PARLEY_REDIS"), ':') + 1;
    redisContext *context = redisConnect("127.0.0.1", (int)strtol(port, NULL, 10));
    assert_int_equal(context->err, 0);
    redisReply *reply = redisCommand(context, words);
    assert_int_equal(reply->type, REDIS_REPLY_STATUS);
    freeReplyObject(reply);
    redisFree(context);
}

/* Let nothing be done: hold the journal's thread inside on_commit, or Redis. */
static void hold(struct fixture *f, struct post *post, unsigned *left)
{
    if (suite_kind == JOURNAL_FLEET) {
        tell_redis("CLIENT PAUSE 60000 WRITE");
        assert_int_equal(append(f, post, 1, 1000000, left), ERR_NONE);
        return;
    }
    pthread_mutex_lock(&f->lock);
    f->held = true;
    pthread_mutex_unlock(&f->lock);
    assert_int_equal(append(f, post, 1, 1000000, left), ERR_NONE);
    pthread_mutex_lock(&f->lock);
    while (!f->waiting)
        pthread_cond_wait(&f->changed, &f->lock);
    pthread_mutex_unlock(&f->lock);
}

static void release(struct fixture *f)
{
    if (suite_kind == JOURNAL_FLEET) {
        tell_redis("CLIENT UNPAUSE");
        return;
    }
    pthread_mutex_lock(&f->lock);
    f->held = false;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void a_full_queue_refuses_and_takes_again_later(void **state)
{
    enum { QUEUE = 20 };
    struct fixture *f = *state;
    struct post first;
    struct post posts[QUEUE];
    struct post refused;
    struct journal_stats stats;
    /* In a fleet all wait that are under way, the held one too. */
    const unsigned room = suite_kind == JOURNAL_FLEET ? QUEUE - 1 : QUEUE;
    unsigned left = room + 1;
    unsigned never = 1;
    journal_close(f->journal);
    f->queue_max = QUEUE;
    open_journal(f);
    hold(f, &first, &left);
    for (unsigned i = 0; i < room; i++)
        assert_int_equal(append(f, &posts[i], 1, i + 1, &left), ERR_NONE);
    assert_int_equal(append(f, &refused, 1, 500, &never), ERR_UNAVAILABLE);
    journal_stats(f->journal, &stats);
    assert_int_equal(stats.waiting, QUEUE);
    release(f);
    run_until_stopped(f->loop);
    run_turns(f->loop, 3);
    assert_int_equal(refused.dones, 0);
    bool duplicate;
    (void)post_one(f, 1, 500, &duplicate);
    assert_false(duplicate);
}

/* ---- in a fleet ---- */

/* Nobody may change the channel's head until these are closed. */
static size_t lock_head(uint64_t channel, PGconn **conns)
{
    struct fleet_server servers[FLEET_SERVERS_MAX];
    struct arena arena = {0};
    struct buf lock = {0};
    size_t count = 0;
    buf_format(&lock, "LOCK TABLE s%02u.channel_head IN EXCLUSIVE MODE",
               (unsigned)(hash_mix64(channel) % FLEET_SHARDS));
    assert_true(
        fleet_servers_parse(slice_str(getenv("PARLEY_PG_SHARDS")), &arena, servers, &count));
    for (size_t i = 0; i < count; i++) {
        conns[i] = PQconnectdb(servers[i].conninfo.ptr);
        PQclear(PQexec(conns[i], "BEGIN"));
        PQclear(PQexec(conns[i], buf_cstr(&lock))); /* fails where the shard is not */
    }
    buf_fini(&lock);
    arena_fini(&arena);
    return count;
}

static bool most_are_done(void *left)
{
    return *(unsigned *)left <= 100;
}

static void a_lease_that_is_used_up_while_it_is_extended_holds_nothing_for_ever(void **state)
{
    enum { POSTS = 1023 + 100 }; /* with the first one 100 more than a lease */
    struct fixture *f = *state;
    struct post *posts = mem_zalloc(POSTS * sizeof(*posts));
    PGconn *conns[FLEET_SERVERS_MAX];
    unsigned left = POSTS;
    bool duplicate;
    (void)post_one(f, 1, 1, &duplicate);
    const size_t locked = lock_head(f->base + 1, conns);
    for (unsigned i = 0; i < POSTS; i++)
        assert_int_equal(append(f, &posts[i], 1, 2 + i, &left), ERR_NONE);
    run_until(f->loop, most_are_done, &left);
    assert_int_equal(left, 100);
    run_turns(f->loop, 500); /* the next one is told that there is no seq left */
    for (size_t i = 0; i < locked; i++)
        PQfinish(conns[i]);
    while (left > 0)
        run_until_stopped(f->loop);
    for (unsigned i = 0; i < POSTS; i++)
        assert_int_equal(posts[i].entry.result, ERR_NONE);
    mem_free(posts);
}

static void what_waits_during_a_commit_goes_into_few_batches(void **state)
{
    enum { POSTS = 200 };
    struct fixture *f = *state;
    struct post first;
    struct post *posts = mem_zalloc(POSTS * sizeof(*posts));
    struct journal_stats stats;
    unsigned left = 1;
    hold(f, &first, &left);
    left += POSTS;
    for (unsigned i = 0; i < POSTS; i++)
        assert_int_equal(append(f, &posts[i], 1, i + 1, &left), ERR_NONE);
    release(f);
    run_until_stopped(f->loop);
    journal_stats(f->journal, &stats);
    assert_int_equal(stats.events, POSTS + 1);
    assert_true(stats.batches <= 3);
    mem_free(posts);
}

static void everything_is_there_after_a_restart(void **state)
{
    struct fixture *f = *state;
    bool duplicate;
    const struct event first = post_one(f, 1, 1, &duplicate);
    const struct event second = post_one(f, 1, 2, &duplicate);
    journal_close(f->journal);
    open_journal(f);
    const struct event again = post_one(f, 1, 1, &duplicate);
    assert_true(duplicate);
    assert_int_equal(again.seq, first.seq);
    assert_int_equal(again.ts_us, first.ts_us);
    const struct event third = post_one(f, 1, 3, &duplicate);
    assert_int_equal(third.prev, second.seq);
    assert_int_equal(third.n, 3);

    struct arena arena = {0};
    struct store_page page;
    const struct store_range all = {STORE_AFTER, 0, 100, 100000};
    assert_int_equal(store_page(f->store, f->base + 1, all, &arena, &page), ERR_NONE);
    assert_int_equal(page.count, 3);
    arena_fini(&arena);
}

static void a_store_that_cannot_be_opened_is_told(void **state)
{
    struct fixture *f = *state;
    struct journal_options options = journal_suite_options(f);
    struct journal *journal = NULL;
    options.store_url = suite_kind == JOURNAL_FLEET ? "pg:postgres://nobody@127.0.0.1:1/nothing"
                                                    : "sqlite:/no/such/folder/store.db";
    assert_int_not_equal(journal_open(journal_suite_url(), &options, &journal), ERR_NONE);
    assert_null(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        journal_test(events_get_places_one_after_the_other),
        journal_test(only_messages_count),
        journal_test(committed_events_are_handed_on_once_in_order_and_before_they_are_done),
        journal_test(the_same_cmid_gives_the_same_place_and_is_handed_on_once),
        journal_test(the_same_cmid_twice_on_its_way_is_one_event),
        journal_test(a_cmid_belongs_to_its_channel_and_its_sender),
        journal_test(closing_commits_what_waits),
        journal_test(the_numbers_tell_what_was_committed),
        journal_test(other_urls_are_refused_and_closing_none_is_allowed),
    };
    const struct CMUnitTest store_tests[] = {
        journal_test(an_event_for_no_channel_or_thread_fails_alone),
        journal_test(changes_are_checked_and_go_the_way_of_all_events),
        journal_test(a_full_queue_refuses_and_takes_again_later),
        journal_test(everything_is_there_after_a_restart),
        journal_test(a_store_that_cannot_be_opened_is_told),
    };
    const struct CMUnitTest batch_tests[] = {
        journal_test(what_waits_during_a_commit_goes_into_few_batches),
    };
    const struct CMUnitTest fleet_tests[] = {
        journal_test(a_lease_that_is_used_up_while_it_is_extended_holds_nothing_for_ever),
    };
    int failed = 0;
    for (suite_kind = first_kind(); suite_kind <= last_kind(); suite_kind++) {
        const char *name = kind_names[suite_kind];
        failed += cmocka_run_group_tests_name(name, tests, NULL, NULL);
        if (suite_kind != JOURNAL_MEM)
            failed += cmocka_run_group_tests_name(name, store_tests, NULL, NULL);
        if (suite_kind != JOURNAL_MEM && suite_kind != JOURNAL_FLEET)
            failed += cmocka_run_group_tests_name(name, batch_tests, NULL, NULL);
        if (suite_kind == JOURNAL_FLEET)
            failed += cmocka_run_group_tests_name(name, fleet_tests, NULL, NULL);
    }
    return failed;
}
