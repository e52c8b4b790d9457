/* Making names valid. */

#include "slack/names.h"

#include "base/utf8.h"
#include "model/channel.h"
#include "model/text.h"
#include "model/user.h"

/* ---- cutting ---- */

/* The longest front of `text` of at most `max` bytes that ends between characters. */
static struct slice cut(struct slice text, size_t max)
{
    size_t len = text.len;
    if (len > max) {
        len = max;
        while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
            len--;
    }
    return slice_from(text.ptr, len);
}

/* The next character of a valid text. */
static struct slice next_character(struct slice text, size_t *at, uint32_t *code)
{
    const size_t begin = *at;
    *code = utf8_next(text, at);
    return slice_from(text.ptr + begin, *at - begin);
}

void names_with_suffix(struct slice base, struct slice suffix, size_t max, struct buf *out)
{
    buf_append(out, cut(base, max - suffix.len));
    buf_append(out, suffix);
}

void names_attempt(struct slice base, unsigned attempt, size_t max, struct buf *out)
{
    struct buf suffix = {0};
    if (attempt > 1)
        buf_format(&suffix, "-%u", attempt);
    names_with_suffix(base, buf_slice(&suffix), max, out);
    buf_fini(&suffix);
}

/* ---- names ---- */

/*
 * Append the characters of which `normalize` makes a valid name, each other run as one '-', none of
 * them at the ends.
 */
static void sift(struct slice wanted, bool (*normalize)(struct slice, char *), struct buf *out)
{
    bool gap = false;
    for (size_t at = 0; at < wanted.len;) {
        uint32_t code;
        char normal[4];
        const struct slice c = next_character(wanted, &at, &code);
        if (!normalize(c, normal)) {
            gap = true;
            continue;
        }
        if (gap && out->len > 0)
            buf_byte(out, '-');
        gap = false;
        buf_append(out, slice_from(normal, c.len));
    }
}

/* Append `wanted` when it is a valid name. */
static bool take_whole(struct slice wanted, bool (*normalize)(struct slice, char *),
                       struct buf *out)
{
    char *room = buf_room(out, wanted.len + 1);
    if (!normalize(wanted, room))
        return false;
    buf_grown(out, wanted.len);
    return true;
}

/* Single marks are no names, but within one they are allowed. */
static bool user_name_part(struct slice part, char *out)
{
    if (part.len == 1 && (*part.ptr == '.' || *part.ptr == '_')) {
        *out = *part.ptr;
        return true;
    }
    return user_name_normalize(part, out);
}

/* The marks at the front of what was sifted cannot begin a name. */
static void drop_marks(struct buf *out)
{
    size_t marks = 0;
    while (marks < out->len &&
           (out->ptr[marks] == '.' || out->ptr[marks] == '_' || out->ptr[marks] == '-'))
        marks++;
    buf_consume(out, marks);
}

void names_user(struct slice wanted, struct slice id, struct buf *out)
{
    if (take_whole(wanted, user_name_normalize, out))
        return;
    sift(wanted, user_name_part, out);
    drop_marks(out);
    if (out->len == 0)
        sift(id, user_name_part, out);
    if (out->len == 0)
        buf_append(out, SLICE("somebody"));
    out->len = cut(buf_slice(out), USER_NAME_MAX).len;
}

void names_channel(struct slice wanted, struct slice id, struct buf *out)
{
    if (take_whole(wanted, channel_name_normalize, out))
        return;
    sift(wanted, channel_name_normalize, out);
    if (out->len == 0)
        sift(id, channel_name_normalize, out);
    out->len = cut(buf_slice(out), CHANNEL_NAME_MAX).len;
}

/* ---- display names and topics ---- */

static void display_name(struct slice wanted, struct buf *out)
{
    unsigned count = 0;
    for (size_t at = 0; at < wanted.len && count < USER_DISPLAY_NAME_MAX;) {
        uint32_t code;
        const struct slice c = next_character(wanted, &at, &code);
        if (text_is_control(code))
            continue;
        buf_append(out, c);
        count++;
    }
}

void names_display(const struct json *candidates, size_t count, struct slice fallback,
                   struct buf *out)
{
    struct buf decoded = {0};
    for (size_t i = 0; i < count; i++) {
        buf_clear(&decoded);
        buf_clear(out);
        if (!json_string(candidates[i], &decoded))
            continue;
        display_name(slice_trim(buf_slice(&decoded)), out);
        if (user_display_name_valid(buf_slice(out)))
            break;
        buf_clear(out);
    }
    if (out->len == 0)
        buf_append(out, fallback);
    buf_fini(&decoded);
}

void names_topic(struct slice wanted, struct buf *out)
{
    for (size_t at = 0; at < wanted.len;) {
        uint32_t code;
        const struct slice c = next_character(wanted, &at, &code);
        if (text_is_control(code) && code != '\n')
            buf_byte(out, ' ');
        else
            buf_append(out, c);
    }
    out->len = cut(buf_slice(out), CHANNEL_TOPIC_MAX).len;
}
