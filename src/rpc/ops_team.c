/* The operations of owners and admins: roles, who may log in, invites. */

#include "chat/team.h"
#include "rpc/args.h"
#include "rpc/rpc_op.h"
#include "rpc/write.h"

/* ---- setRole, deactivateUser, reactivateUser ---- */

struct member_call {
    uint64_t user;
    enum user_role role;
};

static enum err check_user(struct rpc_call *call)
{
    struct member_call *data = arena_zalloc(&call->arena, sizeof(*data));
    call->data = data;
    return args_id(call, SLICE("user"), &data->user);
}

static enum err check_role(struct rpc_call *call)
{
    struct slice role;
    enum err err = check_user(call);
    if (err == ERR_NONE)
        err = args_string(call, SLICE("role"), 16, &role);
    struct member_call *data = call->data;
    if (err == ERR_NONE && !user_role_parse(role, &data->role))
        err = args_refuse(call, ERR_INVALID, SLICE("role"),
                          "must be \"owner\", \"admin\" or \"member\".");
    return err;
}

static enum err reply_user(struct rpc_call *call, enum err err, const struct user *user,
                           const char *problem)
{
    if (err != ERR_NONE)
        return rpc_refuse(call, err, slice_str(problem));
    json_name(&call->out, SLICE("user"));
    write_user(&call->out, user);
    return ERR_NONE;
}

static enum err work_role(struct rpc_call *call, struct store *store)
{
    const struct member_call *data = call->data;
    const char *problem = "";
    struct user user;
    const enum err err =
        team_set_role(store, call->user, data->user, data->role, &call->arena, &user, &problem);
    return reply_user(call, err, &user, problem);
}

static enum err set_active(struct rpc_call *call, struct store *store, bool active)
{
    const struct member_call *data = call->data;
    const char *problem = "";
    struct user user;
    const enum err err =
        team_set_active(store, call->user, data->user, active, &call->arena, &user, &problem);
    return reply_user(call, err, &user, problem);
}

static enum err work_deactivate(struct rpc_call *call, struct store *store)
{
    return set_active(call, store, false);
}

static enum err work_reactivate(struct rpc_call *call, struct store *store)
{
    return set_active(call, store, true);
}

static void tell(struct rpc_call *call, enum notice_kind kind)
{
    const struct member_call *data = call->data;
    const struct notice notice = {.kind = kind};
    chat_notify(call->chat, data->user, &notice);
    rpc_complete(call);
}

static void finish_changed(struct rpc_call *call)
{
    tell(call, NOTICE_USER);
}

static void finish_deactivate(struct rpc_call *call)
{
    tell(call, NOTICE_REVOKED);
}

/* ---- invites ---- */

struct invite_call {
    uint64_t invite;
    uint64_t max_uses;
    uint64_t expires_s;
    uint64_t after;
    size_t limit;
};

#define INVITE_AGE_S (7u * 24u * 3600u)

static struct invite_call *new_data(struct rpc_call *call)
{
    call->data = arena_zalloc(&call->arena, sizeof(struct invite_call));
    return call->data;
}

static enum err check_create(struct rpc_call *call)
{
    struct invite_call *data = new_data(call);
    enum err err = args_u64(call, SLICE("max_uses"), 1, &data->max_uses);
    if (err == ERR_NONE)
        err = args_u64(call, SLICE("expires_s"), INVITE_AGE_S, &data->expires_s);
    if (err != ERR_NONE)
        return err;
    if (data->max_uses == 0 || data->max_uses > INVITE_USES_MAX)
        return args_refuse(call, ERR_INVALID, SLICE("max_uses"), "must be from 1 to 1,000.");
    if (data->expires_s == 0 || data->expires_s > INVITE_AGE_MAX_S)
        return args_refuse(call, ERR_INVALID, SLICE("expires_s"),
                           "must be from 1 to 31,536,000: a year.");
    return ERR_NONE;
}

static void write_invite(struct json_writer *w, const struct store_invite *invite,
                         struct slice code)
{
    json_object_begin(w);
    write_member_u64(w, SLICE("id"), invite->id);
    if (code.len > 0)
        write_member_string(w, SLICE("code"), code);
    write_member_u64(w, SLICE("creator"), invite->creator);
    write_member_i64(w, SLICE("created_us"), invite->created_us);
    write_member_i64(w, SLICE("expires_us"), invite->expires_us);
    write_member_u64(w, SLICE("max_uses"), invite->max_uses);
    write_member_u64(w, SLICE("uses"), invite->uses);
    json_object_end(w);
}

static enum err work_create(struct rpc_call *call, struct store *store)
{
    const struct invite_call *data = call->data;
    char code[TOKEN_TEXT_LEN];
    struct store_invite invite;
    const enum err err =
        team_create_invite(store, call->user, data->max_uses, data->expires_s, code, &invite);
    if (err != ERR_NONE)
        return err;
    json_name(&call->out, SLICE("invite"));
    write_invite(&call->out, &invite, slice_from(code, TOKEN_TEXT_LEN));
    return ERR_NONE;
}

static enum err check_revoke(struct rpc_call *call)
{
    return args_id(call, SLICE("invite"), &new_data(call)->invite);
}

static enum err work_revoke(struct rpc_call *call, struct store *store)
{
    const struct invite_call *data = call->data;
    return team_revoke_invite(store, call->user, data->invite);
}

static enum err check_list(struct rpc_call *call)
{
    struct invite_call *data = new_data(call);
    const enum err err = args_u64(call, SLICE("after"), 0, &data->after);
    return err != ERR_NONE ? err : args_limit(call, 100, 500, &data->limit);
}

static enum err work_list(struct rpc_call *call, struct store *store)
{
    const struct invite_call *data = call->data;
    struct store_invites page;
    const enum err err =
        team_list_invites(store, call->user, data->after, data->limit, &call->arena, &page);
    if (err != ERR_NONE)
        return err;
    json_name(&call->out, SLICE("invites"));
    json_array_begin(&call->out);
    for (size_t i = 0; i < page.count; i++)
        write_invite(&call->out, &page.items[i], SLICE_EMPTY);
    json_array_end(&call->out);
    if (page.count == data->limit)
        write_member_u64(&call->out, SLICE("next"), page.items[page.count - 1].id);
    return ERR_NONE;
}

const struct rpc_op rpc_team_ops[] = {
    {{"setRole", 7}, 0, check_role, work_role, finish_changed},
    {{"deactivateUser", 14}, 0, check_user, work_deactivate, finish_deactivate},
    {{"reactivateUser", 14}, 0, check_user, work_reactivate, finish_changed},
    {{"createInvite", 12}, 0, check_create, work_create, NULL},
    {{"revokeInvite", 12}, 0, check_revoke, work_revoke, NULL},
    {{"listInvites", 11}, RPC_READS, check_list, work_list, NULL},
    {{"", 0}, 0, NULL, NULL, NULL},
};
