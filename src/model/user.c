/* Users: what is valid. */

#include "model/user.h"

#include <assert.h>

#include "base/utf8.h"
#include "model/text.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_mark(char c)
{
    return c == '.' || c == '_' || c == '-';
}

bool user_name_normalize(struct slice name, char *out)
{
    if (name.len == 0 || name.len > USER_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        const char c = lower(name.ptr[i]);
        if (!is_letter_or_digit(c) && (i == 0 || !is_mark(c)))
            return false;
        out[i] = c;
    }
    return true;
}

/* Whether it is at most `max` characters, none of them control characters; *seen: not only spaces.
 */
static bool is_line(struct slice text, unsigned max, bool *seen)
{
    if (text.len > (size_t)max * 4 || !utf8_valid(text))
        return false;
    unsigned count = 0;
    *seen = false;
    for (size_t at = 0; at < text.len; count++) {
        const uint32_t code = utf8_next(text, &at);
        if (text_is_control(code))
            return false;
        *seen = *seen || !text_is_space(code);
    }
    return count <= max;
}

bool user_display_name_valid(struct slice name)
{
    bool seen;
    return is_line(name, USER_DISPLAY_NAME_MAX, &seen) && seen;
}

bool user_status_text_valid(struct slice text)
{
    bool seen;
    return is_line(text, USER_STATUS_TEXT_MAX, &seen);
}

bool user_status_emoji_valid(struct slice emoji)
{
    bool seen;
    return emoji.len <= USER_STATUS_EMOJI_MAX && is_line(emoji, USER_STATUS_EMOJI_MAX, &seen);
}

/* ---- roles ---- */

static const struct slice role_names[] = {
    [USER_OWNER] = {"owner", 5},
    [USER_ADMIN] = {"admin", 5},
    [USER_MEMBER] = {"member", 6},
};

struct slice user_role_name(enum user_role role)
{
    assert(role >= USER_OWNER && role <= USER_MEMBER);
    return role_names[role];
}

bool user_role_parse(struct slice name, enum user_role *out)
{
    for (enum user_role role = USER_OWNER; role <= USER_MEMBER; role++) {
        if (slice_eq(name, role_names[role])) {
            *out = role;
            return true;
        }
    }
    return false;
}
