#ifndef API_ASSETS_H
#define API_ASSETS_H

/*
 * Assets: the web client's files, inside the program. The array is made at build time by
 * scripts/embed from web/dist.
 */

#include <stddef.h>

#include "base/slice.h"

struct asset {
    struct slice path; /* "/assets/index-1a2b.js" */
    struct slice type; /* Content-Type */
    struct slice etag; /* with its quotes */
    struct slice plain;
    struct slice gzip;
};

extern const struct asset assets[];
extern const size_t assets_len;

#endif
