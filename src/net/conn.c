/* TCP connections of one loop: read into a shared buffer, write once per turn. */

#include "net/conn.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "ev/loop.h"
#include "net/net.h"
#include "net/tls.h"

#define READ_BYTES (64u * 1024u)
#define WRITE_BYTES (16u * 1024u)
#define NODE_ITEMS 14u
#define IOV_MAX_ITEMS 64u
#define FREE_NODES_MAX 4096u

/* What the kernel takes ahead of a slow peer: else megabytes, behind which a ping would wait. */
#define UNSENT_MAX (128 * 1024)

/*
 * A flush over many sockets takes milliseconds, and what arrives meanwhile needs another one right
 * after it. So a wide flush first gathers for the time that it will take, at most
 * GATHER_MAX_NS: then both go out in one write per socket. A narrow one, below GATHER_MIN_NS, does
 * not wait.
 */
#define GATHER_MIN_NS 400000u
#define GATHER_MAX_NS 2000000u

/* A part of a send queue. */
struct node {
    struct node *next;
    uint32_t first; /* the items before it are sent */
    uint32_t len;
    struct bytes *items[NODE_ITEMS];
};

struct net {
    struct loop *loop;
    struct turn_end flush;
    struct list dirty; /* connections with something to send that are not held up */
    size_t dirty_len;

    /* Gathering before a wide flush. */
    uv_timer_t gather;
    uint64_t gather_since_ns; /* 0: not gathering */
    uint64_t write_ns;        /* what one write costs, on average */
    struct node *free_nodes;
    size_t free_nodes_len;
    struct tls_context *tls; /* NULL: connections are not encrypted */
    net_flush_fn *on_flush;  /* NULL: nobody asked */
    void *on_flush_arg;
    struct net_stats stats;
    char read[READ_BYTES];
    char write[WRITE_BYTES];
};

struct conn {
    uv_poll_t poll;
    struct net *net;
    struct tls *tls; /* NULL: not encrypted */
    const struct conn_handler *handler;
    void *owner;
    struct list dirty;
    struct node *out_first;
    struct node *out_last;
    size_t queued;
    size_t offset; /* bytes of the first item that are sent */
    uint64_t stalled_since_ms;
    struct timer *linger; /* only while finishing */
    int fd;
    bool paused;
    bool finishing; /* nothing more is read or queued */
    bool shut;      /* the end of the stream was sent */
    bool closed;
};

struct lingering {
    struct timer timer;
    struct conn *conn;
};

static void flush_all(struct turn_end *end);
static void on_gathered(uv_timer_t *timer);
static void on_ready(uv_poll_t *poll, int status, int events);

/* ---- what connections share ---- */

struct net *net_create(struct loop *loop)
{
    struct net *net = mem_zalloc(sizeof(*net));
    net->loop = loop;
    net->flush.run = flush_all;
    list_init(&net->dirty);
    uv_timer_init(loop_uv(loop), &net->gather);
    net->gather.data = net;
    return net;
}

static void on_net_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void net_destroy(struct net *net)
{
    if (net == NULL)
        return;
    assert(net->stats.connections == 0);
    while (net->free_nodes != NULL) {
        struct node *node = net->free_nodes;
        net->free_nodes = node->next;
        mem_free(node);
    }
    list_remove(&net->flush.link);
    tls_context_unref(net->tls);
    uv_close((uv_handle_t *)&net->gather, on_net_closed);
}

void net_on_flush(struct net *net, net_flush_fn *fn, void *arg)
{
    net->on_flush = fn;
    net->on_flush_arg = arg;
}

void net_set_tls(struct net *net, struct tls_context *context)
{
    tls_context_unref(net->tls);
    net->tls = tls_context_ref(context);
}

struct loop *net_loop(struct net *net)
{
    return net->loop;
}

const struct net_stats *net_stats(const struct net *net)
{
    return &net->stats;
}

static struct node *node_take(struct net *net)
{
    struct node *node = net->free_nodes;
    if (node == NULL) {
        node = mem_alloc(sizeof(*node));
    } else {
        net->free_nodes = node->next;
        net->free_nodes_len--;
    }
    node->next = NULL;
    node->first = 0;
    node->len = 0;
    return node;
}

static void node_give(struct net *net, struct node *node)
{
    if (net->free_nodes_len >= FREE_NODES_MAX) {
        mem_free(node);
        return;
    }
    node->next = net->free_nodes;
    net->free_nodes = node;
    net->free_nodes_len++;
}

