/* Flags, environment, INI file and --help from one table. */

#include "main/options.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/slice.h"

#define ENV_PREFIX "PARLEY_"
#define LINE_MAX_BYTES 4096
#define FILE_LINES_MAX 1000u

enum kind {
    KIND_TEXT,
    KIND_NUMBER,
    KIND_CHOICE, /* one of the words of `value` */
    KIND_SWITCH, /* a flag without a value; "yes" or "no" in the environment and the file */
};

struct option {
    const char *name; /* --message-rate, PARLEY_MESSAGE_RATE, message-rate = */
    enum kind kind;
    unsigned commands;
    size_t offset;
    const char *fallback;
    uint64_t min;
    uint64_t max;
    const char *value; /* its name in --help */
    const char *help;
};

#define FIELD(name) offsetof(struct config, name)
#define SERVE COMMAND_SERVE
#define EDGE COMMAND_EDGE
#define API COMMAND_API
#define PERSISTER COMMAND_PERSISTER
#define STATUS COMMAND_STATUS
#define FLEET (EDGE | API | PERSISTER)
#define EDGES (SERVE | EDGE)
#define APIS (SERVE | API)
#define CHATS (SERVE | EDGE | API)
#define ECHO COMMAND_ECHO
#define IMPORT COMMAND_IMPORT
#define MIGRATE COMMAND_MIGRATE
#define ADMIN COMMAND_ADMIN
#define BACKUP COMMAND_BACKUP

