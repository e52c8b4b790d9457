/*
 * seed: fill a data folder for a benchmark - people with sessions, channels, members - straight
 * through the store, and print one token per line.
 *
 *   bench_seed STORE_URL USERS CHANNELS MEMBERS_PER_CHANNEL
 *
 * Channel c gets the users c * stride .. so that everybody is in about the same number of channels.
 */

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "chat/token.h"
#include "store/store.h"

static void check(enum err err, const char *what)
{
    if (err == ERR_NONE)
        return;
    fprintf(stderr, "seed: %s: %s\n", what, err_name(err));
    exit(1);
}

static uint64_t argument(const char *text)
{
    uint64_t value;
    if (!slice_to_u64(slice_str(text), &value)) {
        fprintf(stderr, "seed: \"%s\" is no number\n", text);
        exit(2);
    }
    return value;
}

static uint64_t add_user(struct store *store, uint64_t number)
{
    char token[TOKEN_TEXT_LEN];
    uint8_t hash[TOKEN_HASH_BYTES];
    struct buf name = {0};
    uint64_t id;
    buf_format(&name, "bench%" PRIu64, number);
    check(store_user_create(store, buf_slice(&name), buf_slice(&name), SLICE_EMPTY, clock_wall_us(),
                            &id),
          "user");
    token_create(token);
    if (!token_hash(slice_from(token, sizeof(token)), hash))
        exit(1);
    check(store_session_create(store, hash, id, SLICE_EMPTY, clock_wall_us(),
                               clock_wall_us() + 86400LL * 1000000),
          "session");
    printf("%.*s\n", (int)sizeof(token), token);
    buf_fini(&name);
    return id;
}

int main(int argc, char **argv)
{
    if (argc != 5 || sodium_init() < 0) {
        fprintf(stderr, "usage: bench_seed STORE_URL USERS CHANNELS MEMBERS_PER_CHANNEL\n");
        return 2;
    }
    const uint64_t users = argument(argv[2]);
    const uint64_t channels = argument(argv[3]);
    const uint64_t members = argument(argv[4]);
    struct store *store;
    check(store_open(argv[1], &store), "open");
    uint64_t *ids = mem_alloc((users + 1) * sizeof(*ids));

    check(store_group_begin(store), "begin");
    for (uint64_t i = 0; i < users; i++)
        ids[i] = add_user(store, i);
    for (uint64_t c = 0; c < channels; c++) {
        struct buf name = {0};
        uint64_t channel;
        buf_format(&name, "bench-%" PRIu64, c);
        check(store_channel_create(store, buf_slice(&name), SLICE_EMPTY, ids[0], clock_wall_us(),
                                   &channel),
              "channel");
        for (uint64_t m = 0; m < members; m++)
            check(store_member_add(store, channel, ids[(c * members + m) % users], clock_wall_us()),
                  "member");
        buf_fini(&name);
    }
    check(store_group_end(store), "end");
    store_close(store);
    mem_free(ids);
    return 0;
}
