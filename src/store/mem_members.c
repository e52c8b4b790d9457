/* Members of channels and their read markers in memory. */

#include <assert.h>

#include "base/mem.h"
#include "store/store_mem.h"

/* Where `user` is, or belongs, among the members. */
static size_t member_place(const struct mem_channel *channel, uint64_t user)
{
    size_t low = 0;
    size_t high = channel->members_len;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (channel->members[middle].user < user)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct mem_member *mem_find_member(const struct mem_channel *channel, uint64_t user)
{
    const size_t at = member_place(channel, user);
    const bool found = at < channel->members_len && channel->members[at].user == user;
    return found ? &channel->members[at] : NULL;
}

void mem_insert_member(struct mem_channel *channel, uint64_t user)
{
    assert(mem_find_member(channel, user) == NULL);
    if (channel->members_len == channel->members_cap) {
        channel->members_cap = channel->members_cap == 0 ? 8 : channel->members_cap * 2;
        channel->members =
            mem_realloc_array(channel->members, channel->members_cap, sizeof(*channel->members));
    }
    struct mem_member *at = channel->members + member_place(channel, user);
    const size_t behind = channel->members_len - (size_t)(at - channel->members);
    memmove(at + 1, at, behind * sizeof(*at));
    *at = (struct mem_member){user, mem_last_seq(channel), mem_last_n(channel)};
    channel->members_len++;
}

static void remove_member(struct mem_channel *channel, struct mem_member *member)
{
    const size_t behind = channel->members_len - (size_t)(member - channel->members) - 1;
    memmove(member, member + 1, behind * sizeof(*member));
    channel->members_len--;
}

enum err mem_member_add(struct store *store, uint64_t channel, uint64_t user, int64_t now_us)
{
    (void)now_us;
    struct mem_db *db = mem_enter(store);
    struct mem_channel *found = mem_find_channel(db, channel);
    if (found == NULL || mem_find_user(db, user) == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    if (mem_find_member(found, user) != NULL)
        return mem_leave(db, ERR_EXISTS);
    mem_insert_member(found, user);
    return mem_leave(db, ERR_NONE);
}

enum err mem_member_remove(struct store *store, uint64_t channel, uint64_t user)
{
    struct mem_db *db = mem_enter(store);
    struct mem_channel *found = mem_find_channel(db, channel);
    struct mem_member *member = found == NULL ? NULL : mem_find_member(found, user);
    if (member == NULL)
        return mem_leave(db, ERR_NOT_FOUND);
    remove_member(found, member);
    return mem_leave(db, ERR_NONE);
}

enum err mem_member_check(struct store *store, uint64_t channel, uint64_t user, bool *is_member)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_channel *found = mem_find_channel(db, channel);
    *is_member = found != NULL && mem_find_member(found, user) != NULL;
    return mem_leave(db, ERR_NONE);
}

enum err mem_send_check(struct store *store, uint64_t channel, uint64_t user)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_channel *found = mem_find_channel(db, channel);
    if (found == NULL || mem_find_member(found, user) == NULL)
        return mem_leave(db, ERR_NOT_MEMBER);
    return mem_leave(db, found->channel.archived ? ERR_FORBIDDEN : ERR_NONE);
}

enum err mem_members_page(struct store *store, uint64_t channel, uint64_t after, size_t limit,
                          struct arena *arena, struct store_users *out)
{
    struct mem_db *db = mem_enter(store);
    *out = (struct store_users){.items = arena_alloc(arena, limit * sizeof(*out->items))};
    const struct mem_channel *found = mem_find_channel(db, channel);
    if (found == NULL)
        return mem_leave(db, ERR_NONE);
    for (size_t at = member_place(found, after + 1); at < found->members_len && out->count < limit;
         at++) {
        const struct mem_user *user = mem_find_user(db, found->members[at].user);
        out->items[out->count++] = mem_copy_user(user, arena);
    }
    return mem_leave(db, ERR_NONE);
}

/* Up to the newest event that is not above `seq`, never back. */
static void move_marker(const struct mem_channel *channel, struct mem_member *member, uint64_t seq)
{
    const size_t place = mem_event_place(channel, seq + 1);
    if (place == 0 || channel->events[place - 1].seq <= member->read_seq)
        return;
    member->read_seq = channel->events[place - 1].seq;
    member->read_n = channel->events[place - 1].n;
}

enum err mem_mark_read_at(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                          uint64_t n)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_channel *found = mem_find_channel(db, channel);
    struct mem_member *member = found == NULL ? NULL : mem_find_member(found, user);
    if (member == NULL)
        return mem_leave(db, ERR_NOT_MEMBER);
    if (seq > member->read_seq) {
        member->read_seq = seq;
        member->read_n = n;
    }
    return mem_leave(db, ERR_NONE);
}

enum err mem_mark_read(struct store *store, uint64_t channel, uint64_t user, uint64_t seq,
                       struct arena *arena, struct channel *out)
{
    struct mem_db *db = mem_enter(store);
    const struct mem_channel *found = mem_find_channel(db, channel);
    struct mem_member *member = found == NULL ? NULL : mem_find_member(found, user);
    if (member == NULL)
        return mem_leave(db, ERR_NOT_MEMBER);
    move_marker(found, member, seq);
    *out = mem_copy_channel(found, user, arena);
    return mem_leave(db, ERR_NONE);
}
