/* parley admin users, roles, channels, invites, sessions: looking after a team from the command
 * line. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "chat/token.h"
#include "main/commands.h"
#include "main/data_dir.h"
#include "rpc/write.h"
#include "store/store.h"

#define PAGE 500u
#define US_PER_S 1000000

/* What one run of the command works with. */
struct work {
    const struct config *config;
    struct store *store;
    struct arena arena;
    struct buf out;
    struct json_writer w;
    const char *const *words;
    int count;
};

static bool is_json(const struct work *work)
{
    return work->config->json;
}

static void begin_list(struct work *work, struct slice name)
{
    if (!is_json(work))
        return;
    json_writer_init(&work->w, &work->out);
    json_object_begin(&work->w);
    json_name(&work->w, name);
    json_array_begin(&work->w);
}

static void end_list(struct work *work)
{
    if (!is_json(work))
        return;
    json_array_end(&work->w);
    json_object_end(&work->w);
    buf_byte(&work->out, '\n');
}

static int complain(enum err err, const char *advice)
{
    fprintf(stderr, "parley: %s (%s).\n", advice, err_name(err));
    return 1;
}

/* "2026-11-24 10:31" */
static void write_time(struct buf *out, int64_t us)
{
    const time_t seconds = (time_t)(us / US_PER_S);
    struct tm tm;
    char text[32];
    gmtime_r(&seconds, &tm);
    buf_append(out, slice_from(text, strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm)));
}

/* ---- people ---- */

static void write_user_line(struct work *work, const struct user *user)
{
    if (is_json(work)) {
        write_user(&work->w, user);
        return;
    }
    const struct slice role = user_role_name(user->role);
    buf_format(&work->out, "%6llu  %-32.*s  %-6.*s  %-11s  %.*s\n", (unsigned long long)user->id,
               (int)user->name.len, user->name.ptr, (int)role.len, role.ptr,
               user->active ? "active" : "deactivated", (int)user->display_name.len,
               user->display_name.ptr);
}

typedef enum err each_user_fn(struct work *work, const struct user *user);

static enum err each_user(struct work *work, each_user_fn *fn)
{
    uint64_t after = 0;
    struct store_users page = {.count = PAGE};
    enum err err = ERR_NONE;
    while (err == ERR_NONE && page.count == PAGE) {
        err = store_users_page(work->store, after, PAGE, &work->arena, &page);
        for (size_t i = 0; err == ERR_NONE && i < page.count; i++)
            err = fn(work, &page.items[i]);
        if (err == ERR_NONE && page.count > 0)
            after = page.items[page.count - 1].id;
    }
    return err;
}

static enum err show_user(struct work *work, const struct user *user)
{
    write_user_line(work, user);
    return ERR_NONE;
}

static enum err show_keeper(struct work *work, const struct user *user)
{
    if (user->role != USER_MEMBER)
        write_user_line(work, user);
    return ERR_NONE;
}

static enum err list_users(struct work *work, each_user_fn *fn)
{
    begin_list(work, SLICE("users"));
    if (!is_json(work))
        buf_format(&work->out, "%6s  %-32s  %-6s  %-11s  %s\n", "id", "name", "role", "",
                   "shown as");
    const enum err err = each_user(work, fn);
    end_list(work);
    return err;
}

static enum err find_user(struct work *work, const char *name, struct user *out)
{
    struct slice hash;
    return store_user_by_name(work->store, slice_str(name), &work->arena, out, &hash);
}

static int report_change(enum err err, const char *name)
{
    if (err == ERR_NOT_FOUND)
        fprintf(stderr, "parley: nobody is called \"%s\". parley admin users lists all.\n", name);
    else if (err == ERR_FORBIDDEN)
        fprintf(stderr, "parley: at least one active owner must remain.\n");
    else if (err != ERR_NONE)
        return complain(err, "the database refused it");
    return err == ERR_NONE ? 0 : 1;
}

static enum err end_sessions(struct work *work, uint64_t user)
{
    return store_sessions_delete(work->store, user, NULL);
}

static int set_active(struct work *work, const char *name, bool active)
{
    struct user user;
    const struct store_user_change change = {.active = &active};
    enum err err = find_user(work, name, &user);
    if (err == ERR_NONE)
        err = store_user_update(work->store, user.id, &change);
    if (err == ERR_NONE && !active)
        err = end_sessions(work, user.id);
    return report_change(err, name);
}

static int set_role(struct work *work, const char *name, const char *word)
{
    struct user user;
    enum user_role role;
    if (!user_role_parse(slice_str(word), &role)) {
        fprintf(stderr, "parley: a role is owner, admin or member, not \"%s\".\n", word);
        return 2;
    }
    const struct store_user_change change = {.role = &role};
    enum err err = find_user(work, name, &user);
    if (err == ERR_NONE)
        err = store_user_update(work->store, user.id, &change);
    return report_change(err, name);
}

