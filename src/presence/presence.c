/* Presence: choice of the driver, what this handle says, and that who goes lingers. */

#include "presence/presence.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "presence/presence_driver.h"

static const struct presence_driver *const drivers[] = {&presence_driver_proc,
                                                        &presence_driver_redis};

/* ---- telling ---- */

static void tell(struct turn_end *end)
{
    struct presence *presence = LIST_ITEM(end, struct presence, turn_end);
    presence->driver->tell(presence);
}

static struct said *said_get(struct presence *presence, uint64_t user, enum presence_state told)
{
    struct said *said = map_get(&presence->saying, user);
    if (said == NULL) {
        said = mem_zalloc(sizeof(*said));
        said->user = user;
        said->told = told;
        map_put(&presence->saying, user, said);
    }
    return said;
}

static void said_free(struct presence *presence, struct said *said)
{
    list_remove(&said->link);
    (void)map_remove(&presence->saying, said->user);
    mem_free(said);
}

static void put_untold(struct presence *presence, struct said *said)
{
    list_remove(&said->link);
    list_push(&presence->untold, &said->link);
    loop_at_turn_end(presence->loop, &presence->turn_end);
}

bool presence_next_untold(struct presence *presence, struct untold *out)
{
    if (list_empty(&presence->untold))
        return false;
    struct said *said = LIST_ITEM(presence->untold.next, struct said, link);
    *out = (struct untold){said->user, said->told, said->state};
    said_free(presence, said);
    return true;
}

void presence_on_lost(struct presence *presence, presence_lost_fn *fn, void *arg)
{
    presence->on_lost = fn;
    presence->on_lost_arg = arg;
}

void presence_lost(struct presence *presence)
{
    if (presence->on_lost != NULL)
        presence->on_lost(presence->on_lost_arg);
}

void presence_repeat(struct presence *presence, uint64_t user, enum presence_state state)
{
    struct said *said = said_get(presence, user, PRESENCE_GONE);
    said->told = PRESENCE_GONE;
    said->gone_ms = 0;
    said->state = state;
    put_untold(presence, said);
}

/* ---- lingering ---- */

static void on_linger(struct timer *timer);

static void arm(struct presence *presence)
{
    if (list_empty(&presence->lingering))
        return;
    const struct said *first = LIST_ITEM(presence->lingering.next, struct said, link);
    const uint64_t due_ms = first->gone_ms + PRESENCE_LINGER_MS;
    const uint64_t now_ms = loop_now_ms(presence->loop);
    timer_start(presence->loop, &presence->linger, due_ms > now_ms ? due_ms - now_ms : 0,
                on_linger);
}

static void on_linger(struct timer *timer)
{
    struct presence *presence = LIST_ITEM(timer, struct presence, linger);
    const uint64_t now_ms = loop_now_ms(presence->loop);
    while (!list_empty(&presence->lingering)) {
        struct said *said = LIST_ITEM(presence->lingering.next, struct said, link);
        if (said->gone_ms + PRESENCE_LINGER_MS > now_ms)
            break;
        said->gone_ms = 0;
        said->state = PRESENCE_GONE;
        put_untold(presence, said);
    }
    arm(presence);
}

static void linger(struct presence *presence, struct said *said)
{
    if (said->gone_ms != 0)
        return;
    const bool first = list_empty(&presence->lingering);
    said->gone_ms = loop_now_ms(presence->loop);
    list_remove(&said->link);
    list_push(&presence->lingering, &said->link);
    if (first)
        arm(presence);
}

void presence_set(struct presence *presence, uint64_t user, enum presence_state before,
                  enum presence_state state)
{
    struct said *said = said_get(presence, user, before);
    if (state == PRESENCE_GONE) {
        linger(presence, said);
        return;
    }
    said->gone_ms = 0;
    said->state = state;
    if (said->told != state)
        put_untold(presence, said);
    else
        said_free(presence, said);
}

/* ---- the rest ---- */

enum err presence_open(struct loop *loop, struct bus *bus, const char *url, struct presence **out)
{
    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        const size_t len = strlen(drivers[i]->scheme);
        if (strncmp(url, drivers[i]->scheme, len) != 0 || url[len] != ':')
            continue;
        struct presence *presence;
        const enum err err = drivers[i]->open(loop, bus, url + len + 1, &presence);
        if (err != ERR_NONE)
            return err;
        presence->driver = drivers[i];
        presence->loop = loop;
        presence->bus = bus;
        presence->turn_end.run = tell;
        list_init(&presence->untold);
        list_init(&presence->lingering);
        *out = presence;
        return ERR_NONE;
    }
    return ERR_INVALID;
}

void presence_close(struct presence *presence)
{
    if (presence == NULL)
        return;
    struct list *link;
    timer_stop(presence->loop, &presence->linger);
    list_remove(&presence->turn_end.link);
    while ((link = list_pop(&presence->lingering)) != NULL) {
        LIST_ITEM(link, struct said, link)->state = PRESENCE_GONE;
        list_push(&presence->untold, link);
    }
    presence->driver->tell(presence);
    struct untold left;
    while (presence_next_untold(presence, &left))
        ; /* a link is down: others notice by themselves */
    assert(presence->saying.len == 0);
    map_fini(&presence->saying);
    presence->driver->close(presence);
}

enum err presence_get(struct presence *presence, const uint64_t *users, size_t count,
                      presence_got_fn *fn, void *arg)
{
    assert(count > 0 && count <= PRESENCE_USERS_MAX);
    return presence->driver->get(presence, users, count, fn, arg);
}

bool presence_decode(uint64_t user, struct slice payload, struct presence_seen *out)
{
    struct slice state;
    struct slice at;
    if (!slice_cut(payload, ':', &state, &at) || state.len != 1 || state.ptr[0] < '0' ||
        state.ptr[0] > '2')
        return false;
    out->user = user;
    out->state = (enum presence_state)(state.ptr[0] - '0');
    return slice_to_u64(at, &out->at);
}

struct slice presence_name(enum presence_state state)
{
    switch (state) {
    case PRESENCE_ONLINE:
        return SLICE("online");
    case PRESENCE_AWAY:
        return SLICE("away");
    case PRESENCE_GONE:
        break;
    }
    return SLICE("offline");
}
