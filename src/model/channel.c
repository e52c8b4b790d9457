/* Channels: what is valid. */

#include "model/channel.h"

#include <assert.h>

#include "base/utf8.h"
#include "model/text.h"

struct slice channel_kind_name(enum channel_kind kind)
{
    switch (kind) {
    case CHANNEL_PUBLIC:
        return SLICE("public");
    case CHANNEL_DIRECT:
        return SLICE("direct");
    case CHANNEL_PRIVATE:
        return SLICE("private");
    }
    assert(false && "a channel kind");
    return SLICE_EMPTY;
}

/*
 * The blocks of Unicode that hold no letters: punctuation, symbols, emoji, invisible and private
 * characters. Letters of scripts yet to come are allowed already; a stray sign inside a block of
 * letters does no harm.
 */
static const struct {
    uint32_t first;
    uint32_t last;
} not_letters[] = {
    {0x80, 0xa9},       {0xab, 0xb4},       {0xb6, 0xb9},          {0xbb, 0xbf},
    {0xd7, 0xd7},       {0xf7, 0xf7},       {0x34f, 0x34f},        {0x61c, 0x61c},
    {0x115f, 0x1160},   {0x1680, 0x1680},   {0x17b4, 0x17b5},      {0x180b, 0x180f},
    {0x2000, 0x2070},   {0x2072, 0x207e},   {0x2080, 0x208f},      {0x20a0, 0x20cf},
    {0x2190, 0x2bff},   {0x2e00, 0x2e2e},   {0x2e30, 0x3004},      {0x3008, 0x3020},
    {0x3030, 0x3030},   {0x3164, 0x3164},   {0x3200, 0x33ff},      {0x4dc0, 0x4dff},
    {0xd800, 0xf8ff},   {0xfdd0, 0xfdef},   {0xfe00, 0xfe1f},      {0xfe30, 0xfe6f},
    {0xfeff, 0xff0f},   {0xff1a, 0xff20},   {0xff3b, 0xff40},      {0xff5b, 0xff65},
    {0xffa0, 0xffa0},   {0xffe0, 0xffff},   {0x13430, 0x1343f},    {0x1bca0, 0x1bca3},
    {0x1d000, 0x1d1ff}, {0x1f000, 0x1fbef}, {0xe0000, UINT32_MAX},
};

static bool is_letter(uint32_t code)
{
    for (size_t i = 0; i < sizeof(not_letters) / sizeof(not_letters[0]); i++) {
        if (code >= not_letters[i].first && code <= not_letters[i].last)
            return false;
    }
    return true;
}

static bool is_ascii_part(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') ||
           (code >= '0' && code <= '9') || code == '-' || code == '_';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool channel_name_normalize(struct slice name, char *out)
{
    if (name.len == 0 || name.len > CHANNEL_NAME_MAX || !utf8_valid(name))
        return false;
    for (size_t at = 0; at < name.len;) {
        const uint32_t code = utf8_next(name, &at);
        if (code < 0x80 ? !is_ascii_part(code) : !is_letter(code))
            return false;
    }
    for (size_t i = 0; i < name.len; i++)
        out[i] = lower(name.ptr[i]);
    return true;
}

bool channel_topic_valid(struct slice topic)
{
    if (topic.len > CHANNEL_TOPIC_MAX || !utf8_valid(topic))
        return false;
    for (size_t at = 0; at < topic.len;) {
        const uint32_t code = utf8_next(topic, &at);
        if (text_is_control(code) && code != '\n')
            return false;
    }
    return true;
}
