#ifndef SUPPORT_STORE_SUITE_H
#define SUPPORT_STORE_SUITE_H

/* What tests of the blocking verbs share: a store in memory, an arena, and people in it. */

#include "unit_suite.h"

#include "base/mem.h"
#include "store/store.h"

#define NOW_US 1790000000000000

struct world {
    struct store *store;
    struct arena arena;
    uint64_t ada;
    uint64_t bob;
    uint64_t eve;
};

static inline uint64_t world_user(struct world *world, const char *name)
{
    uint64_t id = 0;
    assert_ok(store_user_create(world->store, slice_str(name), slice_str(name), SLICE_EMPTY, NOW_US,
                                &id));
    return id;
}

static inline int world_setup(void **state)
{
    struct world *world = mem_zalloc(sizeof(*world));
    assert_ok(store_open("mem:world", &world->store));
    world->ada = world_user(world, "ada");
    world->bob = world_user(world, "bob");
    world->eve = world_user(world, "eve");
    *state = world;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    arena_fini(&world->arena);
    store_close(world->store);
    mem_free(world);
    return 0;
}

#define world_test(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

#endif