static const struct option table[] = {
    {"config", KIND_TEXT, SERVE | FLEET | IMPORT | STATUS | MIGRATE | ADMIN | BACKUP,
     FIELD(config_file), "", 0, 0, "FILE",
     "Read options from FILE: lines of \"name = value\", '#' begins a comment."},
    {"listen", KIND_TEXT, SERVE | FLEET | ECHO, FIELD(listen), "127.0.0.1:8080", 0, 0, "ADDRESS",
     "Where to listen: HOST:PORT, [IPV6]:PORT, or :PORT for every interface. Port 0 takes any."},
    {"data", KIND_TEXT, SERVE | ADMIN | IMPORT | BACKUP, FIELD(data), "./data", 0, 0, "DIR",
     "Where everything is stored. It is made when it is missing."},
    {"directory", KIND_TEXT, FLEET | MIGRATE | ADMIN | IMPORT, FIELD(directory), "", 0, 0, "URL",
     "The directory database, as postgres://user:password@host/parley. parley migrate sets it up."},
    {"shards", KIND_TEXT, MIGRATE, FIELD(shards), "", 0, 0, "LIST",
     "Where the messages are: a=postgres://db1/parley,b=postgres://db2/parley. The first time they "
     "are spread over these; later more may be added, or have other addresses."},
    {"redis", KIND_TEXT, FLEET | ADMIN | IMPORT, FIELD(redis), "", 0, 0, "ADDRESSES",
     "Redis: HOST:PORT, redis://:password@HOST:PORT, or behind sentinels "
     "sentinel://:password@HOST:26379+HOST:26379/NAME; several with commas, the same list in the "
     "same order everywhere."},
    {"kafka", KIND_TEXT, FLEET, FIELD(kafka), "", 0, 0, "ADDRESSES",
     "Kafka's brokers: HOST:PORT, several with commas."},
    {"name", KIND_TEXT, PERSISTER, FIELD(name), "persister-1", 0, 0, "NAME",
     "The persister's own name: another for each, and the same after a restart."},
    {"partitions", KIND_NUMBER, PERSISTER, FIELD(partitions), "64", 1, 1024, "N",
     "Partitions of Kafka's topic, when it has to be made; never change them later."},
    {"replicas", KIND_NUMBER, PERSISTER, FIELD(replicas), "1", 1, 10, "N",
     "Copies of each partition, when the topic has to be made: 3 in production."},
    {"allowed-origin", KIND_TEXT, CHATS, FIELD(allowed_origin), "", 0, 0, "ORIGIN",
     "One more site whose pages may use the session cookie, as https://chat.example.com."},
    {"secure-cookies", KIND_SWITCH, APIS, FIELD(secure_cookies), "no", 0, 0, NULL,
     "Mark cookies Secure. For a server behind HTTPS."},
    {"tls-cert", KIND_TEXT, SERVE | EDGE | API, FIELD(tls_cert), "", 0, 0, "FILE",
     "Speak HTTPS and WSS with the certificate chain in this PEM file. SIGHUP reads it again."},
    {"tls-key", KIND_TEXT, SERVE | EDGE | API, FIELD(tls_key), "", 0, 0, "FILE",
     "The certificate's private key, a PEM file."},
    {"loops", KIND_NUMBER, SERVE | FLEET | ECHO, FIELD(loops), "0", 0, 64, "N",
     "Event loops, each on its own thread; 0 is one per processor, and one for an edge."},
    {"store-threads", KIND_NUMBER, SERVE | FLEET, FIELD(store_threads), "4", 1, 64, "N",
     "Threads that read the database."},
    {"password-threads", KIND_NUMBER, CHATS, FIELD(password_threads), "2", 1, 64, "N",
     "Logins that may be checked at the same time."},
    {"argon2-memory", KIND_NUMBER, CHATS, FIELD(argon2_memory_kib), "65536", 8, 4194304, "KIB",
     "Memory that checking one password takes (argon2id)."},
    {"argon2-passes", KIND_NUMBER, CHATS, FIELD(argon2_passes), "3", 1, 100, "N",
     "Passes over that memory."},
    {"registration", KIND_CHOICE, CHATS, FIELD(registration), "open", 0, 0, "open|invite|closed",
     "Who may sign up: anybody, whom an owner or admin has invited, or nobody. The first account "
     "is "
     "the owner's and is always let in."},
    {"session-days", KIND_NUMBER, CHATS, FIELD(session_days), "90", 1, 3650, "DAYS",
     "How long a login lasts."},
    {"message-rate", KIND_NUMBER, CHATS, FIELD(message_rate), "100", 1, 100000000, "N",
     "Messages that one person may send per minute, sustained."},
    {"message-burst", KIND_NUMBER, CHATS, FIELD(message_burst), "20", 1, 100000000, "N",
     "Messages that one person may send at once."},
    {"connections-address", KIND_NUMBER, CHATS, FIELD(connections_address), "1000", 1, 100000000,
     "N",
     "WebSockets from one address, and as many other connections. Trusted proxies are exempt."},
    {"connections-user", KIND_NUMBER, EDGES, FIELD(connections_user), "20", 1, 100000000, "N",
     "WebSockets of one person."},
    {"login-tries", KIND_NUMBER, CHATS, FIELD(login_tries), "10", 1, 100000000, "N",
     "Wrong passwords for one name within 15 minutes; then they are refused for a while."},
    {"login-tries-address", KIND_NUMBER, CHATS, FIELD(login_tries_address), "100", 1, 100000000,
     "N", "Wrong passwords from one address within an hour."},
    {"sign-ups-address", KIND_NUMBER, CHATS, FIELD(sign_ups_address), "60", 1, 100000000, "N",
     "Accounts that may be asked for from one address within an hour."},
    {"trusted-proxies", KIND_TEXT, CHATS, FIELD(trusted_proxies), "", 0, 0, "NETWORKS",
     "Whose X-Forwarded-For says where a client is: 10.0.1.5, 10.0.2.0/24, several with commas."},
    {"http-head-timeout", KIND_NUMBER, CHATS, FIELD(http_head_timeout_s), "10", 1, 3600, "SECONDS",
     "How long a request's head may take to arrive."},
    {"http-body-timeout", KIND_NUMBER, CHATS, FIELD(http_body_timeout_s), "30", 1, 3600, "SECONDS",
     "How long its body may take."},
    {"http-idle-timeout", KIND_NUMBER, CHATS, FIELD(http_idle_timeout_s), "75", 1, 3600, "SECONDS",
     "How long a connection may wait for its next request."},
    {"journal-queue", KIND_NUMBER, CHATS, FIELD(journal_queue), "20000", 1, 1000000, "N",
     "Messages that may wait for the disk; past it sends are refused until it catches up."},
    {"hello-timeout", KIND_NUMBER, EDGES, FIELD(hello_timeout_s), "10", 1, 3600, "SECONDS",
     "How long a new WebSocket may take to say hello."},
    {"ping", KIND_NUMBER, EDGES, FIELD(ping_s), "25", 1, 3600, "SECONDS",
     "A WebSocket that is silent for so long is pinged."},
    {"pong-timeout", KIND_NUMBER, EDGES, FIELD(pong_timeout_s), "20", 1, 3600, "SECONDS",
     "How long it may take to answer."},
    {"stall-timeout", KIND_NUMBER, EDGES, FIELD(stall_timeout_s), "30", 1, 3600, "SECONDS",
     "A WebSocket that takes nothing of what it is sent for so long is closed."},
    {"compress", KIND_SWITCH, EDGES, FIELD(compress), "yes", 0, 0, NULL,
     "Compress long messages for WebSocket clients that can read them (permessage-deflate)."},
    {"drain-grace", KIND_NUMBER, EDGE | API, FIELD(drain_grace_s), "2", 0, 600, "SECONDS",
     "When stopping: how long the load balancer has to notice, while connections are still taken."},
    {"drain-window", KIND_NUMBER, EDGES, FIELD(drain_window_s), "5", 0, 3600, "SECONDS",
     "When stopping: clients are told to connect again at a random moment within so long."},
    {"stop-timeout", KIND_NUMBER, SERVE | FLEET, FIELD(stop_timeout_s), "15", 1, 3600, "SECONDS",
     "How long stopping may take before connections are cut."},
    {"targets", KIND_TEXT, STATUS, FIELD(targets), "parley=127.0.0.1:8080", 0, 0, "LIST",
     "The processes to ask: NAME=HOST:PORT, or NAME=https://HOST:PORT; several with commas."},
    {"dry-run", KIND_SWITCH, IMPORT, FIELD(dry_run), "no", 0, 0, NULL,
     "Read everything, report, and store nothing."},
    {"to", KIND_TEXT, ADMIN, FIELD(to), "", 0, 0, "SERVER",
     "Where the shard is to go: one of the names of parley migrate --shards."},
    {"uses", KIND_NUMBER, ADMIN, FIELD(uses), "1", 1, 1000, "N", "How many an invite lets in."},
    {"days", KIND_NUMBER, ADMIN, FIELD(days), "7", 1, 365, "DAYS", "How long it holds."},
    {"json", KIND_SWITCH, IMPORT | STATUS | ADMIN | BACKUP, FIELD(json), "no", 0, 0, NULL,
     "Print the report as JSON."},
    {"verbose", KIND_SWITCH, SERVE | FLEET | ECHO | IMPORT | MIGRATE | ADMIN, FIELD(verbose), "no",
     0, 0, NULL, "Log more."},
};

