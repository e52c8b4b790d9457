/* parley: which command is it? */

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "main/commands.h"
#include "main/process.h"

static void help(void)
{
    printf("Parley " PARLEY_VERSION ": a chat system in one program.\n"
           "\n"
           "  parley serve                                   chat at http://127.0.0.1:8080\n"
           "  parley serve --listen :8080 --data /srv/chat   for everybody in your network\n"
           "  parley import slack export.zip                 bring the history of a Slack team\n"
           "\n"
           "Commands:\n"
           "  serve          The whole system in one process, stored in SQLite.\n"
           "  import slack   Read a Slack export into --data.\n"
           "  backup         Copy the database of parley serve, which may run meanwhile.\n"
           "  restore        Put a backup into a folder that has no database.\n"
           "  edge           A fleet's role that holds client connections.\n"
           "  api            A fleet's role that answers HTTP.\n"
           "  persister      A fleet's role that moves messages from Kafka to PostgreSQL.\n"
           "  migrate        Set up the databases of a fleet, or bring them up to date.\n"
           "  admin          Look after people, channels, invites and sessions.\n"
           "  admin shards   Show where a fleet's messages are, or move some elsewhere.\n"
           "  status         Ask every process and say what is wrong.\n"
           "  echo           A bare WebSocket echo server, for conformance tests.\n"
           "  version        Print the version.\n"
           "\n"
           "parley COMMAND --help tells more.\n");
}

static void help_serve(void)
{
    printf("parley serve: the whole system in one process.\n"
           "\n"
           "  parley serve\n"
           "  parley serve --listen :8080 --data /srv/parley\n"
           "  PARLEY_MESSAGE_RATE=600 parley serve --config /etc/parley.ini\n"
           "\n"
           "It prints one line when it is ready. SIGTERM and Ctrl-C stop it cleanly.\n");
    options_help(COMMAND_SERVE);
}

static void help_edge(void)
{
    printf(
        "parley edge: holds client connections of a fleet (WebSocket at /ws).\n"
        "\n"
        "  parley edge --listen 10.0.0.5:8080 --directory postgres://parley@db/parley \\\n"
        "              --redis 10.0.0.2:6379 --kafka 10.0.0.3:9092\n"
        "\n"
        "SIGTERM drains it: /healthz answers 404, clients are told to move, acks are flushed.\n");
    options_help(COMMAND_EDGE);
}

static void help_api(void)
{
    printf("parley api: answers a fleet's HTTP (/api/v1 and the web client).\n"
           "\n"
           "  parley api --listen 10.0.0.5:8081 --directory postgres://parley@db/parley \\\n"
           "             --redis 10.0.0.2:6379 --kafka 10.0.0.3:9092\n");
    options_help(COMMAND_API);
}

static void help_persister(void)
{
    printf("parley persister: moves messages from Kafka to PostgreSQL.\n"
           "\n"
           "  parley persister --name persister-1 --listen 10.0.0.6:8090 \\\n"
           "                   --directory postgres://parley@db/parley \\\n"
           "                   --redis 10.0.0.2:6379 --kafka 10.0.0.3:9092\n"
           "\n"
           "Several share the work and take over from each other. --listen is for health and "
           "metrics.\n");
    options_help(COMMAND_PERSISTER);
}

static void help_status(void)
{
    printf("parley status: asks every process of an installation and says what is wrong.\n"
           "\n"
           "  parley status --targets edge-1=10.0.0.5:8080,api-1=10.0.0.6:8081\n"
           "  parley status --json\n"
           "\n"
           "The exit status is 0 when all are well.\n");
    options_help(COMMAND_STATUS);
}

static void help_echo(void)
{
    printf("parley echo: sends back every WebSocket message, text as text and binary as binary,\n"
           "up to 16 MiB, at any path, without login and for any origin. Only for tests.\n"
           "\n"
           "  parley echo --listen 127.0.0.1:9001\n");
    options_help(COMMAND_ECHO);
}

