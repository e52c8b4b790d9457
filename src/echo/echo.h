#ifndef ECHO_ECHO_H
#define ECHO_ECHO_H

/*
 * Echo: a WebSocket server that sends back every message, through the same HTTP and WebSocket code
 * as the edge. For conformance tests of that code, not for users.
 */

struct echo;
struct httpd;
struct net;

#define ECHO_MESSAGE_MAX (16u * 1024u * 1024u)

struct echo *echo_create(struct net *net);

/* After its sockets are gone. NULL is allowed. */
void echo_destroy(struct echo *echo);

/* Serve WebSocket at every path. */
void echo_attach(struct echo *echo, struct httpd *httpd);

#endif
