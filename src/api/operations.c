/* The operations of the protocol over HTTP. */

#include "api/api_parts.h"
#include "base/json.h"
#include "base/mem.h"
#include "chat/chat.h"
#include "httpd/httpd.h"
#include "httpd/origin.h"
#include "proto/http1.h"
#include "rpc/rpc.h"

#define COOKIE "parley_session"

static const struct slice json_type = {"application/json", 16};

/* The table of docs/PROTOCOL.md. */
static int status_of(enum err err)
{
    switch (err) {
    case ERR_NONE:
        return 200;
    case ERR_INVALID:
        return 400;
    case ERR_UNAUTHENTICATED:
    case ERR_WRONG_PASSWORD:
        return 401;
    case ERR_FORBIDDEN:
    case ERR_NOT_MEMBER:
        return 403;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_EXISTS:
        return 409;
    case ERR_TOO_BIG:
        return 413;
    case ERR_RATE_LIMITED:
        return 429;
    case ERR_UNAVAILABLE:
    case ERR_UNCERTAIN:
        return 503;
    case ERR_DISK_FULL:
        return 507;
    case ERR_IO:
    case ERR_CORRUPT:
    case ERR_INTERNAL:
        break;
    }
    return 500;
}

/* ---- answers ---- */

static void answer_json(struct http_exchange *x, int status, struct slice json)
{
    http_answer_header(x, SLICE("Cache-Control"), SLICE("no-store"));
    http_answer(x, status, json_type, json);
}

static void answer_error(struct http_exchange *x, enum err err, int status, struct slice problem)
{
    struct buf json = {0};
    rpc_write_error(&json, false, 0, err, problem, 0);
    answer_json(x, status, buf_slice(&json));
    buf_fini(&json);
}

static void set_cookie(struct http_exchange *x, const struct api *api, struct slice token,
                       uint64_t max_age_s)
{
    struct buf value = {0};
    buf_append(&value, SLICE(COOKIE "="));
    buf_append(&value, token);
    buf_append(&value, SLICE("; Path=/; HttpOnly; SameSite=Strict; Max-Age="));
    buf_u64(&value, max_age_s);
    if (api->options->secure_cookies)
        buf_append(&value, SLICE("; Secure"));
    http_answer_header(x, SLICE("Set-Cookie"), buf_slice(&value));
    buf_fini(&value);
}

struct owner {
    struct api *api;
    struct http_exchange *x;
    bool ends_session;
};

static void answered(struct rpc_call *call)
{
    struct owner *owner = call->owner;
    if (call->err == ERR_NONE && call->new_token.len > 0)
        set_cookie(owner->x, owner->api, call->new_token,
                   (uint64_t)(owner->api->options->session_us / 1000000));
    else if (call->err == ERR_NONE && owner->ends_session)
        set_cookie(owner->x, owner->api, SLICE_EMPTY, 0);
    if (call->retry_after_ms > 0) {
        struct buf seconds = {0};
        buf_u64(&seconds, (call->retry_after_ms + 999) / 1000);
        http_answer_header(owner->x, SLICE("Retry-After"), buf_slice(&seconds));
        buf_fini(&seconds);
    }
    answer_json(owner->x, status_of(call->err), buf_slice(&call->reply));
    mem_free(owner);
    rpc_destroy(call);
}

struct slice api_refusal(const struct http_request *request, int status, const char *problem,
                         struct buf *body)
{
    if (!slice_starts(request->path, SLICE("/api/")))
        return SLICE_EMPTY;
    rpc_write_error(body, false, 0, status == 413 ? ERR_TOO_BIG : ERR_INVALID, slice_str(problem),
                    0);
    return json_type;
}

/* ---- arguments ---- */

/* What is no number stays a string and is refused as such. */
static void write_query_value(struct json_writer *w, struct slice text)
{
    uint64_t number;
    if (slice_to_u64(text, &number))
        json_write_u64(w, number);
    else
        json_write_string(w, text);
}

static void write_query_list(struct json_writer *w, struct slice text)
{
    struct slice head;
    json_array_begin(w);
    while (slice_cut(text, ',', &head, &text))
        write_query_value(w, head);
    write_query_value(w, text);
    json_array_end(w);
}