#define TABLE_LEN (sizeof(table) / sizeof(table[0]))

static const struct option *find(struct slice name, enum command command)
{
    for (size_t i = 0; i < TABLE_LEN; i++) {
        if ((table[i].commands & (unsigned)command) != 0 &&
            slice_eq(slice_str(table[i].name), name))
            return &table[i];
    }
    return NULL;
}

/* ---- values ---- */

/* A copy that lives as long as the process, where a leak checker still finds it. */
static const char *keep(struct slice text)
{
    static struct arena_list {
        struct arena_list *next;
        char text[];
    } * kept;
    struct arena_list *copy = mem_zalloc(sizeof(*copy) + text.len + 1);
    memcpy(copy->text, text.ptr, text.len);
    copy->next = kept;
    kept = copy;
    return copy->text;
}

static bool set_number(const struct option *option, struct slice text, uint64_t *out)
{
    uint64_t value;
    if (!slice_to_u64(text, &value) || value < option->min || value > option->max)
        return false;
    *out = value;
    return true;
}

static bool set_choice(const struct option *option, struct slice text, const char **out)
{
    struct slice word;
    struct slice rest = slice_str(option->value);
    bool found = false;
    while (!found && slice_cut(rest, '|', &word, &rest))
        found = slice_eq(word, text);
    found = found || slice_eq(rest, text);
    if (found)
        *out = keep(text);
    return found;
}

