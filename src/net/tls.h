#ifndef NET_TLS_H
#define NET_TLS_H

/*
 * TLS: encryption between a conn and its socket (OpenSSL below). TLS 1.2 and 1.3, HTTP/1.1 by ALPN,
 * no renegotiation, no compression.
 *
 * A context is a certificate with its key. It never changes and is counted, so that all loops share
 * it and connections keep the one that they began with after a reload.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/slice.h"

struct tls;
struct tls_context;

#define TLS_PROBLEM_MAX 256u

/*
 * Read a chain of certificates and its private key, both PEM files. ERR_INVALID with a sentence for
 * the operator. The caller owns *out.
 */
NODISCARD enum err tls_context_open(const char *cert_file, const char *key_file,
                                    char problem[TLS_PROBLEM_MAX], struct tls_context **out);

/* For the client's side, which takes any certificate: only for asking what is no secret. */
NODISCARD enum err tls_context_open_client(struct tls_context **out);

/* From any thread. */
struct tls_context *tls_context_ref(struct tls_context *context);

/* NULL is allowed. */
void tls_context_unref(struct tls_context *context);

/* The context's side on `fd`, which stays the caller's. NULL: the library refuses. */
struct tls *tls_create(struct tls_context *context, int fd);
void tls_destroy(struct tls *tls);

/*
 * Like recv() and send() on a non-blocking socket: how many bytes, 0 at the end of what the peer
 * sends, or -1 with errno, EAGAIN when it must wait. The handshake happens inside tls_recv(), or in
 * tls_send() of a client on a blocking socket. What tls_send() could not send must come again, from
 * any place, at least as much.
 */
ssize_t tls_recv(struct tls *tls, void *out, size_t max);
ssize_t tls_send(struct tls *tls, const void *bytes, size_t len);

/* Whether tls_recv() can only go on when the socket takes something again. */
bool tls_waits_to_write(const struct tls *tls);

/* Whether the handshake is done: nothing can be sent before. */
bool tls_is_ready(const struct tls *tls);

/* Tell the peer that nothing more comes, as far as the socket takes it. */
void tls_end(struct tls *tls);

#endif
