/* The operations on accounts and people. */

#include "chat/accounts.h"
#include "rpc/args.h"
#include "rpc/rpc_op.h"
#include "rpc/write.h"
#include "store/store.h"

/* ---- signUp, logIn, logOut ---- */

/* Longer ones are refused later with a sentence; this only keeps them from being copied about. */
#define CREDENTIAL_MAX 1024u

static enum err check_credentials(struct rpc_call *call)
{
    struct account_sign_up *c = arena_zalloc(&call->arena, sizeof(*c));
    call->data = c;
    enum err err = args_string(call, SLICE("name"), CREDENTIAL_MAX, &c->name);
    if (err == ERR_NONE)
        err = args_string(call, SLICE("password"), CREDENTIAL_MAX, &c->password);
    if (err == ERR_NONE)
        err = args_string_or_empty(call, SLICE("display_name"), CREDENTIAL_MAX, &c->display_name);
    if (err == ERR_NONE)
        err = args_string_or_empty(call, SLICE("invite"), CREDENTIAL_MAX, &c->invite);
    return err;
}

/* ---- limits of guessing ---- */

/*
 * A try is counted before the password is checked, so that many at the same time count as many; one
 * that was right is given back.
 */
static bool take(struct rpc_call *call, enum limit limit, struct slice key)
{
    return key.len == 0 || limits_take(call->chat->limits, limit, key, &call->retry_after_ms);
}

static void give_back(struct rpc_call *call, enum limit limit, struct slice key)
{
    if (key.len > 0)
        limits_give_back(call->chat->limits, limit, key);
}

static struct slice from_of(const struct rpc_call *call)
{
    return slice_from(call->from, call->from_len);
}

/* The name as the account has it; what cannot be one is nobody's. */
static struct slice name_of(struct rpc_call *call)
{
    const struct account_sign_up *c = call->data;
    char normal[USER_NAME_MAX];
    if (c->name.len > USER_NAME_MAX || !user_name_normalize(c->name, normal))
        return SLICE_EMPTY;
    return arena_copy(&call->arena, slice_from(normal, c->name.len));
}

static enum err refuse_rate(struct rpc_call *call)
{
    return rpc_refuse(call, ERR_RATE_LIMITED, SLICE("Too many tries. Wait a while."));
}

static enum err check_log_in(struct rpc_call *call)
{
    const enum err err = check_credentials(call);
    if (err != ERR_NONE)
        return err;
    if (!take(call, LIMIT_LOGINS_FROM, from_of(call)))
        return refuse_rate(call);
    if (take(call, LIMIT_LOGINS_NAME, name_of(call)))
        return ERR_NONE;
    give_back(call, LIMIT_LOGINS_FROM, from_of(call));
    return refuse_rate(call);
}

static void finish_log_in(struct rpc_call *call)
{
    give_back(call, LIMIT_LOGINS_FROM, from_of(call));
    give_back(call, LIMIT_LOGINS_NAME, name_of(call));
    rpc_complete(call);
}

static enum err check_sign_up(struct rpc_call *call)
{
    const enum err err = check_credentials(call);
    if (err != ERR_NONE)
        return err;
    return take(call, LIMIT_SIGN_UPS_FROM, from_of(call)) ? ERR_NONE : refuse_rate(call);
}

static void write_session(struct rpc_call *call, const struct account_session *session)
{
    call->new_token = arena_copy(&call->arena, slice_from(session->token, TOKEN_TEXT_LEN));
    json_name(&call->out, SLICE("user"));
    write_user(&call->out, &session->user);
    write_member_string(&call->out, SLICE("token"), call->new_token);
}

static enum err work_sign_up(struct rpc_call *call, struct store *store)
{
    const struct account_sign_up *c = call->data;
    const char *problem = "";
    struct account_session session;
    const enum err err =
        account_sign_up(store, &call->chat->options->accounts, c, &call->arena, &session, &problem);
    if (err != ERR_NONE)
        return rpc_refuse(call, err, slice_str(problem));
    write_session(call, &session);
    return ERR_NONE;
}

static enum err work_log_in(struct rpc_call *call, struct store *store)
{
    const struct account_sign_up *c = call->data;
    struct account_session session;
    const enum err err = account_log_in(store, &call->chat->options->accounts, c->name, c->password,
                                        &call->arena, &session);
    if (err == ERR_NONE)
        write_session(call, &session);
    return err;
}

static enum err work_log_out(struct rpc_call *call, struct store *store)
{
    return account_log_out(store, call->token_hash);
}

static void finish_log_out(struct rpc_call *call)
{
    const struct notice notice = {.kind = NOTICE_LOGGED_OUT,
                                  .session = token_session_key(call->token_hash)};
    chat_notify(call->chat, call->user, &notice);
    rpc_complete(call);
}

static void tell_revoked(struct rpc_call *call, uint64_t kept)
{
    const struct notice notice = {.kind = NOTICE_REVOKED, .session = kept};
    chat_notify(call->chat, call->user, &notice);
    rpc_complete(call);
}

static enum err work_log_out_everywhere(struct rpc_call *call, struct store *store)
{
    return account_log_out_everywhere(store, call->user);
}

static void finish_log_out_everywhere(struct rpc_call *call)
{
    tell_revoked(call, 0);
}

/* ---- changePassword ---- */

struct password_call {
    struct slice old;
    struct slice password;
};

/* Whose session it is only the store knows. */
static struct slice session_of(const struct rpc_call *call)
{
    return slice_from(call->token_hash, call->has_token ? TOKEN_HASH_BYTES : 0);
}

