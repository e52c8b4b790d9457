#ifndef BASE_PARSE_H
#define BASE_PARSE_H

/* What every parser of outside bytes says. */

enum parse {
    PARSE_DONE,    /* one whole thing is there */
    PARSE_MORE,    /* all right so far; wants more bytes */
    PARSE_BAD,     /* it breaks the rules; nothing after it may be read */
    PARSE_TOO_BIG, /* it is longer than the limit */
};

#endif
