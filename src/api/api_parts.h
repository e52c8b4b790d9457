#ifndef API_API_PARTS_H
#define API_API_PARTS_H

/* The parts of the api role. Private to src/api. */

#include "api/api.h"
#include "base/err.h"

struct buf;
struct http_exchange;
struct http_request;

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

/* What those who ask for an operation are told when their request is broken. */
struct slice api_refusal(const struct http_request *request, int status, const char *problem,
                         struct buf *body);

/* files.c: the web client. */
void api_on_file(struct http_exchange *x, void *api);

#endif