/* ---- the send queue ---- */

static void queue_drop(struct conn *conn)
{
    while (conn->out_first != NULL) {
        struct node *node = conn->out_first;
        for (uint32_t i = node->first; i < node->len; i++)
            bytes_unref(node->items[i]);
        conn->out_first = node->next;
        node_give(conn->net, node);
    }
    conn->out_last = NULL;
    conn->queued = 0;
    conn->offset = 0;
}

/* Take `sent` bytes off the front. */
static void queue_consume(struct conn *conn, size_t sent)
{
    conn->queued -= sent;
    sent += conn->offset;
    while (conn->out_first != NULL) {
        struct node *node = conn->out_first;
        for (; node->first < node->len; node->first++) {
            struct bytes *item = node->items[node->first];
            if (sent < item->len) {
                conn->offset = sent;
                return;
            }
            sent -= item->len;
            bytes_unref(item);
        }
        conn->out_first = node->next;
        node_give(conn->net, node);
    }
    assert(sent == 0);
    conn->out_last = NULL;
    conn->offset = 0;
}

static size_t queue_vector(const struct conn *conn, struct iovec iov[IOV_MAX_ITEMS])
{
    size_t count = 0;
    size_t skip = conn->offset;
    for (const struct node *node = conn->out_first; node != NULL; node = node->next) {
        for (uint32_t i = node->first; i < node->len; i++) {
            if (count == IOV_MAX_ITEMS)
                return count;
            struct bytes *item = node->items[i];
            iov[count].iov_base = item->data + skip;
            iov[count].iov_len = item->len - skip;
            count++;
            skip = 0;
        }
    }
    return count;
}

void conn_send(struct conn *conn, struct bytes *bytes)
{
    if (conn->closed || conn->finishing || bytes->len == 0) {
        bytes_unref(bytes);
        return;
    }
    struct node *node = conn->out_last;
    if (node == NULL || node->len == NODE_ITEMS) {
        node = node_take(conn->net);
        if (conn->out_last == NULL)
            conn->out_first = node;
        else
            conn->out_last->next = node;
        conn->out_last = node;
    }
    node->items[node->len++] = bytes;
    conn->queued += bytes->len;

    if (conn->stalled_since_ms == 0 && !list_linked(&conn->dirty)) {
        list_push(&conn->net->dirty, &conn->dirty);
        conn->net->dirty_len++;
        loop_at_turn_end(conn->net->loop, &conn->net->flush);
    }
}

void conn_send_copy(struct conn *conn, struct slice bytes)
{
    conn_send(conn, bytes_create(bytes));
}

/* ---- waiting for the socket ---- */

static void watch(struct conn *conn)
{
    const bool shaking_hands = conn->tls != NULL && !tls_is_ready(conn->tls);
    int events = 0;
    if (!conn->paused || shaking_hands)
        events |= UV_READABLE;
    if (conn->tls != NULL && tls_waits_to_write(conn->tls))
        events |= UV_WRITABLE;
    if (conn->stalled_since_ms != 0 && !shaking_hands)
        events |= UV_WRITABLE;
    const int rc = uv_poll_start(&conn->poll, events, on_ready);
    assert(rc == 0);
}

static void send_end(struct conn *conn)
{
    if (conn->shut)
        return;
    conn->shut = true;
    if (conn->tls != NULL)
        tls_end(conn->tls);
    (void)shutdown(conn->fd, SHUT_WR);
}

/* Copy the front of the queue together, as much as fits; how many bytes. */
static size_t copy_front(struct conn *conn, const struct iovec *iov, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count && len < WRITE_BYTES; i++) {
        const size_t room = WRITE_BYTES - len;
        const size_t some = iov[i].iov_len < room ? iov[i].iov_len : room;
        memcpy(conn->net->write + len, iov[i].iov_base, some);
        len += some;
    }
    return len;
}

/*
 * One system call for the front of the queue. Several small frames are copied together first: the
 * kernel looks at each part of a vector on its own, and that costs more than the copy. TLS gets one
 * record at a time.
 */
