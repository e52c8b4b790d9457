/* Appending events to SQLite: one transaction per batch, each channel's head read and written once.
 */

#include "base/mem.h"
#include "store/sql.h"
#include "store/sqlite_rows.h"
#include "store/sqlite_txn.h"

struct head {
    uint64_t channel;
    bool exists;
    bool changed;
    uint64_t last_seq;
    uint64_t last_n;
};

struct batch {
    struct store_sqlite *store;
    struct map by_channel; /* -> one of `heads` */
    struct head *heads;
    size_t heads_len;
};

/* ---- heads ---- */

static enum err read_head(struct store_sqlite *s, struct head *head)
{
    struct sql q = sql_begin(s, "SELECT last_seq, last_n FROM channel_head WHERE channel_id = ?1");
    sql_u64(&q, head->channel);
    head->exists = sql_row(&q);
    if (head->exists) {
        head->last_seq = sql_get_u64(&q, 0);
        head->last_n = sql_get_u64(&q, 1);
    }
    return sql_end(&q);
}

static enum err find_head(struct batch *batch, uint64_t channel, struct head **out)
{
    *out = map_get(&batch->by_channel, channel);
    if (*out != NULL)
        return ERR_NONE;

    struct head *head = &batch->heads[batch->heads_len++];
    head->channel = channel;
    map_put(&batch->by_channel, channel, head);
    *out = head;
    return read_head(batch->store, head);
}

static enum err write_head(struct store_sqlite *s, const struct head *head)
{
    struct sql q = sql_begin(s, "UPDATE channel_head SET last_seq = ?1, last_n = ?2"
                                " WHERE channel_id = ?3");
    sql_u64(&q, head->last_seq);
    sql_u64(&q, head->last_n);
    sql_u64(&q, head->channel);
    return sql_run(&q);
}

static enum err write_heads(struct batch *batch)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < batch->heads_len && err == ERR_NONE; i++) {
        if (batch->heads[i].changed)
            err = write_head(batch->store, &batch->heads[i]);
    }
    return err;
}

/* ---- one event ---- */

static enum err read_deleted(struct store_sqlite *s, const struct event *event, bool *deleted)
{
    struct sql q = sql_begin(s, "SELECT 1 FROM messages WHERE channel_id = ?1 AND thread = ?2"
                                " AND thread <> 0 AND kind = ?3 LIMIT 1");
    sql_u64(&q, event->channel);
    sql_u64(&q, event->thread);
    sql_u64(&q, EVENT_DELETE);
    *deleted = sql_row(&q);
    return sql_end(&q);
}

/* ERR_NOT_FOUND, ERR_FORBIDDEN: what store_append() says of its target. */
static enum err check_target(struct store_sqlite *s, const struct event *event)
{
    bool deleted = false;
    enum err err = read_deleted(s, event, &deleted);
    if (err != ERR_NONE)
        return err;
    struct sql q = sql_begin(s, "SELECT kind, sender_id FROM messages"
                                " WHERE channel_id = ?1 AND seq = ?2");
    struct event target = {.seq = event->thread};
    sql_u64(&q, event->channel);
    sql_u64(&q, event->thread);
    const bool found = sql_row(&q);
    if (found) {
        target.kind = (enum event_kind)sql_get_u64(&q, 0);
        target.sender = sql_get_u64(&q, 1);
    }
    err = sqlite_found(&q, found);
    return err != ERR_NONE ? err : event_check_target(event, &target, deleted);
}

/* Make `thread` the seq of the thread's first message. ERR_NOT_FOUND: it is no message here. */
static enum err resolve_thread(struct store_sqlite *s, struct event *event)
{
    if (event->thread == 0)
        return ERR_NONE;
    if (event_is_change(event->kind))
        return check_target(s, event);
    struct sql q = sql_begin(s, "SELECT thread FROM messages"
                                " WHERE channel_id = ?1 AND seq = ?2 AND kind = ?3");
    sql_u64(&q, event->channel);
    sql_u64(&q, event->thread);
    sql_u64(&q, EVENT_MESSAGE);
    const bool found = sql_row(&q);
    if (found && sql_get_u64(&q, 0) != 0)
        event->thread = sql_get_u64(&q, 0);
    return sqlite_found(&q, found);
}

