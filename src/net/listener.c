/* Accepting connections. */

#include "net/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/mem.h"
#include "base/slice.h"
#include "ev/loop.h"

#define BACKLOG 4096
#define ACCEPTS_PER_TURN 64
#define OUT_OF_FILES_PAUSE_MS 200u

struct listener {
    uv_poll_t poll;
    struct timer pause;
    struct loop *loop;
    listener_accept_fn *accept;
    void *arg;
    int fd;
};

/* ---- addresses ---- */

static bool split_port(struct slice text, struct slice *host, struct slice *port)
{
    for (size_t i = text.len; i > 0; i--) {
        if (text.ptr[i - 1] == ':') {
            *host = slice_from(text.ptr, i - 1);
            *port = slice_skip(text, i);
            return true;
        }
    }
    *host = SLICE("127.0.0.1");
    *port = text;
    return true;
}

static bool is_numeric_host(const char *host)
{
    struct in6_addr any;
    return inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1;
}

enum err listen_address_parse(const char *text, struct listen_address *out)
{
    struct slice host;
    struct slice port;
    uint64_t number;
    if (!split_port(slice_str(text), &host, &port) || !slice_to_u64(port, &number) ||
        number > UINT16_MAX)
        return ERR_INVALID;
    if (host.len == 0 || slice_eq(host, SLICE("*")))
        host = SLICE("0.0.0.0");
    else if (slice_eq(host, SLICE("localhost")))
        host = SLICE("127.0.0.1");
    else if (host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']')
        host = slice_from(host.ptr + 1, host.len - 2);
    if (host.len >= LISTEN_ADDRESS_MAX)
        return ERR_INVALID;

    struct listen_address address = {.port = (uint16_t)number};
    memcpy(address.host, host.ptr, host.len);
    if (!is_numeric_host(address.host))
        return ERR_INVALID;
    *out = address;
    return ERR_NONE;
}

static socklen_t to_sockaddr(const struct listen_address *address, struct sockaddr_storage *out)
{
    *out = (struct sockaddr_storage){0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    if (inet_pton(AF_INET, address->host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(address->port);
        return sizeof(*v4);
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    (void)inet_pton(AF_INET6, address->host, &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address->port);
    return sizeof(*v6);
}

static enum err bind_error(int error)
{
    switch (error) {
    case EADDRINUSE:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
        return ERR_FORBIDDEN;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return ERR_INVALID;
    default:
        return ERR_IO;
    }
}

/* A bound socket; with `shared` others of this process may bind the same address. */
static enum err bind_socket(const struct listen_address *address, bool shared, int *out)
{
    struct sockaddr_storage addr;
    const socklen_t len = to_sockaddr(address, &addr);
    const int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return bind_error(errno);
    const int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if ((shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) ||
        bind(fd, (struct sockaddr *)&addr, len) != 0) {
        const enum err err = bind_error(errno);
        (void)close(fd);
        return err;
    }
    *out = fd;
    return ERR_NONE;
}

enum err listen_address_claim(struct listen_address *address)
{
    int fd = -1;
    enum err err = bind_socket(address, false, &fd);
    if (err != ERR_NONE)
        return err;
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(addr);
    if (listen(fd, 1) != 0 || getsockname(fd, (struct sockaddr *)&addr, &len) != 0)
        err = bind_error(errno);
    else
        address->port = ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
                                                         : ((struct sockaddr_in *)&addr)->sin_port);
    (void)close(fd);
    return err;
}

/* ---- accepting ---- */

static void on_ready(uv_poll_t *poll, int status, int events);

static void after_pause(struct timer *timer)
{
    struct listener *listener = LIST_ITEM(timer, struct listener, pause);
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_ready);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = poll->data;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        const int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            listener->accept(fd, listener->arg);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* Out of files: leave newcomers in the backlog instead of spinning on them. */
            uv_poll_stop(&listener->poll);
            timer_start(listener->loop, &listener->pause, OUT_OF_FILES_PAUSE_MS, after_pause);
            return;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return;
    }
}

enum err listener_open(struct loop *loop, const struct listen_address *address,
                       listener_accept_fn *accept, void *arg, struct listener **out)
{
    int fd = -1;
    const enum err err = bind_socket(address, true, &fd);
    if (err != ERR_NONE)
        return err;
    if (listen(fd, BACKLOG) != 0) {
        const enum err failed = bind_error(errno);
        (void)close(fd);
        return failed;
    }
    struct listener *listener = mem_zalloc(sizeof(*listener));
    *listener = (struct listener){.loop = loop, .accept = accept, .arg = arg, .fd = fd};
    if (uv_poll_init(loop_uv(loop), &listener->poll, fd) != 0) {
        (void)close(fd);
        mem_free(listener);
        return ERR_IO;
    }
    listener->poll.data = listener;
    (void)uv_poll_start(&listener->poll, UV_READABLE, on_ready);
    *out = listener;
    return ERR_NONE;
}

static void on_closed(uv_handle_t *handle)
{
    struct listener *listener = handle->data;
    (void)close(listener->fd);
    mem_free(listener);
}

void listener_close(struct listener *listener)
{
    if (listener == NULL)
        return;
    timer_stop(listener->loop, &listener->pause);
    uv_close((uv_handle_t *)&listener->poll, on_closed);
}
