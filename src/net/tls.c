/* TLS on a connection's socket, by OpenSSL. */

#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"

/* Only ever a pointer to OpenSSL's own: it counts the references. */
struct tls_context;

struct tls {
    SSL *ssl;
    bool waits_to_write;
    bool broken; /* after a fatal error OpenSSL may not be called again */
};

static SSL_CTX *ctx_of(struct tls_context *context)
{
    return (SSL_CTX *)(void *)context;
}

/* ---- the certificate ---- */

static int choose_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                       const unsigned char *in, unsigned in_len, void *arg)
{
    static const unsigned char http11[] = "\x08http/1.1";
    (void)ssl;
    (void)arg;
    unsigned char *chosen;
    if (SSL_select_next_proto(&chosen, out_len, http11, sizeof(http11) - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK; /* it goes on without: such a client speaks HTTP/1.1 */
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void complain(char problem[TLS_PROBLEM_MAX], const char *what, const char *file)
{
    const unsigned long code = ERR_peek_error();
    const char *why = code == 0 ? "" : ERR_reason_error_string(code);
    (void)snprintf(problem, TLS_PROBLEM_MAX, "%s %s (%s)", what, file, why == NULL ? "" : why);
    ERR_clear_error();
}

static bool load(SSL_CTX *ctx, const char *cert_file, const char *key_file,
                 char problem[TLS_PROBLEM_MAX])
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_file) != 1)
        complain(problem, "cannot read the certificate", cert_file);
    else if (SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) != 1)
        complain(problem, "cannot read the private key, or it is not the certificate's,", key_file);
    else if (SSL_CTX_check_private_key(ctx) != 1)
        complain(problem, "the private key is not the certificate's:", key_file);
    else
        return true;
    return false;
}

enum err tls_context_open(const char *cert_file, const char *key_file,
                          char problem[TLS_PROBLEM_MAX], struct tls_context **out)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) {
        complain(problem, "the TLS library cannot be used for", cert_file);
        return ERR_INVALID;
    }
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE |
                                       SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* An idle connection keeps no buffers, and a write may go on from another place. */
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets are enough */
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    if (!load(ctx, cert_file, key_file, problem)) {
        SSL_CTX_free(ctx);
        return ERR_INVALID;
    }
    *out = (struct tls_context *)(void *)ctx;
    return ERR_NONE;
}

enum err tls_context_open_client(struct tls_context **out)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL)
        return ERR_UNAVAILABLE;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    *out = (struct tls_context *)(void *)ctx;
    return ERR_NONE;
}

struct tls_context *tls_context_ref(struct tls_context *context)
{
    const int rc = SSL_CTX_up_ref(ctx_of(context));
    assert(rc == 1);
    return context;
}

void tls_context_unref(struct tls_context *context)
{
    SSL_CTX_free(ctx_of(context));
}

/* ---- a connection ---- */

struct tls *tls_create(struct tls_context *context, int fd)
{
    SSL *ssl = SSL_new(ctx_of(context));
    if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        ERR_clear_error();
        return NULL;
    }
    if (SSL_is_server(ssl) == 1)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    struct tls *tls = mem_zalloc(sizeof(*tls));
    tls->ssl = ssl;
    return tls;
}

void tls_destroy(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    mem_free(tls);
}

/*
 * A browser was sent to http:// of this port: a word in clear text, instead of silence. The rest of
 * its request is read first, because closing in front of unread bytes would take the answer back.
 */
static void answer_plain_http(struct tls *tls)
{
    char rest[4096];
    const int fd = SSL_get_fd(tls->ssl);
    for (int i = 0; i < 4 && recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0; i++)
        ;
    static const char text[] = "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
                               "Content-Length: 59\r\nConnection: close\r\n\r\n"
                               "This port speaks HTTPS. Write https:// instead of http://.\n";
    (void)send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Translate what OpenSSL says of a call that gave `rc`. */
static ssize_t failed(struct tls *tls, int rc)
{
    switch (SSL_get_error(tls->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        tls->waits_to_write = false;
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_WANT_WRITE:
        tls->waits_to_write = true;
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SSL:
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST)
            answer_plain_http(tls);
        break;
    default:
        break;
    }
    tls->broken = true;
    errno = ECONNRESET;
    return -1;
}

ssize_t tls_recv(struct tls *tls, void *out, size_t max)
{
    size_t got;
    if (tls->broken) {
        errno = ECONNRESET;
        return -1;
    }
    ERR_clear_error();
    tls->waits_to_write = false;
    const int rc = SSL_read_ex(tls->ssl, out, max, &got);
    return rc == 1 ? (ssize_t)got : failed(tls, rc);
}

ssize_t tls_send(struct tls *tls, const void *bytes, size_t len)
{
    size_t put;
    if (tls->broken) {
        errno = ECONNRESET;
        return -1;
    }
    ERR_clear_error();
    const bool waited = tls->waits_to_write;
    const int rc = SSL_write_ex(tls->ssl, bytes, len, &put);
    if (rc == 1)
        return (ssize_t)put;
    const ssize_t result = failed(tls, rc);
    tls->waits_to_write = waited; /* that is about what TLS has to say for itself */
    return result;
}

bool tls_waits_to_write(const struct tls *tls)
{
    return tls->waits_to_write;
}

bool tls_is_ready(const struct tls *tls)
{
    return SSL_is_init_finished(tls->ssl) == 1;
}

void tls_end(struct tls *tls)
{
    if (tls->broken || !tls_is_ready(tls))
        return;
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
}
