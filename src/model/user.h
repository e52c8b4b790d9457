#ifndef MODEL_USER_H
#define MODEL_USER_H

/* User: a person's account, and what makes its parts valid. */

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

#define USER_NAME_MAX 32u
#define USER_DISPLAY_NAME_MAX 80u /* characters */
#define PASSWORD_MIN 8u
#define PASSWORD_MAX 256u

#define USER_STATUS_TEXT_MAX 100u /* characters */
#define USER_STATUS_EMOJI_MAX 64u /* bytes: one emoji of many parts, or its name */

/* The numbers are those of the store. */
enum user_role {
    USER_OWNER = 1,
    USER_ADMIN = 2,
    USER_MEMBER = 3,
};

/* All slices are borrowed. */
struct user {
    uint64_t id;
    struct slice name;
    struct slice display_name;
    enum user_role role;
    bool active; /* may log in */
    struct slice status_text;
    struct slice status_emoji;
};

/* The word of the protocol: "owner". */
struct slice user_role_name(enum user_role role);

/* False when `name` is none of them. */
bool user_role_parse(struct slice name, enum user_role *out);

/*
 * Check a name and write it with small letters: 1 to 32 of a-z 0-9 . _ -, beginning with a letter
 * or digit. `out` has room for name.len bytes. False when it is no valid name.
 */
bool user_name_normalize(struct slice name, char *out);

/* Up to 80 characters of UTF-8 without control characters, not only spaces. */
bool user_display_name_valid(struct slice name);

/* UTF-8 within the limits above, without control characters; both may be empty. */
bool user_status_text_valid(struct slice text);
bool user_status_emoji_valid(struct slice emoji);

#endif