static ssize_t write_some(struct conn *conn)
{
    struct iovec iov[IOV_MAX_ITEMS];
    const int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    const size_t count = queue_vector(conn, iov);
    if (conn->tls != NULL)
        return tls_send(conn->tls, conn->net->write, copy_front(conn, iov, count));
    if (count == 1)
        return send(conn->fd, iov[0].iov_base, iov[0].iov_len, flags);
    if (conn->queued > WRITE_BYTES) {
        const struct msghdr msg = {.msg_iov = iov, .msg_iovlen = count};
        return sendmsg(conn->fd, &msg, flags);
    }
    return send(conn->fd, conn->net->write, copy_front(conn, iov, count), flags);
}

/* Write what is queued; false when the connection broke. */
static bool write_queue(struct conn *conn)
{
    if (conn->tls != NULL && !tls_is_ready(conn->tls))
        return true; /* as if the peer took nothing yet */
    while (conn->queued > 0) {
        const ssize_t sent = write_some(conn);
        conn->net->stats.writes++;
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return errno == EAGAIN || errno == EWOULDBLOCK;
        conn->net->stats.bytes_out += (uint64_t)sent;
        if (conn->stalled_since_ms != 0)
            conn->stalled_since_ms = loop_now_ms(conn->net->loop);
        queue_consume(conn, (size_t)sent);
    }
    return true;
}

static void flush(struct conn *conn)
{
    const bool was_stalled = conn->stalled_since_ms != 0;
    if (!write_queue(conn)) {
        conn_close(conn);
        return;
    }
    if (conn->queued > 0) {
        if (!was_stalled) {
            conn->stalled_since_ms = loop_now_ms(conn->net->loop);
            watch(conn);
        }
        return;
    }
    if (was_stalled) {
        conn->stalled_since_ms = 0;
        watch(conn);
    }
    if (conn->finishing)
        send_end(conn);
    else if (conn->handler->on_drain != NULL)
        conn->handler->on_drain(conn->owner);
}

static void flush_now(struct net *net)
{
    const uint64_t began_ns = clock_mono_ns();
    const uint64_t writes = net->stats.writes;
    struct list *link;
    net->gather_since_ns = 0;
    while ((link = list_pop(&net->dirty)) != NULL) {
        net->dirty_len--;
        flush(LIST_ITEM(link, struct conn, dirty));
    }
    if (net->on_flush != NULL)
        net->on_flush(net->on_flush_arg);
    const uint64_t done = net->stats.writes - writes;
    if (done > 0)
        net->write_ns += (clock_mono_ns() - began_ns) / done / 8 - net->write_ns / 8;
}

/* How long the flush of what is dirty now should gather first. */
static uint64_t gather_ns(const struct net *net)
{
    const uint64_t flush_ns = net->dirty_len * net->write_ns;
    if (flush_ns < GATHER_MIN_NS)
        return 0;
    return flush_ns < GATHER_MAX_NS ? flush_ns : GATHER_MAX_NS;
}

static void on_gathered(uv_timer_t *timer)
{
    flush_now(timer->data);
}

static void flush_all(struct turn_end *end)
{
    struct net *net = LIST_ITEM(end, struct net, flush);
    const uint64_t wait_ns = gather_ns(net);
    const uint64_t now_ns = wait_ns == 0 ? 0 : clock_mono_ns();
    if (wait_ns > 0 && net->gather_since_ns == 0) {
        net->gather_since_ns = now_ns;
        uv_update_time(loop_uv(net->loop));
        uv_timer_start(&net->gather, on_gathered, wait_ns / 1000000u + 1, 0);
    } else if (wait_ns == 0 || now_ns - net->gather_since_ns >= wait_ns) {
        uv_timer_stop(&net->gather);
        flush_now(net);
    }
}

/* As recv() into the loop's buffer, through TLS when there is some. */
static ssize_t take(struct conn *conn)
{
    struct net *net = conn->net;
    if (conn->tls == NULL)
        return recv(conn->fd, net->read, sizeof(net->read), MSG_DONTWAIT);
    const bool was_ready = tls_is_ready(conn->tls);
    const bool waited = tls_waits_to_write(conn->tls);
    const ssize_t got = tls_recv(conn->tls, net->read, sizeof(net->read));
    if (waited != tls_waits_to_write(conn->tls) || was_ready != tls_is_ready(conn->tls)) {
        const int error = errno;
        watch(conn);
        errno = error;
    }
    return got;
}

