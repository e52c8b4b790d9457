#ifndef EDGE_SESSION_H
#define EDGE_SESSION_H

/*
 * Session: one WebSocket of one person. Private to src/edge.
 *
 * The way of a session: NEW until hello arrives, LOADING while the store tells who it is and which
 * channels are its own, LIVE, CLOSING. It is freed when its connection is gone and nothing that it
 * asked for is still under way.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/list.h"
#include "chat/token.h"
#include "edge/edge.h"
#include "ev/loop.h"
#include "net/address.h"
#include "proto/ws.h"

struct conn;
struct edge_channel;
struct edge_user;
struct rpc_call;

enum session_state {
    SESSION_NEW,
    SESSION_LOADING,
    SESSION_LIVE,
    SESSION_CLOSING,
};

/* How much it matters that a frame arrives. */
enum session_class {
    CLASS_LIVE,    /* of this moment only: left out when the queue is half full */
    CLASS_HISTORY, /* can be fetched again: left out when it is full, and told so */
    CLASS_ANSWER,  /* must arrive: too many of them end the session */
};

/* One of the session's channels. */
struct membership {
    struct edge_channel *channel;
    uint32_t place; /* in the channel's array of sessions */
    bool missed;    /* an event was left out since the last "behind" */
    bool typed;     /* typing.c's */
    uint16_t typed_tick;
};

struct session {
    struct list link; /* of the edge's sessions */
    struct list user_link;
    struct list *watching; /* watch.c's; NULL: nobody */
    struct edge *edge;
    struct conn *conn; /* NULL: gone */
    struct edge_user *user;
    struct membership *channels;
    uint32_t channels_len;
    uint32_t channels_cap;
    struct ws_decoder decoder;
    struct timer timer;
    int64_t expires_us;    /* the login's own end */
    uint64_t valid_ms;     /* when the store was asked last whether the login is good */
    uint64_t seen_ms;      /* when something arrived last */
    uint64_t message_ms;   /* when the message that is being received began; 0: none */
    uint64_t pinged_ms;    /* 0: no ping is out */
    struct rpc_call *held; /* a send that asks the store, and behind it those that wait for it */
    struct address client;
    uint8_t token_hash[TOKEN_HASH_BYTES];
    uint16_t in_flight;       /* requests that will still be answered */
    uint8_t strikes;          /* requests that were no requests */
    uint8_t state;            /* enum session_state */
    bool has_token : 1;       /* token_hash is set: by the cookie, or by hello */
    bool behind : 1;          /* events are being left out */
    bool ping_waits : 1;      /* the ping is behind what the peer has not taken yet */
    bool leaving : 1;         /* its timer closes it */
    bool changed : 1;         /* memberships changed while it was loading */
    bool away : 1;            /* nobody touches the device */
    bool compresses : 1;      /* permessage-deflate was agreed on */
    bool presence_missed : 1; /* what watch.c told was left out */
    bool in_doubt : 1;        /* the login may have ended without a word */
};

/* A connection that was just upgraded; `rest` is what has arrived behind the request. */
void session_create(struct edge *edge, struct conn *conn, const struct address *client,
                    struct slice token, bool compresses, struct slice rest);

/* Queue a reference that the caller keeps. False when it was left out. */
bool session_push(struct session *session, struct bytes *frame, enum session_class class);

/* A frame of JSON text, as bytes with one reference. */
struct bytes *session_frame(struct slice json);

/* The same compressed; NULL when that is not worth it. */
struct bytes *session_frame_compressed(struct edge *edge, struct slice json);

/* Send a frame of JSON and drop it. */
void session_push_json(struct session *session, struct slice json, enum session_class class);

/* Say why, and close. Nothing when it is closing already. */
void session_close(struct session *session, uint16_t code, struct slice reason);

/* The login behind it has ended: say so, and close. Nothing when it is closing already. */
void session_end(struct session *session);

/* It is live now: its timer looks after its limits. */
void session_arm(struct session *session);

/* Close for a restart in `after_ms`. */
void session_leave(struct session *session, uint64_t after_ms);

/* A request has been answered, or its answer came too late: free the session when it was the last.
 */
void session_release(struct session *session);

/* ---- hello.c ---- */

/* Handle {"id":..,"op":"hello",...}: find out who it is, subscribe, answer. */
void session_hello(struct session *session, struct rpc_call *call);

#endif