/* The arguments of the reading operations, from a query to the JSON that they have elsewhere. */
static void query_to_json(struct slice query, struct buf *out)
{
    static const struct {
        struct slice name;
        bool is_list;
    } known[] = {{{"channel", 7}, false}, {{"before", 6}, false}, {{"after", 5}, false},
                 {{"around", 6}, false},  {{"limit", 5}, false},  {{"ids", 3}, true},
                 {{"users", 5}, true}};
    struct json_writer w;
    struct buf value = {0};
    json_writer_init(&w, out);
    json_object_begin(&w);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        buf_clear(&value);
        if (!http_query_get(query, known[i].name, &value))
            continue;
        json_name(&w, known[i].name);
        if (known[i].is_list)
            write_query_list(&w, buf_slice(&value));
        else
            write_query_value(&w, buf_slice(&value));
    }
    json_object_end(&w);
    buf_fini(&value);
}

static bool is_json(const struct http_request *request)
{
    struct slice type;
    struct slice rest;
    if (!http_header_get(request, SLICE("Content-Type"), &type))
        return false;
    (void)slice_cut(type, ';', &type, &rest);
    return slice_eq_nocase(slice_trim(type), json_type);
}

/* ---- who asks ---- */

/* The token of the Authorization header, or else of the cookie. */
static bool find_token(const struct http_request *request, struct slice *token, bool *from_cookie)
{
    struct slice value;
    *from_cookie = false;
    if (http_header_get(request, SLICE("Authorization"), &value)) {
        *token = SLICE_EMPTY;
        if (value.len > 7 && slice_eq_nocase(slice_from(value.ptr, 7), SLICE("Bearer ")))
            *token = slice_trim(slice_skip(value, 7));
        return true;
    }
    *from_cookie = http_cookie_get(request, SLICE(COOKIE), token);
    return *from_cookie;
}

/* ---- requests ---- */

static void start(struct api *api, struct http_exchange *x, const struct rpc_op *op,
                  struct slice args, struct slice token)
{
    struct rpc_call *call = rpc_create(api->chat, args);
    if (call == NULL) {
        answer_error(x, ERR_INVALID, 400,
                     SLICE("The body must be one JSON object, nested at most 16 deep."));
        return;
    }
    struct owner *owner = mem_alloc(sizeof(*owner));
    *owner = (struct owner){api, x, rpc_ends_session(op)};
    call->op = op;
    call->owner = owner;
    call->done = answered;
    rpc_set_token(call, token);
    const struct address client = http_exchange_client(x);
    rpc_set_from(call, address_key(&client));
    rpc_start(call);
}

static void on_get(struct api *api, struct http_exchange *x, const struct rpc_op *op,
                   struct slice token)
{
    struct buf args = {0};
    if (!rpc_reads(op)) {
        http_answer_header(x, SLICE("Allow"), SLICE("POST"));
        answer_error(x, ERR_INVALID, 405, SLICE("This operation changes something: use POST."));
        return;
    }
    query_to_json(http_exchange_request(x)->query, &args);
    start(api, x, op, buf_slice(&args), token);
    buf_fini(&args);
}

static void on_post(struct api *api, struct http_exchange *x, const struct rpc_op *op,
                    struct slice token, bool from_cookie)
{
    const struct http_request *request = http_exchange_request(x);
    const struct slice body = http_exchange_body(x);
    if (!is_json(request))
        answer_error(x, ERR_INVALID, 415, SLICE("Send Content-Type: application/json."));
    else if (from_cookie && !origin_allowed(request, api->options->allowed_origin))
        answer_error(x, ERR_FORBIDDEN, 403,
                     SLICE("With the session cookie requests must come from the server's own "
                           "pages."));
    else
        start(api, x, op, body.len == 0 ? SLICE("{}") : body, token);
}

void api_on_operation(struct http_exchange *x, void *arg)
{
    struct api *api = arg;
    const struct http_request *request = http_exchange_request(x);
    const struct rpc_op *op = rpc_find(slice_skip(request->path, sizeof("/api/v1/") - 1));
    struct slice token = SLICE_EMPTY;
    bool from_cookie;
    if (op == NULL) {
        api_on_unknown(x, api);
        return;
    }
    (void)find_token(request, &token, &from_cookie);
    if (slice_eq(request->method, SLICE("GET"))) {
        on_get(api, x, op, token);
    } else if (slice_eq(request->method, SLICE("POST"))) {
        on_post(api, x, op, token, from_cookie);
    } else {
        http_answer_header(x, SLICE("Allow"), rpc_reads(op) ? SLICE("GET, POST") : SLICE("POST"));
        answer_error(x, ERR_INVALID, 405, SLICE("Use POST, or GET to read."));
    }
}

void api_on_unknown(struct http_exchange *x, void *arg)
{
    (void)arg;
    answer_error(x, ERR_NOT_FOUND, 404,
                 SLICE("There is no such operation. They are at /api/v1/<name>, for example "
                       "/api/v1/getMessages."));
}
