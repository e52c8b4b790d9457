#ifndef MAIN_PROCESS_H
#define MAIN_PROCESS_H

/* One process of Parley, in any role. */

#include <stdbool.h>

#include "main/options.h"

struct process_role {
    const char *name; /* "serve" */
    bool fleet;       /* on Redis, Kafka and PostgreSQL; else all in one process, on SQLite */
    bool edge;        /* holds client connections */
    bool api;         /* answers operations by HTTP and serves the web client */
    bool persister;   /* moves events from Kafka to PostgreSQL */
};

/* Run until a signal comes; returns the exit status. */
int process_run(const struct config *config, const struct process_role *role);

#endif