/* *inserted is false when its cmid is there already. */
static enum err insert(struct store_sqlite *s, const struct event *event, bool *inserted)
{
    struct sql q =
        sql_begin(s, SQLITE_INSERT_EVENT " ON CONFLICT (channel_id, sender_id, cmid) DO NOTHING");
    sqlite_bind_event(&q, event);
    const enum err err = sql_run(&q);
    *inserted = sqlite3_changes(s->db) > 0;

    /* The seq behind the head is taken: the head is wrong. */
    return err == ERR_EXISTS ? ERR_CORRUPT : err;
}

/* What was stored first under the event's cmid. ERR_NOT_FOUND. */
static enum err read_first(struct store_sqlite *s, struct event *event)
{
    struct sql q = sql_begin(s, "SELECT seq, prev, n, kind, thread, ts_us FROM messages"
                                " WHERE channel_id = ?1 AND sender_id = ?2 AND cmid = ?3");
    sql_u64(&q, event->channel);
    sql_u64(&q, event->sender);
    sql_blob(&q, event->cmid, UUID_BYTES);
    const bool found = sql_row(&q);
    if (found) {
        event->seq = sql_get_u64(&q, 0);
        event->prev = sql_get_u64(&q, 1);
        event->n = sql_get_u64(&q, 2);
        event->kind = (enum event_kind)sql_get_u64(&q, 3);
        event->thread = sql_get_u64(&q, 4);
        event->ts_us = sql_get_i64(&q, 5);
    }
    return sqlite_found(&q, found);
}

static enum err store_event(struct store_sqlite *s, struct head *head, struct store_append *item)
{
    struct event *event = item->event;
    event->prev = head->last_seq;
    event->seq = head->last_seq + 1;
    event->n = head->last_n + (event_counts(event->kind) ? 1 : 0);

    bool inserted = false;
    const enum err err = insert(s, event, &inserted);
    if (err != ERR_NONE)
        return err;
    item->duplicate = !inserted;
    if (!inserted) {
        const enum err first = read_first(s, event);
        return first == ERR_NOT_FOUND ? ERR_CORRUPT : first;
    }
    head->last_seq = event->seq;
    head->last_n = event->n;
    head->changed = true;
    return ERR_NONE;
}

/* Whether the failure is the item's own; all others are the batch's. */
static bool is_own(enum err err)
{
    return err == ERR_NOT_FOUND || err == ERR_FORBIDDEN;
}

static enum err append_one(struct batch *batch, struct store_append *item)
{
    item->duplicate = false;
    struct head *head;
    enum err err = find_head(batch, item->event->channel, &head);
    if (err != ERR_NONE)
        return err;
    if (!head->exists)
        return ERR_NOT_FOUND;
    err = resolve_thread(batch->store, item->event);
    if (err == ERR_NONE)
        return store_event(batch->store, head, item);
    if (!is_own(err))
        return err;

    /* A deletion that is sent again finds that its target is deleted. */
    const enum err again = read_first(batch->store, item->event);
    item->duplicate = again == ERR_NONE;
    return again == ERR_NOT_FOUND ? err : again;
}

static enum err append_all(struct batch *batch, struct store_append *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        items[i].result = append_one(batch, &items[i]);
        if (items[i].result != ERR_NONE && !is_own(items[i].result))
            return items[i].result;
    }
    return write_heads(batch);
}

enum err sqlite_append(struct store *store, struct store_append *items, size_t count)
{
    struct store_sqlite *s = store_sqlite_of(store);
    enum err err = sqlite_write_begin(s);
    if (err != ERR_NONE)
        return err;
    struct batch batch = {.store = s, .heads = mem_zalloc(count * sizeof(*batch.heads))};
    err = sqlite_write_end(s, append_all(&batch, items, count));
    map_fini(&batch.by_channel);
    mem_free(batch.heads);
    return err;
}
