/* Closing sockets whose login has expired or is gone. */

#include "edge/validity.h"

#include "base/clock.h"
#include "base/mem.h"
#include "chat/chat.h"
#include "edge/hub.h"
#include "edge/session.h"
#include "ev/pool.h"

#define ASK_MS (5u * 60u * 1000u)

/* A question to the store about one session. */
struct question {
    struct job job;
    struct session *session;
    uint8_t token_hash[TOKEN_HASH_BYTES];
    struct store_session found;
    enum err err;
};

void validity_begin(struct session *session, int64_t expires_us)
{
    session->expires_us = expires_us;
    session->valid_ms = loop_now_ms(session->edge->chat->loop);
    session->in_doubt = false;
}

static void work(struct job *job, void *store)
{
    struct question *question = LIST_ITEM(job, struct question, job);
    question->err = account_of_token(store, question->token_hash, &question->found);
}

static void answered(struct job *job)
{
    struct question *question = LIST_ITEM(job, struct question, job);
    struct session *session = question->session;
    if (question->err == ERR_UNAUTHENTICATED)
        session_end(session);
    else if (question->err != ERR_NONE)
        session->in_doubt = true; /* nobody knows: ask again soon */
    session_release(session);
    mem_free(question);
}

static void ask(struct session *session, uint64_t now_ms)
{
    struct chat *chat = session->edge->chat;
    struct question *question = mem_zalloc(sizeof(*question));
    question->session = session;
    memcpy(question->token_hash, session->token_hash, TOKEN_HASH_BYTES);
    session->in_doubt = false;
    session->valid_ms = now_ms;
    session->in_flight++;
    if (pool_submit(chat->stores, chat->loop, &question->job, work, answered) == ERR_NONE)
        return;
    session->in_doubt = true;
    session->in_flight--;
    mem_free(question);
}

bool validity_check(struct session *session, uint64_t now_ms)
{
    if (session->state != SESSION_LIVE)
        return false;
    if (clock_wall_us() >= session->expires_us) {
        session_end(session);
        return true;
    }
    if (session->in_doubt || now_ms - session->valid_ms >= ASK_MS)
        ask(session, now_ms);
    return false;
}

uint64_t validity_wait_ms(const struct session *session, uint64_t max_ms)
{
    if (session->state != SESSION_LIVE)
        return max_ms;
    const int64_t left_us = session->expires_us - clock_wall_us();
    const uint64_t left_ms = left_us <= 0 ? 1 : (uint64_t)left_us / 1000 + 1;
    return left_ms < max_ms ? left_ms : max_ms;
}

void validity_doubt_all(struct edge *edge)
{
    for (struct list *link = edge->sessions.next; link != &edge->sessions; link = link->next)
        LIST_ITEM(link, struct session, link)->in_doubt = true;
}
