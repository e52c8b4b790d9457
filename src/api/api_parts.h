#ifndef API_API_PARTS_H
#define API_API_PARTS_H

/* The parts of the api role. Private to src/api. */

#include "api/api.h"
#include "base/err.h"

struct http_exchange;

struct api {
    struct chat *chat;
    const struct api_options *options;
    bool draining;
    uint64_t ready_ms; /* when the store was found good; 0: not yet, or not any more */
};

/* operations.c: POST or GET /api/v1/<operation>. */
void api_on_operation(struct http_exchange *x, void *api);

/* Other paths below /api/. */
void api_on_unknown(struct http_exchange *x, void *api);

/* files.c: the web client. */
void api_on_file(struct http_exchange *x, void *api);

#endif
