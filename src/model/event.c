/* Events: what is valid, and the binary form. */

#include "model/event.h"

#include <assert.h>

#include "base/utf8.h"
#include "model/channel.h"

#define VERSION 1u

struct slice event_kind_name(enum event_kind kind)
{
    switch (kind) {
    case EVENT_MESSAGE:
        return SLICE("message");
    case EVENT_CREATE:
        return SLICE("create");
    case EVENT_JOIN:
        return SLICE("join");
    case EVENT_LEAVE:
        return SLICE("leave");
    case EVENT_RENAME:
        return SLICE("rename");
    case EVENT_TOPIC:
        return SLICE("topic");
    case EVENT_ARCHIVE:
        return SLICE("archive");
    case EVENT_UNARCHIVE:
        return SLICE("unarchive");
    case EVENT_EDIT:
        return SLICE("edit");
    case EVENT_DELETE:
        return SLICE("delete");
    case EVENT_REACT:
        return SLICE("react");
    case EVENT_UNREACT:
        return SLICE("unreact");
    }
    assert(false && "an event kind");
    return SLICE_EMPTY;
}

bool event_text_valid(struct slice text)
{
    return text.len > 0 && text.len <= EVENT_TEXT_MAX && memchr(text.ptr, '\0', text.len) == NULL &&
           utf8_valid(text);
}

bool event_emoji_valid(struct slice emoji)
{
    if (emoji.len == 0 || emoji.len > EVENT_EMOJI_MAX || !utf8_valid(emoji))
        return false;
    for (size_t i = 0; i < emoji.len; i++) {
        if ((uint8_t)emoji.ptr[i] <= ' ' || emoji.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

enum err event_check_target(const struct event *change, const struct event *target, bool deleted)
{
    if (target == NULL || target->seq != change->thread || target->kind != EVENT_MESSAGE || deleted)
        return ERR_NOT_FOUND;
    const bool by_author = change->kind == EVENT_EDIT || change->kind == EVENT_DELETE;
    return by_author && target->sender != change->sender ? ERR_FORBIDDEN : ERR_NONE;
}

/* ---- numbers, little-endian ---- */

static uint8_t *put(uint8_t *at, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
    return at + size;
}

static uint64_t take(const uint8_t **at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)(*at)[i] << (8 * i);
    *at += size;
    return value;
}

/* ---- the binary form ---- */

struct bytes *event_encode(const struct event *event)
{
    assert(event->text.len <= EVENT_TEXT_MAX);

    struct bytes *out = bytes_create_room(EVENT_HEAD_BYTES + event->text.len);
    uint8_t *const begin = (uint8_t *)out->data;
    uint8_t *at = begin;
    at = put(at, VERSION, 1);
    at = put(at, event->kind, 1);
    at = put(at, 0, 2);
    at = put(at, event->text.len, 4);
    at = put(at, event->channel, 8);
    at = put(at, event->seq, 8);
    at = put(at, event->prev, 8);
    at = put(at, event->n, 8);
    at = put(at, event->sender, 8);
    at = put(at, event->thread, 8);
    at = put(at, (uint64_t)event->ts_us, 8);
    memcpy(at, event->cmid, UUID_BYTES);
    at += UUID_BYTES;
    assert(at == begin + EVENT_HEAD_BYTES);
    if (event->text.len > 0)
        memcpy(at, event->text.ptr, event->text.len);
    return out;
}

static bool kind_known(uint64_t kind)
{
    return (kind >= EVENT_MESSAGE && kind <= EVENT_UNREACT) ||
           (kind >= EVENT_RENAME && kind <= EVENT_UNARCHIVE);
}

static bool text_fits(enum event_kind kind, struct slice text)
{
    if (kind == EVENT_RENAME)
        return text.len > 0 && text.len <= CHANNEL_NAME_MAX && utf8_valid(text);
    if (kind == EVENT_TOPIC)
        return channel_topic_valid(text);
    if (kind == EVENT_MESSAGE || kind == EVENT_EDIT)
        return event_text_valid(text);
    if (kind == EVENT_REACT || kind == EVENT_UNREACT)
        return event_emoji_valid(text);
    return text.len == 0;
}

/* "42:" at the front of `in`. */
static bool take_number(struct slice *in, uint64_t *out)
{
    struct slice digits;
    return slice_cut(*in, ':', &digits, in) && slice_to_u64(digits, out);
}

bool event_take_place(struct slice *in, struct event_place *out)
{
    return take_number(in, &out->seq) && take_number(in, &out->prev) && take_number(in, &out->n);
}

static bool decode_plain(struct slice in, struct event *out)
{
    if (in.len < EVENT_HEAD_BYTES)
        return false;

    const uint8_t *at = (const uint8_t *)in.ptr;
    const uint64_t version = take(&at, 1);
    const uint64_t kind = take(&at, 1);
    const uint64_t reserved = take(&at, 2);
    const uint64_t text_len = take(&at, 4);
    if (version != VERSION || !kind_known(kind) || reserved != 0 ||
        text_len != in.len - EVENT_HEAD_BYTES)
        return false;

    struct event event = {.kind = (enum event_kind)kind};
    event.channel = take(&at, 8);
    event.seq = take(&at, 8);
    event.prev = take(&at, 8);
    event.n = take(&at, 8);
    event.sender = take(&at, 8);
    event.thread = take(&at, 8);
    event.ts_us = (int64_t)take(&at, 8);
    memcpy(event.cmid, at, UUID_BYTES);
    event.text = slice_skip(in, EVENT_HEAD_BYTES);
    if (!text_fits(event.kind, event.text) || (event_is_change(event.kind) && event.thread == 0))
        return false;
    *out = event;
    return true;
}

bool event_decode(struct slice in, struct event *out)
{
    struct event_place place;
    if (in.len == 0 || in.ptr[0] < '0' || in.ptr[0] > '9')
        return decode_plain(in, out);
    if (!event_take_place(&in, &place) || !decode_plain(in, out))
        return false;
    out->seq = place.seq;
    out->prev = place.prev;
    out->n = place.n;
    return true;
}