static int run_users(struct work *work)
{
    if (work->count == 1)
        return report_change(list_users(work, show_user), "");
    if (work->count == 3 && strcmp(work->words[1], "deactivate") == 0)
        return set_active(work, work->words[2], false);
    if (work->count == 3 && strcmp(work->words[1], "reactivate") == 0)
        return set_active(work, work->words[2], true);
    return -1;
}

static int run_roles(struct work *work)
{
    if (work->count == 1)
        return report_change(list_users(work, show_keeper), "");
    if (work->count == 4 && strcmp(work->words[1], "set") == 0)
        return set_role(work, work->words[2], work->words[3]);
    return -1;
}

/* ---- sessions ---- */

static enum err show_sessions(struct work *work, const struct user *user)
{
    struct store_sessions sessions;
    const enum err err =
        store_sessions_of(work->store, user->id, clock_wall_us(), &work->arena, &sessions);
    for (size_t i = 0; err == ERR_NONE && i < sessions.count; i++) {
        const struct store_session *session = &sessions.items[i];
        if (is_json(work)) {
            json_object_begin(&work->w);
            write_member_u64(&work->w, SLICE("user"), user->id);
            write_member_string(&work->w, SLICE("name"), user->name);
            write_member_i64(&work->w, SLICE("created_us"), session->created_us);
            write_member_i64(&work->w, SLICE("expires_us"), session->expires_us);
            json_object_end(&work->w);
            continue;
        }
        buf_format(&work->out, "%-32.*s  ", (int)user->name.len, user->name.ptr);
        write_time(&work->out, session->created_us);
        buf_append(&work->out, SLICE("  "));
        write_time(&work->out, session->expires_us);
        buf_byte(&work->out, '\n');
    }
    return err;
}

static int run_sessions(struct work *work)
{
    if (work->count == 1) {
        begin_list(work, SLICE("sessions"));
        if (!is_json(work))
            buf_format(&work->out, "%-32s  %-16s  %s\n", "name", "since (UTC)", "until");
        const enum err err = each_user(work, show_sessions);
        end_list(work);
        return report_change(err, "");
    }
    if (work->count != 3 || strcmp(work->words[1], "end") != 0)
        return -1;
    struct user user;
    enum err err = find_user(work, work->words[2], &user);
    if (err == ERR_NONE)
        err = end_sessions(work, user.id);
    return report_change(err, work->words[2]);
}

/* ---- channels ---- */

static void write_channel_line(struct work *work, const struct channel *channel)
{
    if (is_json(work)) {
        write_channel(&work->w, channel);
        return;
    }
    const struct slice kind = channel_kind_name(channel->kind);
    buf_format(&work->out, "%6llu  %-8.*s  %8llu  %8llu  %s%.*s\n", (unsigned long long)channel->id,
               (int)kind.len, kind.ptr, (unsigned long long)channel->members,
               (unsigned long long)channel->last_n, channel->archived ? "(archived) " : "",
               (int)channel->name.len, channel->name.ptr);
}

static int run_channels(struct work *work)
{
    if (work->count != 1)
        return -1;
    uint64_t after = 0;
    struct store_channels page = {.count = PAGE};
    enum err err = ERR_NONE;
    begin_list(work, SLICE("channels"));
    if (!is_json(work))
        buf_format(&work->out, "%6s  %-8s  %8s  %8s  %s\n", "id", "kind", "members", "messages",
                   "name");
    while (err == ERR_NONE && page.count == PAGE) {
        err = store_channels_all(work->store, after, PAGE, &work->arena, &page);
        for (size_t i = 0; err == ERR_NONE && i < page.count; i++)
            write_channel_line(work, &page.items[i]);
        if (err == ERR_NONE && page.count > 0)
            after = page.items[page.count - 1].id;
    }
    end_list(work);
    return report_change(err, "");
}

/* ---- invites ---- */

static void write_invite(struct work *work, const struct store_invite *invite, struct slice code)
{
    if (is_json(work)) {
        json_object_begin(&work->w);
        write_member_u64(&work->w, SLICE("id"), invite->id);
        if (code.len > 0)
            write_member_string(&work->w, SLICE("code"), code);
        write_member_u64(&work->w, SLICE("creator"), invite->creator);
        write_member_i64(&work->w, SLICE("created_us"), invite->created_us);
        write_member_i64(&work->w, SLICE("expires_us"), invite->expires_us);
        write_member_u64(&work->w, SLICE("max_uses"), invite->max_uses);
        write_member_u64(&work->w, SLICE("uses"), invite->uses);
        json_object_end(&work->w);
        return;
    }
    buf_format(&work->out, "%6llu  %llu of %llu used, until ", (unsigned long long)invite->id,
               (unsigned long long)invite->uses, (unsigned long long)invite->max_uses);
    write_time(&work->out, invite->expires_us);
    buf_format(&work->out, " UTC%s%.*s\n", code.len > 0 ? ", code " : "", (int)code.len, code.ptr);
}

