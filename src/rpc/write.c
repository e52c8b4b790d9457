/* The objects of the protocol as JSON. */

#include "rpc/write.h"

#include "base/uuid.h"
#include "model/fold.h"

void write_member_u64(struct json_writer *w, struct slice name, uint64_t value)
{
    json_name(w, name);
    json_write_u64(w, value);
}

void write_member_i64(struct json_writer *w, struct slice name, int64_t value)
{
    json_name(w, name);
    json_write_i64(w, value);
}

void write_member_string(struct json_writer *w, struct slice name, struct slice value)
{
    json_name(w, name);
    json_write_string(w, value);
}

void write_member_bool(struct json_writer *w, struct slice name, bool value)
{
    json_name(w, name);
    json_write_bool(w, value);
}

void write_user(struct json_writer *w, const struct user *user)
{
    json_object_begin(w);
    write_member_u64(w, SLICE("id"), user->id);
    write_member_string(w, SLICE("name"), user->name);
    write_member_string(w, SLICE("display_name"), user->display_name);
    write_member_string(w, SLICE("role"), user_role_name(user->role));
    write_member_bool(w, SLICE("active"), user->active);
    write_member_string(w, SLICE("status_text"), user->status_text);
    write_member_string(w, SLICE("status_emoji"), user->status_emoji);
    json_object_end(w);
}

void write_users(struct json_writer *w, struct slice name, const struct store_users *users)
{
    json_name(w, name);
    json_array_begin(w);
    for (size_t i = 0; i < users->count; i++)
        write_user(w, &users->items[i]);
    json_array_end(w);
}

void write_channel(struct json_writer *w, const struct channel *channel)
{
    json_object_begin(w);
    write_member_u64(w, SLICE("id"), channel->id);
    write_member_string(w, SLICE("kind"), channel_kind_name(channel->kind));
    write_member_string(w, SLICE("name"), channel->name);
    write_member_string(w, SLICE("topic"), channel->topic);
    if (channel->creator != 0)
        write_member_u64(w, SLICE("creator"), channel->creator);
    if (channel->archived)
        write_member_bool(w, SLICE("archived"), true);
    write_member_u64(w, SLICE("members"), channel->members);
    if (channel->kind == CHANNEL_DIRECT) {
        json_name(w, SLICE("users"));
        json_array_begin(w);
        for (size_t i = 0; i < channel->users_len; i++)
            json_write_u64(w, channel->users[i]);
        json_array_end(w);
    }
    write_member_bool(w, SLICE("member"), channel->member);
    write_member_u64(w, SLICE("last_seq"), channel->last_seq);
    write_member_u64(w, SLICE("last_n"), channel->last_n);
    if (channel->member) {
        write_member_u64(w, SLICE("read_seq"), channel->read_seq);
        write_member_u64(w, SLICE("read_n"), channel->read_n);
        write_member_u64(w, SLICE("unread"), channel_unread(channel));
    }
    json_object_end(w);
}

void write_channels(struct json_writer *w, struct slice name, const struct store_channels *channels)
{
    json_name(w, name);
    json_array_begin(w);
    for (size_t i = 0; i < channels->count; i++)
        write_channel(w, &channels->items[i]);
    json_array_end(w);
}

static void write_reactions(struct json_writer *w, const struct event_fold *fold)
{
    json_name(w, SLICE("reactions"));
    json_array_begin(w);
    for (size_t i = 0; i < fold->reactions_len; i++) {
        const struct event_reaction *reaction = &fold->reactions[i];
        json_object_begin(w);
        write_member_string(w, SLICE("emoji"), reaction->emoji);
        write_member_u64(w, SLICE("count"), reaction->count);
        json_name(w, SLICE("users"));
        json_array_begin(w);
        for (size_t user = 0; user < reaction->users_len; user++)
            json_write_u64(w, reaction->users[user]);
        json_array_end(w);
        json_object_end(w);
    }
    json_array_end(w);
}

/* What changes made of the event. */
static void write_fold(struct json_writer *w, const struct event_fold *fold)
{
    if (fold->deleted)
        write_member_bool(w, SLICE("deleted"), true);
    if (fold->edited_seq != 0) {
        write_member_u64(w, SLICE("edited_seq"), fold->edited_seq);
        write_member_i64(w, SLICE("edited_us"), fold->edited_us);
    }
    if (fold->reactions_len > 0)
        write_reactions(w, fold);
    if (fold->replies > 0) {
        write_member_u64(w, SLICE("replies"), fold->replies);
        write_member_u64(w, SLICE("last_reply_seq"), fold->last_reply_seq);
        write_member_i64(w, SLICE("last_reply_us"), fold->last_reply_us);
    }
}

static void write_cmid(struct json_writer *w, const struct event *event)
{
    char cmid[UUID_TEXT_LEN];
    uuid_write(event->cmid, cmid);
    write_member_string(w, SLICE("cmid"), slice_from(cmid, sizeof(cmid)));
}

static void write_message(struct json_writer *w, const struct event *event)
{
    write_cmid(w, event);
    if (event->thread != 0)
        write_member_u64(w, SLICE("thread"), event->thread);
    write_member_string(w, SLICE("text"), event->text);
}

static void write_change(struct json_writer *w, const struct event *event)
{
    write_cmid(w, event);
    write_member_u64(w, SLICE("target"), event->thread);
    if (event->kind == EVENT_EDIT)
        write_member_string(w, SLICE("text"), event->text);
    else if (event->kind != EVENT_DELETE)
        write_member_string(w, SLICE("emoji"), event->text);
}

void write_event(struct json_writer *w, const struct event *event)
{
    json_object_begin(w);
    write_member_string(w, SLICE("ev"), event_kind_name(event->kind));
    write_member_u64(w, SLICE("channel"), event->channel);
    write_member_u64(w, SLICE("seq"), event->seq);
    write_member_u64(w, SLICE("prev"), event->prev);
    write_member_u64(w, SLICE("n"), event->n);
    write_member_u64(w, SLICE("from"), event->sender);
    write_member_i64(w, SLICE("ts_us"), event->ts_us);
    if (event->kind == EVENT_MESSAGE)
        write_message(w, event);
    else if (event_is_change(event->kind))
        write_change(w, event);
    else if (event->kind == EVENT_RENAME)
        write_member_string(w, SLICE("name"), event->text);
    else if (event->kind == EVENT_TOPIC)
        write_member_string(w, SLICE("topic"), event->text);
    if (event->fold != NULL)
        write_fold(w, event->fold);
    json_object_end(w);
}

void write_events(struct json_writer *w, struct slice name, const struct store_page *page)
{
    json_name(w, name);
    json_array_begin(w);
    for (size_t i = 0; i < page->count; i++)
        write_event(w, &page->items[i]);
    json_array_end(w);
}

void write_presence_item(struct json_writer *w, const struct presence_seen *seen)
{
    json_object_begin(w);
    write_member_u64(w, SLICE("user"), seen->user);
    write_member_string(w, SLICE("state"), presence_name(seen->state));
    json_object_end(w);
}

void write_presence(struct json_writer *w, const struct presence_seen *seen, size_t count)
{
    json_name(w, SLICE("presence"));
    json_array_begin(w);
    for (size_t i = 0; i < count; i++)
        write_presence_item(w, &seen[i]);
    json_array_end(w);
}