static bool set_switch(struct slice text, bool *out)
{
    const bool yes = slice_eq(text, SLICE("yes")) || slice_eq(text, SLICE("true")) ||
                     slice_eq(text, SLICE("1")) || slice_eq(text, SLICE("on"));
    const bool no = slice_eq(text, SLICE("no")) || slice_eq(text, SLICE("false")) ||
                    slice_eq(text, SLICE("0")) || slice_eq(text, SLICE("off"));
    *out = yes;
    return yes || no;
}

/* `where` says where the value stood, for the complaint. */
static enum err set(struct config *config, const struct option *option, struct slice text,
                    const char *where)
{
    char *field = (char *)config + option->offset;
    switch (option->kind) {
    case KIND_TEXT:
        *(const char **)(void *)field = keep(text);
        return ERR_NONE;
    case KIND_NUMBER:
        if (set_number(option, text, (uint64_t *)(void *)field))
            return ERR_NONE;
        fprintf(stderr, "parley: %s: %s must be a whole number from %llu to %llu, not \"%.*s\".\n",
                where, option->name, (unsigned long long)option->min,
                (unsigned long long)option->max, (int)text.len, text.ptr);
        return ERR_INVALID;
    case KIND_CHOICE:
        if (set_choice(option, text, (const char **)(void *)field))
            return ERR_NONE;
        fprintf(stderr, "parley: %s: %s must be one of %s, not \"%.*s\".\n", where, option->name,
                option->value, (int)text.len, text.ptr);
        return ERR_INVALID;
    case KIND_SWITCH:
        if (set_switch(text, (bool *)(void *)field))
            return ERR_NONE;
        fprintf(stderr, "parley: %s: %s must be yes or no, not \"%.*s\".\n", where, option->name,
                (int)text.len, text.ptr);
        return ERR_INVALID;
    }
    return ERR_INTERNAL;
}

/* ---- sources ---- */

static enum err read_defaults(struct config *config)
{
    for (size_t i = 0; i < TABLE_LEN; i++) {
        const enum err err = set(config, &table[i], slice_str(table[i].fallback), "default");
        if (err != ERR_NONE)
            return err;
    }
    return ERR_NONE;
}

static enum err read_environment(enum command command, struct config *config)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < TABLE_LEN && err == ERR_NONE; i++) {
        if ((table[i].commands & (unsigned)command) == 0)
            continue;
        struct buf name = {0};
        buf_append(&name, SLICE(ENV_PREFIX));
        for (const char *c = table[i].name; *c != '\0'; c++)
            buf_byte(&name, *c == '-' ? '_' : (char)toupper((unsigned char)*c));
        const char *value = getenv(buf_cstr(&name));
        if (value != NULL)
            err = set(config, &table[i], slice_str(value), buf_cstr(&name));
        buf_fini(&name);
    }
    return err;
}

/* One line of an INI file: nothing, a comment, a [section] (for the eye only), or name = value. */
static enum err read_line(struct slice line, const char *where, enum command command,
                          struct config *config)
{
    struct slice name;
    struct slice value;
    line = slice_trim(line);
    if (line.len == 0 || line.ptr[0] == '#' || line.ptr[0] == ';' || line.ptr[0] == '[')
        return ERR_NONE;
    if (!slice_cut(line, '=', &name, &value)) {
        fprintf(stderr, "parley: %s: expected \"name = value\".\n", where);
        return ERR_INVALID;
    }
    name = slice_trim(name);
    const struct option *option = find(name, command);
    if (option != NULL)
        return set(config, option, slice_trim(value), where);
    for (size_t i = 0; i < TABLE_LEN; i++) {
        if (slice_eq(slice_str(table[i].name), name))
            return ERR_NONE; /* of another command: one file serves all */
    }
    fprintf(stderr, "parley: %s: there is no option \"%.*s\". See parley serve --help.\n", where,
            (int)name.len, name.ptr);
    return ERR_INVALID;
}

