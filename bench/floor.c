/*
 * floor: what the kernel alone costs. One process accepts sockets on loopback and does nothing but
 * send() the same bytes to each in turn; another reads and throws away. Prints the sender's
 * processor time per frame.
 *
 *   bench_floor SOCKETS FRAME_BYTES FRAMES_PER_SEND SECONDS
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/slice.h"

static uint64_t argument(const char *text)
{
    uint64_t value;
    if (!slice_to_u64(slice_str(text), &value) || value == 0) {
        fprintf(stderr, "floor: \"%s\" is no positive number\n", text);
        exit(2);
    }
    return value;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* Connect `count` sockets and read whatever comes until the sender is gone. */
static void run_reader(const struct sockaddr_in *addr, uint64_t count)
{
    static char sink[65536];
    const int epoll = epoll_create1(0);
    for (uint64_t i = 0; i < count; i++) {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) != 0)
            fail("connect");
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        (void)epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
    for (;;) {
        struct epoll_event events[256];
        const int ready = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            if (recv(events[i].data.fd, sink, sizeof(sink), 0) <= 0)
                exit(0);
        }
    }
}

static uint64_t cpu_ns(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000u +
           ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000u;
}

static int listen_on_loopback(struct sockaddr_in *addr)
{
    socklen_t len = sizeof(*addr);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    *addr = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)addr, len) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)addr, &len) != 0)
        fail("listen");
    return fd;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench_floor SOCKETS FRAME_BYTES FRAMES_PER_SEND SECONDS\n");
        return 2;
    }
    const uint64_t sockets = argument(argv[1]);
    const uint64_t frames = argument(argv[3]);
    const size_t bytes = argument(argv[2]) * frames;
    const uint64_t duration_ns = argument(argv[4]) * 1000000000u;
    struct sockaddr_in addr;
    const int listener = listen_on_loopback(&addr);
    const pid_t reader = fork();
    if (reader == 0)
        run_reader(&addr, sockets);

    int *fds = mem_alloc(sockets * sizeof(*fds));
    for (uint64_t i = 0; i < sockets; i++) {
        const int on = 1;
        fds[i] = accept(listener, NULL, NULL);
        if (fds[i] < 0)
            fail("accept");
        (void)setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    char *payload = mem_zalloc(bytes);
    uint64_t sends = 0;
    const uint64_t began_ns = clock_mono_ns();
    const uint64_t cpu_began_ns = cpu_ns();
    while (clock_mono_ns() - began_ns < duration_ns) {
        for (uint64_t i = 0; i < sockets; i++) {
            if (send(fds[i], payload, bytes, MSG_NOSIGNAL) < 0)
                fail("send");
            sends++;
        }
    }
    printf("%.1f\n", (double)(cpu_ns() - cpu_began_ns) / (double)(sends * frames));
    (void)kill(reader, SIGKILL);
    (void)waitpid(reader, NULL, 0);
    return 0;
}
