/* parley echo: one loop with the echo server on it. */

#include <signal.h>
#include <stdio.h>
#include <uv.h>

#include "echo/echo.h"
#include "ev/loop.h"
#include "httpd/httpd.h"
#include "main/commands.h"
#include "net/listener.h"
#include "net/net.h"

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    loop_stop(handle->data);
}

static void run(struct loop *loop, const struct listen_address *address)
{
    static const int numbers[2] = {SIGTERM, SIGINT};
    uv_signal_t signals[2];
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(loop_uv(loop), &signals[i]);
        signals[i].data = loop;
        uv_signal_start(&signals[i], on_signal, numbers[i]);
    }
    printf("Parley echo is ready at ws://%s:%u\n", address->host, address->port);
    (void)fflush(stdout);
    loop_run(loop);
}

int command_echo(const struct config *config)
{
    struct listen_address address;
    if (listen_address_parse(config->listen, &address) != ERR_NONE ||
        listen_address_claim(&address) != ERR_NONE) {
        fprintf(stderr,
                "parley: cannot listen on %s. Choose another address: --listen "
                "127.0.0.1:9001\n",
                config->listen);
        return 1;
    }
    struct loop *loop = loop_create();
    struct net *net = net_create(loop);
    struct httpd *httpd = httpd_create(net, &(struct httpd_options){.body_max = 1024});
    struct echo *echo = echo_create(net);
    struct listener *listener;
    echo_attach(echo, httpd);
    if (listener_open(loop, &address, httpd_accept, httpd, &listener) != ERR_NONE) {
        fprintf(stderr, "parley: cannot listen on %s.\n", config->listen);
        return 1;
    }
    run(loop, &address);
    return 0; /* open sockets end with the process */
}