static enum err list_invites(struct work *work)
{
    uint64_t after = 0;
    struct store_invites page = {.count = PAGE};
    enum err err = ERR_NONE;
    begin_list(work, SLICE("invites"));
    while (err == ERR_NONE && page.count == PAGE) {
        err = store_invites_page(work->store, clock_wall_us(), after, PAGE, &work->arena, &page);
        for (size_t i = 0; err == ERR_NONE && i < page.count; i++)
            write_invite(work, &page.items[i], SLICE_EMPTY);
        if (err == ERR_NONE && page.count > 0)
            after = page.items[page.count - 1].id;
    }
    end_list(work);
    return err;
}

static int create_invite(struct work *work, const char *name)
{
    struct user creator;
    char code[TOKEN_TEXT_LEN];
    uint8_t hash[TOKEN_HASH_BYTES];
    enum err err = find_user(work, name, &creator);
    if (err != ERR_NONE)
        return report_change(err, name);
    const int64_t now_us = clock_wall_us();
    struct store_invite invite = {
        .creator = creator.id,
        .created_us = now_us,
        .expires_us = now_us + (int64_t)work->config->days * 24 * 3600 * US_PER_S,
        .max_uses = work->config->uses,
    };
    token_create(code);
    if (!token_hash(slice_from(code, TOKEN_TEXT_LEN), hash))
        return 1;
    err = store_invite_create(work->store, hash, &invite, &invite.id);
    if (err != ERR_NONE)
        return report_change(err, name);
    begin_list(work, SLICE("invites"));
    write_invite(work, &invite, slice_from(code, TOKEN_TEXT_LEN));
    end_list(work);
    return 0;
}

static int run_invites(struct work *work)
{
    if (work->count == 1)
        return report_change(list_invites(work), "");
    if (work->count == 3 && strcmp(work->words[1], "create") == 0)
        return create_invite(work, work->words[2]);
    uint64_t id;
    if (work->count != 3 || strcmp(work->words[1], "revoke") != 0 ||
        !slice_to_u64(slice_str(work->words[2]), &id))
        return -1;
    const enum err err = store_invite_delete(work->store, id);
    if (err == ERR_NOT_FOUND)
        fprintf(stderr, "parley: there is no such invite. parley admin invites lists them.\n");
    return err == ERR_NOT_FOUND ? 1 : report_change(err, "");
}

/* ---- the command ---- */

static enum err open_store(const struct config *config, struct data_dir *dir, struct store **out)
{
    struct buf url = {0};
    enum err err = ERR_NOT_FOUND;
    if (config->directory[0] != '\0')
        buf_format(&url, "pg:%s", config->directory);
    else if (data_dir_open(dir, config->data, false))
        data_dir_store_url(dir, &url);
    if (url.len > 0)
        err = store_open(buf_cstr(&url), out);
    /* Of a fleet that runs: count in what is not stored yet. */
    if (err == ERR_NONE && config->directory[0] != '\0' && config->redis[0] != '\0')
        err = store_follow(*out, config->redis);
    buf_fini(&url);
    return err;
}

bool command_admin_is_team(const char *word)
{
    static const char *const words[] = {"users", "roles", "channels", "invites", "sessions"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

static int run(struct work *work)
{
    static const struct {
        const char *word;
        int (*run)(struct work *work);
    } parts[] = {{"users", run_users},
                 {"roles", run_roles},
                 {"channels", run_channels},
                 {"invites", run_invites},
                 {"sessions", run_sessions}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strcmp(work->words[0], parts[i].word) == 0)
            return parts[i].run(work);
    }
    return -1;
}

int command_admin_team(const struct config *config, const char *const *words, int count)
{
    struct data_dir dir = {config->data, -1};
    struct work work = {.config = config, .words = words, .count = count};
    const enum err err = open_store(config, &dir, &work.store);
    int status = 1;
    if (err != ERR_NONE)
        (void)complain(err, "the data cannot be opened; check --data or --directory");
    else
        status = run(&work);
    if (status < 0) {
        fprintf(stderr, "parley: parley admin --help shows what goes here.\n");
        status = 2;
    } else if (status == 0 && work.out.len > 0) {
        (void)fwrite(work.out.ptr, 1, work.out.len, stdout);
    }
    buf_fini(&work.out);
    arena_fini(&work.arena);
    store_close(work.store);
    data_dir_close(&dir);
    return status;
}
