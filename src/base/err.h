#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * What can go wrong, in one list for the whole program. The names are also the words of the
 * protocol's "error" field (docs/PROTOCOL.md), so that one thing has one name everywhere.
 */

#define NODISCARD __attribute__((warn_unused_result))

enum err {
    ERR_NONE,
    ERR_INVALID,         /* an argument is malformed or out of its limits */
    ERR_UNAUTHENTICATED, /* no session */
    ERR_WRONG_PASSWORD,
    ERR_FORBIDDEN,
    ERR_NOT_MEMBER,
    ERR_NOT_FOUND,
    ERR_EXISTS,
    ERR_TOO_BIG,
    ERR_RATE_LIMITED,
    ERR_UNAVAILABLE, /* down, or a queue is full: the caller may try again */
    ERR_DISK_FULL,
    ERR_IO,        /* the disk, the file or the system call failed */
    ERR_CORRUPT,   /* stored data is not what we wrote */
    ERR_UNCERTAIN, /* the reply was lost: it may have happened */
    ERR_INTERNAL,
};

/* Say that a failure changes nothing: where this stands, a comment tells why. */
static inline void err_ignore(enum err err)
{
    (void)err;
}

/* The word for `err`: "not_found"; "internal" for those that are nobody's business outside. */
const char *err_name(enum err err);

#endif
