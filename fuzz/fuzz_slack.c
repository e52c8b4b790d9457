/*
 * What an export says, from any bytes: as a text to map and as a day of messages. Valid UTF-8 stays
 * valid, names become valid, and every entry of a day is counted once.
 */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"
#include "model/channel.h"
#include "model/user.h"
#include "slack/day.h"
#include "slack/import.h"
#include "slack/index.h"
#include "slack/names.h"
#include "slack/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void map(struct slice text)
{
    struct index people;
    struct index channels;
    index_init(&people);
    index_init(&channels);
    index_put(&people, SLICE("U1"), 7);
    index_put(&channels, SLICE("C1"), UINT64_MAX);

    const struct text_ids ids = {&people, &channels};
    struct text_counts counts = {0};
    struct buf out = {0};
    text_map(text, &ids, &out, &counts);
    if (utf8_valid(text))
        assert(utf8_valid(buf_slice(&out)));
    if (text.len == 0 ||
        (memchr(text.ptr, '<', text.len) == NULL && memchr(text.ptr, '&', text.len) == NULL))
        assert(slice_eq(buf_slice(&out), text));
    buf_fini(&out);
    index_fini(&people);
    index_fini(&channels);
}

/* Names come from JSON strings, which are valid UTF-8. */
static void name(struct slice text)
{
    char normal[CHANNEL_NAME_MAX];
    struct buf out = {0};
    names_user(text, SLICE("U1"), &out);
    assert(user_name_normalize(buf_slice(&out), normal));
    buf_clear(&out);
    names_channel(text, SLICE("C1"), &out);
    assert(channel_name_normalize(buf_slice(&out), normal));
    buf_clear(&out);
    names_topic(text, &out);
    assert(channel_topic_valid(buf_slice(&out)));
    buf_fini(&out);
}

static void read(struct slice text)
{
    struct day day = {0};
    struct import_report report = {0};
    struct buf decoded = {0};
    if (!day_read(&day, text, &report))
        assert(report.messages_found == 0);
    assert(report.messages_found ==
           day.len + report.skipped_subtype + report.skipped_empty + report.skipped_malformed);
    for (size_t i = 0; i < day.len; i++) {
        const struct day_message message = day_message(&day.items[i]);
        assert(i == 0 || day.items[i - 1].ts_us <= message.ts_us);
        assert(message.ts_us > 0 && message.thread_us != message.ts_us);
        buf_clear(&decoded);
        const bool is_text = json_string(message.text, &decoded);
        assert(is_text && decoded.len > 0);
        map(buf_slice(&decoded));
        name(buf_slice(&decoded));
    }
    buf_fini(&decoded);
    day_fini(&day);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice in = slice_from(data, size);
    map(in);
    read(in);
    if (utf8_valid(in))
        name(in);
    return 0;
}
