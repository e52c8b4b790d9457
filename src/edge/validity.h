#ifndef EDGE_VALIDITY_H
#define EDGE_VALIDITY_H

/*
 * Validity: that a socket does not outlive the login behind it. Private to src/edge.
 *
 * Notices say at once that a session has ended. But the bus may lose them, and nobody sends one
 * when a session expires: so each socket is closed at its session's own time, and now and then the
 * store is asked whether the session is still there.
 */

#include <stdbool.h>
#include <stdint.h>

struct edge;
struct session;

/* The session is known to be good now, until `expires_us`. */
void validity_begin(struct session *session, int64_t expires_us);

/* Close it when it has expired, ask the store when it is time; true when it was closed. */
bool validity_check(struct session *session, uint64_t now_ms);

/* How long until validity_check() must be called again, at most `max_ms`. */
uint64_t validity_wait_ms(const struct session *session, uint64_t max_ms);

/* The bus may have lost notices: ask about all sessions as soon as their timers come by. */
void validity_doubt_all(struct edge *edge);

#endif