static enum err check_change_password(struct rpc_call *call)
{
    struct password_call *data = arena_zalloc(&call->arena, sizeof(*data));
    call->data = data;
    enum err err = args_string(call, SLICE("old"), CREDENTIAL_MAX, &data->old);
    if (err == ERR_NONE)
        err = args_string(call, SLICE("new"), CREDENTIAL_MAX, &data->password);
    if (err != ERR_NONE)
        return err;
    return take(call, LIMIT_PASSWORDS, session_of(call)) ? ERR_NONE : refuse_rate(call);
}

static enum err work_change_password(struct rpc_call *call, struct store *store)
{
    const struct password_call *data = call->data;
    const char *problem = "";
    const enum err err =
        account_change_password(store, &call->chat->options->accounts, call->user, call->token_hash,
                                data->old, data->password, &problem);
    return err == ERR_NONE ? err : rpc_refuse(call, err, slice_str(problem));
}

static void finish_change_password(struct rpc_call *call)
{
    give_back(call, LIMIT_PASSWORDS, session_of(call));
    tell_revoked(call, token_session_key(call->token_hash));
}

/* ---- updateProfile ---- */

struct profile_call {
    struct slice texts[3];
    struct account_profile profile;
};

static enum err check_profile(struct rpc_call *call)
{
    struct profile_call *data = arena_zalloc(&call->arena, sizeof(*data));
    const struct {
        struct slice name;
        const struct slice **field;
    } parts[] = {
        {{"display_name", 12}, &data->profile.display_name},
        {{"status_text", 11}, &data->profile.status_text},
        {{"status_emoji", 12}, &data->profile.status_emoji},
    };
    call->data = data;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const enum err err =
            args_string_or_empty(call, parts[i].name, CREDENTIAL_MAX, &data->texts[i]);
        if (err != ERR_NONE)
            return err;
        if (args_has(call, parts[i].name))
            *parts[i].field = &data->texts[i];
    }
    return ERR_NONE;
}

static enum err work_profile(struct rpc_call *call, struct store *store)
{
    const struct profile_call *data = call->data;
    const char *problem = "";
    struct user user;
    const enum err err =
        account_update_profile(store, call->user, &data->profile, &call->arena, &user, &problem);
    if (err != ERR_NONE)
        return rpc_refuse(call, err, slice_str(problem));
    json_name(&call->out, SLICE("user"));
    write_user(&call->out, &user);
    return ERR_NONE;
}

static void finish_profile(struct rpc_call *call)
{
    const struct notice notice = {.kind = NOTICE_USER};
    chat_notify(call->chat, call->user, &notice);
    rpc_complete(call);
}

/* ---- getMe, getUsers ---- */

static enum err work_get_me(struct rpc_call *call, struct store *store)
{
    struct user user;
    const enum err err = store_user_get(store, call->user, &call->arena, &user);
    if (err != ERR_NONE)
        return err;
    json_name(&call->out, SLICE("user"));
    write_user(&call->out, &user);
    return ERR_NONE;
}

#define USERS_MAX 500u

struct wanted_users {
    uint64_t *ids;
    size_t count;
    uint64_t after;
    size_t limit;
};

static enum err check_get_users(struct rpc_call *call)
{
    struct wanted_users *wanted = arena_zalloc(&call->arena, sizeof(*wanted));
    call->data = wanted;
    enum err err = args_ids(call, SLICE("ids"), USERS_MAX, &wanted->ids, &wanted->count);
    if (err == ERR_NONE)
        err = args_u64(call, SLICE("after"), 0, &wanted->after);
    if (err == ERR_NONE)
        err = args_limit(call, 100, USERS_MAX, &wanted->limit);
    return err;
}

static enum err work_get_users(struct rpc_call *call, struct store *store)
{
    const struct wanted_users *wanted = call->data;
    struct store_users users;
    const bool by_id = args_has(call, SLICE("ids"));
    const enum err err =
        by_id ? store_users_get(store, wanted->ids, wanted->count, &call->arena, &users)
              : store_users_page(store, wanted->after, wanted->limit, &call->arena, &users);
    if (err != ERR_NONE)
        return err;
    write_users(&call->out, SLICE("users"), &users);
    if (!by_id && users.count == wanted->limit)
        write_member_u64(&call->out, SLICE("next"), users.items[users.count - 1].id);
    return ERR_NONE;
}

const struct rpc_op rpc_account_ops[] = {
    {{"signUp", 6}, RPC_ANONYMOUS | RPC_PASSWORD, check_sign_up, work_sign_up, NULL},
    {{"logIn", 5}, RPC_ANONYMOUS | RPC_PASSWORD, check_log_in, work_log_in, finish_log_in},
    {{"logOut", 6}, RPC_TOKEN | RPC_ENDS, NULL, work_log_out, finish_log_out},
    {{"logOutEverywhere", 16},
     RPC_TOKEN | RPC_ENDS,
     NULL,
     work_log_out_everywhere,
     finish_log_out_everywhere},
    {{"changePassword", 14},
     RPC_TOKEN | RPC_PASSWORD,
     check_change_password,
     work_change_password,
     finish_change_password},
    {{"updateProfile", 13}, 0, check_profile, work_profile, finish_profile},
    {{"getMe", 5}, RPC_READS, NULL, work_get_me, NULL},
    {{"getUsers", 8}, RPC_READS, check_get_users, work_get_users, NULL},
    {{"", 0}, 0, NULL, NULL, NULL},
};