static void read_some(struct conn *conn)
{
    struct net *net = conn->net;
    const ssize_t got = take(conn);
    if (got > 0) {
        net->stats.bytes_in += (uint64_t)got;
        if (!conn->finishing)
            conn->handler->on_data(conn->owner, net->read, (size_t)got);
        return;
    }
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    conn_close(conn);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct conn *conn = poll->data;
    if (status < 0) {
        conn_close(conn);
        return;
    }
    const bool unfinished =
        conn->tls != NULL && (!tls_is_ready(conn->tls) || tls_waits_to_write(conn->tls));
    if (unfinished) {
        read_some(conn); /* goes on with what TLS has to say for itself */
        return;
    }
    if ((events & UV_WRITABLE) != 0)
        flush(conn);
    if (conn->closed)
        return;
    if ((events & UV_READABLE) != 0 && !conn->paused)
        read_some(conn);
}

/* ---- life cycle ---- */

struct conn *conn_create(struct net *net, int fd, const struct conn_handler *handler, void *owner)
{
    struct conn *conn = mem_zalloc(sizeof(*conn));
    conn->net = net;
    conn->fd = fd;
    conn->handler = handler;
    conn->owner = owner;
    const int on = 1;
    const int unsent = UNSENT_MAX;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
    const int rc = uv_poll_init(loop_uv(net->loop), &conn->poll, fd);
    assert(rc == 0);
    conn->poll.data = conn;
    net->stats.connections++;
    if (net->tls != NULL)
        conn->tls = tls_create(net->tls, fd);
    watch(conn);
    if (net->tls != NULL && conn->tls == NULL)
        conn_close(conn);
    return conn;
}

void conn_set_handler(struct conn *conn, const struct conn_handler *handler, void *owner)
{
    conn->handler = handler;
    conn->owner = owner;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct conn *conn = handle->data;
    conn->net->stats.connections--;
    tls_destroy(conn->tls);
    (void)close(conn->fd);
    conn->handler->on_closed(conn->owner);
    mem_free(conn);
}

void conn_close(struct conn *conn)
{
    if (conn->closed)
        return;
    conn->closed = true;
    if (list_linked(&conn->dirty)) {
        list_remove(&conn->dirty);
        conn->net->dirty_len--;
    }
    queue_drop(conn);
    if (conn->linger != NULL) {
        timer_stop(conn->net->loop, conn->linger);
        mem_free(LIST_ITEM(conn->linger, struct lingering, timer));
        conn->linger = NULL;
    }
    uv_poll_stop(&conn->poll);
    uv_close((uv_handle_t *)&conn->poll, on_poll_closed);
}

static void on_linger(struct timer *timer)
{
    conn_close(LIST_ITEM(timer, struct lingering, timer)->conn);
}

void conn_finish(struct conn *conn, uint64_t linger_ms)
{
    if (conn->closed || conn->finishing)
        return;
    conn->finishing = true;
    if (conn->paused)
        conn_resume(conn);
    if (conn->queued == 0)
        send_end(conn);
    struct lingering *linger = mem_zalloc(sizeof(*linger));
    linger->conn = conn;
    conn->linger = &linger->timer;
    timer_start(conn->net->loop, &linger->timer, linger_ms, on_linger);
}

size_t conn_queued(const struct conn *conn)
{
    return conn->queued;
}

uint64_t conn_stalled_since_ms(const struct conn *conn)
{
    return conn->stalled_since_ms;
}

void conn_pause(struct conn *conn)
{
    if (conn->paused || conn->closed || conn->finishing)
        return;
    conn->paused = true;
    watch(conn);
}

void conn_resume(struct conn *conn)
{
    if (!conn->paused || conn->closed)
        return;
    conn->paused = false;
    watch(conn);
}

struct slice conn_peer(const struct conn *conn, char out[CONN_PEER_MAX])
{
    struct sockaddr_storage addr = {0};
    socklen_t len = sizeof(addr);
    out[0] = '\0';
    if (getpeername(conn->fd, (struct sockaddr *)&addr, &len) != 0)
        return SLICE_EMPTY;
    const void *ip = addr.ss_family == AF_INET6
                         ? (const void *)&((struct sockaddr_in6 *)&addr)->sin6_addr
                         : (const void *)&((struct sockaddr_in *)&addr)->sin_addr;
    if (inet_ntop(addr.ss_family, ip, out, CONN_PEER_MAX) == NULL)
        return SLICE_EMPTY;
    return slice_str(out);
}
