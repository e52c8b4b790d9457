/* What changes made of the events of a page. */

#include "model/fold.h"

#include <stdlib.h>

/* One react or unreact. */
struct reacted {
    struct reacted *next;
    uint64_t seq;
    uint64_t user;
    struct slice emoji;
    bool on;
};

/* What is known of one target so far. */
struct fold_state {
    uint64_t seq;
    bool deleted;
    uint64_t edited_seq;
    int64_t edited_us;
    struct slice text; /* of the newest edit */
    uint64_t replies;
    uint64_t last_reply_seq;
    int64_t last_reply_us;
    struct reacted *reacted;
    size_t reacted_len;
};

/* ---- targets ---- */

static int by_seq(const void *a, const void *b)
{
    const struct fold_state *left = a;
    const struct fold_state *right = b;
    return left->seq < right->seq ? -1 : left->seq > right->seq;
}

static struct fold_state *find(const struct fold *fold, uint64_t seq)
{
    const struct fold_state key = {.seq = seq};
    return fold->states_len == 0
               ? NULL
               : bsearch(&key, fold->states, fold->states_len, sizeof(key), by_seq);
}

/* The targets of the page's edits that lie below it, ascending, each once. */
static size_t gather_outside(const struct fold *fold)
{
    size_t len = 0;
    for (size_t i = 0; i < fold->count; i++) {
        const struct event *event = &fold->items[i];
        if (event->kind == EVENT_EDIT && event->thread < fold->items[0].seq)
            fold->states[len++].seq = event->thread;
    }
    if (len > 1)
        qsort(fold->states, len, sizeof(*fold->states), by_seq);
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        if (kept == 0 || fold->states[i].seq != fold->states[kept - 1].seq)
            fold->states[kept++].seq = fold->states[i].seq;
    }
    return kept;
}

void fold_begin(struct fold *fold, struct arena *arena, struct event *items, size_t count)
{
    *fold = (struct fold){.arena = arena, .items = items, .count = count};
    fold->states = arena_zalloc(arena, (2 * count + 1) * sizeof(*fold->states));
    fold->outside = gather_outside(fold);
    for (size_t i = 0; i < count; i++)
        fold->states[fold->outside + i].seq = items[i].seq;
    fold->states_len = fold->outside + count;
}

uint64_t fold_outside(const struct fold *fold, size_t i)
{
    return fold->states[i].seq;
}

/* ---- counting in ---- */

static void add_edit(struct fold *fold, struct fold_state *state, const struct event *event)
{
    if (event->seq <= state->edited_seq)
        return;
    state->edited_seq = event->seq;
    state->edited_us = event->ts_us;
    state->text = arena_copy(fold->arena, event->text);
}

static void add_reaction(struct fold *fold, struct fold_state *state, const struct event *event)
{
    struct reacted *reacted = arena_alloc(fold->arena, sizeof(*reacted));
    *reacted = (struct reacted){state->reacted, event->seq, event->sender,
                                arena_copy(fold->arena, event->text), event->kind == EVENT_REACT};
    state->reacted = reacted;
    state->reacted_len++;
}

void fold_replies(struct fold *fold, uint64_t root, uint64_t count, uint64_t last_seq,
                  int64_t last_us)
{
    struct fold_state *state = find(fold, root);
    if (state == NULL)
        return;
    state->replies += count;
    if (last_seq <= state->last_reply_seq)
        return;
    state->last_reply_seq = last_seq;
    state->last_reply_us = last_us;
}

void fold_add(struct fold *fold, const struct event *event)
{
    struct fold_state *state = event->thread == 0 ? NULL : find(fold, event->thread);
    if (state == NULL)
        return;
    switch (event->kind) {
    case EVENT_MESSAGE:
        fold_replies(fold, event->thread, 1, event->seq, event->ts_us);
        break;
    case EVENT_EDIT:
        add_edit(fold, state, event);
        break;
    case EVENT_DELETE:
        state->deleted = true;
        break;
    case EVENT_REACT:
    case EVENT_UNREACT:
        add_reaction(fold, state, event);
        break;
    case EVENT_CREATE:
    case EVENT_JOIN:
    case EVENT_LEAVE:
    case EVENT_RENAME:
    case EVENT_TOPIC:
    case EVENT_ARCHIVE:
    case EVENT_UNARCHIVE:
        break;
    }
}

/* ---- reactions ---- */

