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

struct user {
    uint64_t id;
    struct slice name;         /* borrowed */
    struct slice display_name; /* borrowed */
};

/*
 * Check a name and write it with small letters: 1 to 32 of a-z 0-9 . _ -, beginning with a letter
 * or digit. `out` has room for name.len bytes. False when it is no valid name.
 */
bool user_name_normalize(struct slice name, char *out);

/* Up to 80 characters of UTF-8 without control characters, not only spaces. */
bool user_display_name_valid(struct slice name);

#endif
