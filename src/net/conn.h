#ifndef NET_CONN_H
#define NET_CONN_H

/*
 * Conn: one TCP connection on one loop. It owns its socket and its queue of bytes to send; an idle
 * one owns nothing else. Reading is into a buffer shared by the loop.
 *
 * Callbacks run on the loop's thread, never from inside a call of this header. on_closed() comes
 * exactly once, whoever closed, and is the last; the conn is gone after it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/slice.h"

struct conn;
struct net;

struct conn_handler {
    /* Bytes arrived; they may be changed in place and are gone after the call. */
    void (*on_data)(void *owner, char *data, size_t len);
    /* All that was queued has been given to the kernel. May be NULL. */
    void (*on_drain)(void *owner);
    /* The last callback. `owner` frees itself here. */
    void (*on_closed)(void *owner);
};

/* Take over `fd`, a connected non-blocking socket. `handler` outlives the conn. */
struct conn *conn_create(struct net *net, int fd, const struct conn_handler *handler, void *owner);

/* From now on another owner is told. */
void conn_set_handler(struct conn *conn, const struct conn_handler *handler, void *owner);

/* Queue a reference that the caller gives away, to be written at the end of the turn. */
void conn_send(struct conn *conn, struct bytes *bytes);

/* Queue a copy. */
void conn_send_copy(struct conn *conn, struct slice bytes);

/* Bytes queued and not yet taken by the kernel. */
size_t conn_queued(const struct conn *conn);

/* Since when (loop_now_ms) the peer has taken nothing of a queue that is held up; 0: it is not. */
uint64_t conn_stalled_since_ms(const struct conn *conn);

/* Stop and go on reading; the peer feels it by TCP's own back-pressure. */
void conn_pause(struct conn *conn);
void conn_resume(struct conn *conn);

/* Close now and drop what is queued. Nothing when it is closing already. */
void conn_close(struct conn *conn);

/*
 * Send what is queued, then the end of the stream; close when the peer has closed too, or after
 * `linger_ms`. What still arrives is thrown away.
 */
void conn_finish(struct conn *conn, uint64_t linger_ms);

/* The peer's address as text, without its port, borrowed from `out`. */
#define CONN_PEER_MAX 64u
struct slice conn_peer(const struct conn *conn, char out[CONN_PEER_MAX]);

#endif
