/* The words of the errors. */

#include "base/err.h"

const char *err_name(enum err err)
{
    switch (err) {
    case ERR_NONE:
        return "none";
    case ERR_INVALID:
        return "invalid";
    case ERR_UNAUTHENTICATED:
        return "unauthenticated";
    case ERR_WRONG_PASSWORD:
        return "wrong_password";
    case ERR_FORBIDDEN:
        return "forbidden";
    case ERR_NOT_MEMBER:
        return "not_member";
    case ERR_NOT_FOUND:
        return "not_found";
    case ERR_EXISTS:
        return "exists";
    case ERR_TOO_BIG:
        return "too_big";
    case ERR_RATE_LIMITED:
        return "rate_limited";
    case ERR_UNAVAILABLE:
    case ERR_UNCERTAIN:
        return "unavailable";
    case ERR_DISK_FULL:
        return "disk_full";
    case ERR_IO:
    case ERR_CORRUPT:
    case ERR_INTERNAL:
        break;
    }
    return "internal";
}