static int compare_slices(struct slice a, struct slice b)
{
    const int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_emoji_user_seq(const void *a, const void *b)
{
    const struct reacted *left = a;
    const struct reacted *right = b;
    int order = compare_slices(left->emoji, right->emoji);
    if (order == 0)
        order = compare_numbers(left->user, right->user);
    return order != 0 ? order : compare_numbers(left->seq, right->seq);
}

static int by_emoji_seq(const void *a, const void *b)
{
    const struct reacted *left = a;
    const struct reacted *right = b;
    const int order = compare_slices(left->emoji, right->emoji);
    return order != 0 ? order : compare_numbers(left->seq, right->seq);
}

/* The reactions that stand, by emoji and then in order; the number of them. */
static size_t standing(const struct fold_state *state, struct reacted *all)
{
    size_t len = 0;
    for (const struct reacted *at = state->reacted; at != NULL; at = at->next)
        all[len++] = *at;
    qsort(all, len, sizeof(*all), by_emoji_user_seq);
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        const bool newest = i + 1 == len || all[i].user != all[i + 1].user ||
                            !slice_eq(all[i].emoji, all[i + 1].emoji);
        if (newest && all[i].on)
            all[kept++] = all[i];
    }
    if (kept > 1)
        qsort(all, kept, sizeof(*all), by_emoji_seq);
    return kept;
}

/* An emoji's reactions begin at `all`; they are [0, count). */
struct group {
    const struct reacted *all;
    size_t count;
};

static int by_first_seq(const void *a, const void *b)
{
    const struct group *left = a;
    const struct group *right = b;
    return compare_numbers(left->all[0].seq, right->all[0].seq);
}

static size_t group_by_emoji(const struct reacted *all, size_t count, struct group *groups)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (len == 0 || !slice_eq(groups[len - 1].all[0].emoji, all[i].emoji))
            groups[len++] = (struct group){&all[i], 0};
        groups[len - 1].count++;
    }
    if (len > 1)
        qsort(groups, len, sizeof(*groups), by_first_seq);
    return len;
}

static struct event_reaction tell_group(struct arena *arena, const struct group *group)
{
    const size_t len = group->count < FOLD_USERS_MAX ? group->count : FOLD_USERS_MAX;
    uint64_t *users = arena_alloc(arena, len * sizeof(*users));
    for (size_t i = 0; i < len; i++)
        users[i] = group->all[i].user;
    return (struct event_reaction){group->all[0].emoji, group->count, users, len};
}

static void tell_reactions(struct arena *arena, const struct fold_state *state,
                           struct event_fold *out)
{
    if (state->reacted_len == 0)
        return;
    struct reacted *all = arena_alloc(arena, state->reacted_len * sizeof(*all));
    struct group *groups = arena_alloc(arena, state->reacted_len * sizeof(*groups));
    size_t len = group_by_emoji(all, standing(state, all), groups);
    len = len < FOLD_EMOJIS_MAX ? len : FOLD_EMOJIS_MAX;
    struct event_reaction *reactions = arena_alloc(arena, (len + 1) * sizeof(*reactions));
    for (size_t i = 0; i < len; i++)
        reactions[i] = tell_group(arena, &groups[i]);
    out->reactions = reactions;
    out->reactions_len = len;
}

/* ---- telling ---- */

static void end_message(struct fold *fold, const struct fold_state *state, struct event *event)
{
    if (!state->deleted && state->edited_seq == 0 && state->replies == 0 && state->reacted == NULL)
        return;
    struct event_fold *out = arena_zalloc(fold->arena, sizeof(*out));
    out->deleted = state->deleted;
    out->replies = state->replies;
    out->last_reply_seq = state->last_reply_seq;
    out->last_reply_us = state->last_reply_us;
    event->fold = out;
    if (state->deleted) {
        event->text = SLICE_EMPTY;
        return;
    }
    tell_reactions(fold->arena, state, out);
    if (state->edited_seq == 0)
        return;
    out->edited_seq = state->edited_seq;
    out->edited_us = state->edited_us;
    event->text = state->text;
}

static void end_edit(const struct fold *fold, struct event *event)
{
    static const struct event_fold deleted = {.deleted = true};
    const struct fold_state *target = find(fold, event->thread);
    if (target == NULL || !target->deleted)
        return;
    event->text = SLICE_EMPTY;
    event->fold = &deleted;
}

void fold_end(struct fold *fold)
{
    for (size_t i = 0; i < fold->count; i++) {
        struct event *event = &fold->items[i];
        event->fold = NULL;
        if (event->kind == EVENT_MESSAGE)
            end_message(fold, &fold->states[fold->outside + i], event);
        else if (event->kind == EVENT_EDIT)
            end_edit(fold, event);
    }
}

size_t fold_weight(const struct event *event)
{
    size_t bytes = event->text.len;
    for (size_t i = 0; event->fold != NULL && i < event->fold->reactions_len; i++) {
        const struct event_reaction *reaction = &event->fold->reactions[i];
        bytes += reaction->emoji.len + (1 + reaction->users_len) * sizeof(uint64_t);
    }
    return bytes;
}