static void help_import(void)
{
    printf("parley import slack: read a Slack export (the ZIP file that Slack makes).\n"
           "\n"
           "  parley import slack export.zip\n"
           "  parley import slack export.zip --data /srv/parley --dry-run\n"
           "  parley import slack export.zip --json >report.json\n"
           "  parley import slack export.zip --config /etc/parley.ini    into a fleet\n"
           "\n"
           "People, channels, members and messages come in with their times, authors, threads and\n"
           "mentions. It can be run again: what is there already is not added twice.\n");
    options_help(COMMAND_IMPORT);
}

static void help_backup(void)
{
    printf("parley backup: copy the database of parley serve into one file.\n"
           "parley restore: put such a file into a folder that has no database yet.\n"
           "\n"
           "  parley backup /backup/parley-monday.db --data /srv/parley\n"
           "  parley restore /backup/parley-monday.db --data /srv/parley-new\n"
           "\n"
           "The server may run while a backup is made: the copy is of one moment, and checked. A\n"
           "server whose folder is restored must not run.\n");
    options_help(COMMAND_BACKUP);
}

static void help_migrate(void)
{
    printf(
        "parley migrate: set up the databases of a fleet, or bring them up to date.\n"
        "\n"
        "  parley migrate --directory postgres://parley@db/parley \\\n"
        "                 --shards a=postgres://parley@db1/parley,b=postgres://parley@db2/parley\n"
        "\n"
        "The databases themselves must exist. It can be run at any time, also by several at "
        "once.\n");
    options_help(COMMAND_MIGRATE);
}

static void help_admin(void)
{
    printf(
        "parley admin: look after people, channels and shards, also while servers run.\n"
        "\n"
        "  parley admin users [deactivate NAME | reactivate NAME]    who is there\n"
        "  parley admin roles [set NAME owner|admin|member]          owners and admins\n"
        "  parley admin sessions [end NAME]                          who is logged in\n"
        "  parley admin channels                                     public and private ones\n"
        "  parley admin invites [create NAME | revoke ID]            invites in that person's "
        "name\n"
        "\n"
        "They work on --data, or on the --directory of a fleet. Sockets of sessions that end here "
        "are\n"
        "closed within five minutes.\n"
        "\n"
        "parley admin shards: show the 64 shards of a fleet, or move one to another server.\n"
        "\n"
        "  parley admin shards --directory postgres://parley@db/parley\n"
        "  parley admin shards --json --directory postgres://parley@db/parley\n"
        "  parley admin shards move 17 --to b --directory postgres://parley@db/parley\n"
        "\n"
        "A shard moves while messages flow; only its last rows hold its writers back. A move that\n"
        "was interrupted goes on when it is run again; --to the server where the shard is ends "
        "it.\n");
    options_help(COMMAND_ADMIN);
}

