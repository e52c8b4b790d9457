#ifndef MAIN_OPTIONS_H
#define MAIN_OPTIONS_H

/*
 * Options: one table says what there is; flags, PARLEY_* environment variables, the INI file and
 * --help all come from it. Flags win over the environment, that over the file, that over the
 * defaults.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct config {
    const char *config_file;
    const char *listen;
    const char *data;
    const char *allowed_origin;
    const char *directory;
    const char *shards;
    const char *redis;
    const char *kafka;
    const char *name;
    const char *targets;
    uint64_t partitions;
    uint64_t replicas;
    uint64_t loops; /* 0: one per processor */
    uint64_t store_threads;
    uint64_t password_threads;
    uint64_t argon2_memory_kib;
    uint64_t argon2_passes;
    uint64_t session_days;
    const char *registration;
    uint64_t message_rate;
    uint64_t message_burst;
    uint64_t connections_address;
    uint64_t connections_user;
    uint64_t login_tries;
    uint64_t login_tries_address;
    uint64_t sign_ups_address;
    const char *trusted_proxies;
    uint64_t http_head_timeout_s;
    uint64_t http_body_timeout_s;
    uint64_t http_idle_timeout_s;
    uint64_t journal_queue;
    uint64_t hello_timeout_s;
    uint64_t ping_s;
    uint64_t pong_timeout_s;
    uint64_t stall_timeout_s;
    uint64_t stop_timeout_s;
    uint64_t drain_grace_s;
    uint64_t drain_window_s;
    bool compress;
    bool secure_cookies;
    const char *tls_cert;
    const char *tls_key;
    bool verbose;

    /* Of the tools. */
    const char *to;
    uint64_t uses;
    uint64_t days;
    bool dry_run;
    bool json;
};

enum command {
    COMMAND_SERVE = 1,
    COMMAND_ECHO = 2,
    COMMAND_IMPORT = 4,
    COMMAND_EDGE = 8,
    COMMAND_API = 16,
    COMMAND_PERSISTER = 32,
    COMMAND_STATUS = 64,
    COMMAND_MIGRATE = 128,
    COMMAND_ADMIN = 256,
    COMMAND_BACKUP = 512, /* and restore */
};

/*
 * Fill `out` for `command` from argv[first..]. Arguments that are no options go to `rest`, at most
 * `rest_max` of them. On a mistake it prints what is wrong and what to do to stderr and gives
 * ERR_INVALID. Strings live as long as the process.
 */
NODISCARD enum err options_read(enum command command, int argc, char **argv, int first,
                                struct config *out, const char **rest, int rest_max, int *rest_len);

/* Print the options of `command`, one block each. */
void options_help(enum command command);

#endif
