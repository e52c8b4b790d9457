#ifndef API_API_H
#define API_API_H

/*
 * Api: the role that answers HTTP - the operations under /api/v1, the web client's files, /healthz,
 * /readyz, /metrics. One per loop, on its thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

struct api;
struct chat;
struct httpd;

struct api_options {
    struct slice allowed_origin; /* besides the server's own; empty: none */
    int64_t session_us;          /* how long a browser keeps its cookie */
    bool secure_cookies;         /* behind HTTPS */
    /* Append the numbers of the whole process in Prometheus' text format. */
    void (*metrics)(struct buf *out, void *arg);
    void *metrics_arg;
};

/* `options` outlives the api. */
struct api *api_create(struct chat *chat, const struct api_options *options);

/* After its exchanges are gone. NULL is allowed. */
void api_destroy(struct api *api);

/* Serve /healthz, /readyz and /metrics. */
void api_attach_health(struct api *api, struct httpd *httpd);

/* Serve /api/v1, and the web client's files at every path that no other route takes. */
void api_attach(struct api *api, struct httpd *httpd);

/* From now on /healthz says that new connections should go elsewhere. */
void api_drain(struct api *api);

#endif
