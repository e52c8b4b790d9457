/* Users: what is valid. */

#include "model/user.h"

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

bool user_display_name_valid(struct slice name)
{
    if (name.len > USER_DISPLAY_NAME_MAX * 4 || !utf8_valid(name))
        return false;

    unsigned count = 0;
    bool seen = false; /* something that is not a space */
    for (size_t at = 0; at < name.len; count++) {
        const uint32_t code = utf8_next(name, &at);
        if (text_is_control(code))
            return false;
        seen = seen || !text_is_space(code);
    }
    return seen && count <= USER_DISPLAY_NAME_MAX;
}