/* As many files as the system lets us have: each connection is one. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

static bool read_options(enum command command, int argc, char **argv, int first,
                         struct config *config, const char **rest, int rest_max, int *rest_len)
{
    if (options_read(command, argc, argv, first, config, rest, rest_max, rest_len) != ERR_NONE)
        return false;
    if (config->verbose)
        log_set_level(LOG_DEBUG);
    return true;
}

static int run_role(enum command command, const struct process_role *role, int argc, char **argv)
{
    struct config config;
    int rest_len;
    if (!read_options(command, argc, argv, 2, &config, NULL, 0, &rest_len))
        return 2;
    return process_run(&config, role);
}

static int run_serve(int argc, char **argv)
{
    const struct process_role role = {.name = "serve", .edge = true, .api = true};
    return run_role(COMMAND_SERVE, &role, argc, argv);
}

static int run_edge(int argc, char **argv)
{
    const struct process_role role = {.name = "edge", .fleet = true, .edge = true};
    return run_role(COMMAND_EDGE, &role, argc, argv);
}

static int run_api(int argc, char **argv)
{
    const struct process_role role = {.name = "api", .fleet = true, .api = true};
    return run_role(COMMAND_API, &role, argc, argv);
}

static int run_persister(int argc, char **argv)
{
    const struct process_role role = {.name = "persister", .fleet = true, .persister = true};
    return run_role(COMMAND_PERSISTER, &role, argc, argv);
}

static int run_status(int argc, char **argv)
{
    struct config config;
    int rest_len;
    if (!read_options(COMMAND_STATUS, argc, argv, 2, &config, NULL, 0, &rest_len))
        return 2;
    return command_status(&config);
}

static int run_echo(int argc, char **argv)
{
    struct config config;
    int rest_len;
    if (!read_options(COMMAND_ECHO, argc, argv, 2, &config, NULL, 0, &rest_len))
        return 2;
    return command_echo(&config);
}

static int run_migrate(int argc, char **argv)
{
    struct config config;
    int rest_len;
    if (!read_options(COMMAND_MIGRATE, argc, argv, 2, &config, NULL, 0, &rest_len))
        return 2;
    return command_migrate(&config);
}

static int run_admin(int argc, char **argv)
{
    struct config config;
    const char *rest[4];
    int rest_len;
    if (!read_options(COMMAND_ADMIN, argc, argv, 2, &config, rest, 4, &rest_len))
        return 2;
    if (rest_len > 0 && command_admin_is_team(rest[0]))
        return command_admin_team(&config, rest, rest_len);
    if (rest_len == 1 && strcmp(rest[0], "shards") == 0)
        return command_admin_shards(&config);
    if (rest_len == 3 && strcmp(rest[0], "shards") == 0 && strcmp(rest[1], "move") == 0)
        return command_admin_move(&config, rest[2]);
    fprintf(stderr,
            "parley: it is parley admin users, roles, channels, invites, sessions or shards; "
            "parley admin --help tells more.\n");
    return 2;
}

static int run_import(int argc, char **argv)
{
    struct config config;
    const char *rest[2];
    int rest_len;
    if (!read_options(COMMAND_IMPORT, argc, argv, 2, &config, rest, 2, &rest_len))
        return 2;
    if (rest_len != 2 || strcmp(rest[0], "slack") != 0) {
        fprintf(stderr, "parley: say what to import: parley import slack export.zip\n");
        return 2;
    }
    return command_import_slack(&config, rest[1]);
}

static int run_copy(int (*command)(const struct config *config, const char *file), int argc,
                    char **argv)
{
    struct config config;
    const char *rest[1];
    int rest_len;
    if (!read_options(COMMAND_BACKUP, argc, argv, 2, &config, rest, 1, &rest_len))
        return 2;
    if (rest_len == 1)
        return command(&config, rest[0]);
    fprintf(stderr, "parley: name the file: parley %s /backup/parley.db\n", argv[1]);
    return 2;
}

static int run_backup(int argc, char **argv)
{
    return run_copy(command_backup, argc, argv);
}

static int run_restore(int argc, char **argv)
{
    return run_copy(command_restore, argc, argv);
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    void (*help)(void);
} commands[] = {
    {"serve", run_serve, help_serve},
    {"edge", run_edge, help_edge},
    {"api", run_api, help_api},
    {"persister", run_persister, help_persister},
    {"status", run_status, help_status},
    {"echo", run_echo, help_echo},
    {"import", run_import, help_import},
    {"migrate", run_migrate, help_migrate},
    {"admin", run_admin, help_admin},
    {"backup", run_backup, help_backup},
    {"restore", run_restore, help_backup},
};

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    raise_file_limit();
    if (sodium_init() < 0) {
        fprintf(stderr, "parley: the system gives no random numbers.\n");
        return 1;
    }
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        if (wants_help(argc, argv)) {
            commands[i].help();
            return 0;
        }
        return commands[i].run(argc, argv);
    }
    if (argc > 1 && (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0)) {
        printf("parley " PARLEY_VERSION "\n");
        return 0;
    }
    if (argc < 2 || wants_help(argc, argv) || strcmp(argv[1], "help") == 0) {
        help();
        return 0;
    }
    fprintf(stderr, "parley: there is no command \"%s\". parley --help lists them.\n", argv[1]);
    return 2;
}
