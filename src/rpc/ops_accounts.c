/* The operations on accounts and people. */

#include "chat/accounts.h"
#include "rpc/args.h"
#include "rpc/rpc_op.h"
#include "rpc/write.h"
#include "store/store.h"

/* ---- signUp, logIn, logOut ---- */

struct credentials {
    struct slice name;
    struct slice password;
    struct slice display_name;
};

/* Longer ones are refused later with a sentence; this only keeps them from being copied about. */
#define CREDENTIAL_MAX 1024u

static enum err check_credentials(struct rpc_call *call)
{
    struct credentials *c = arena_zalloc(&call->arena, sizeof(*c));
    call->data = c;
    enum err err = args_string(call, SLICE("name"), CREDENTIAL_MAX, &c->name);
    if (err == ERR_NONE)
        err = args_string(call, SLICE("password"), CREDENTIAL_MAX, &c->password);
    if (err == ERR_NONE)
        err = args_string_or_empty(call, SLICE("display_name"), CREDENTIAL_MAX, &c->display_name);
    return err;
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
    const struct credentials *c = call->data;
    const char *problem = "";
    struct account_session session;
    const enum err err =
        account_sign_up(store, &call->chat->options->accounts, c->name, c->password,
                        c->display_name, &call->arena, &session, &problem);
    if (err != ERR_NONE)
        return rpc_refuse(call, err, slice_str(problem));
    write_session(call, &session);
    return ERR_NONE;
}

static enum err work_log_in(struct rpc_call *call, struct store *store)
{
    const struct credentials *c = call->data;
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
    {{"signUp", 6}, RPC_ANONYMOUS | RPC_PASSWORD, check_credentials, work_sign_up, NULL},
    {{"logIn", 5}, RPC_ANONYMOUS | RPC_PASSWORD, check_credentials, work_log_in, NULL},
    {{"logOut", 6}, RPC_TOKEN, NULL, work_log_out, finish_log_out},
    {{"getMe", 5}, RPC_READS, NULL, work_get_me, NULL},
    {{"getUsers", 8}, RPC_READS, check_get_users, work_get_users, NULL},
    {{"", 0}, 0, NULL, NULL, NULL},
};