static enum err read_file(const char *path, enum command command, struct config *config)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "parley: cannot read the configuration file %s. Check --config.\n", path);
        return ERR_INVALID;
    }
    char line[LINE_MAX_BYTES];
    enum err err = ERR_NONE;
    for (unsigned number = 1; err == ERR_NONE && fgets(line, sizeof(line), file) != NULL;
         number++) {
        struct buf where = {0};
        buf_format(&where, "%s, line %u", path, number);
        const size_t len = strcspn(line, "\r\n");
        if (len == sizeof(line) - 1 || number > FILE_LINES_MAX) {
            fprintf(stderr, "parley: %s: the line or the file is too long.\n", buf_cstr(&where));
            err = ERR_INVALID;
        } else {
            err = read_line(slice_from(line, len), buf_cstr(&where), command, config);
        }
        buf_fini(&where);
    }
    (void)fclose(file);
    return err;
}

/* ---- flags ---- */

struct flags {
    enum command command;
    int argc;
    char **argv;
    const char **rest;
    int rest_max;
    int *rest_len;
};

/* The flag at *at, and its value, which may be the next argument. */
static enum err read_flag(const struct flags *flags, int *at, struct config *config,
                          bool only_config_file)
{
    struct slice name = slice_str(flags->argv[*at] + 2);
    struct slice value = SLICE("yes");
    const bool has_value = slice_cut(name, '=', &name, &value);
    const struct option *option = find(name, flags->command);
    if (option == NULL) {
        fprintf(stderr, "parley: there is no option --%.*s here. --help lists them.\n",
                (int)name.len, name.ptr);
        return ERR_INVALID;
    }
    if (!has_value && option->kind != KIND_SWITCH) {
        if (*at + 1 >= flags->argc) {
            fprintf(stderr, "parley: --%s needs a value: --%s %s\n", option->name, option->name,
                    option->value);
            return ERR_INVALID;
        }
        value = slice_str(flags->argv[++*at]);
    }
    if (only_config_file && option->offset != FIELD(config_file))
        return ERR_NONE;
    return set(config, option, value, "command line");
}

static enum err read_flags(const struct flags *flags, int first, struct config *config,
                           bool only_config_file)
{
    *flags->rest_len = 0;
    for (int at = first; at < flags->argc; at++) {
        if (strncmp(flags->argv[at], "--", 2) == 0 && flags->argv[at][2] != '\0') {
            const enum err err = read_flag(flags, &at, config, only_config_file);
            if (err != ERR_NONE)
                return err;
        } else if (*flags->rest_len == flags->rest_max) {
            fprintf(stderr, "parley: what is \"%s\" for? --help shows what goes here.\n",
                    flags->argv[at]);
            return ERR_INVALID;
        } else {
            flags->rest[(*flags->rest_len)++] = flags->argv[at];
        }
    }
    return ERR_NONE;
}

enum err options_read(enum command command, int argc, char **argv, int first, struct config *out,
                      const char **rest, int rest_max, int *rest_len)
{
    const struct flags flags = {command, argc, argv, rest, rest_max, rest_len};
    enum err err = read_defaults(out);
    /* The file's name comes first, from wherever; its contents count least. */
    if (err == ERR_NONE)
        err = read_environment(command, out);
    if (err == ERR_NONE)
        err = read_flags(&flags, first, out, true);
    if (err == ERR_NONE && out->config_file[0] != '\0')
        err = read_file(out->config_file, command, out);
    if (err == ERR_NONE)
        err = read_environment(command, out);
    if (err == ERR_NONE)
        err = read_flags(&flags, first, out, false);
    return err;
}

void options_help(enum command command)
{
    printf("\nOptions (also PARLEY_NAME in the environment, and \"name = value\" in a file):\n");
    for (size_t i = 0; i < TABLE_LEN; i++) {
        const struct option *option = &table[i];
        if ((option->commands & (unsigned)command) == 0)
            continue;
        printf("\n  --%s %s\n      %s\n", option->name, option->value == NULL ? "" : option->value,
               option->help);
        if (option->kind != KIND_SWITCH && option->fallback[0] != '\0')
            printf("      Default: %s\n", option->fallback);
    }
}
