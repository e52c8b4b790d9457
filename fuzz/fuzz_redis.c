/* The parser of Redis addresses: what it takes has text of bounded length in every part. */

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "redis/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_host(const struct redis_host *host)
{
    assert(host->port != 0);
    assert(host->name[0] != '\0' && strlen(host->name) < REDIS_TEXT_MAX);
}

static void check(const struct redis_address *address)
{
    assert(strlen(address->password) < REDIS_TEXT_MAX);
    assert(strlen(address->sentinel_password) < REDIS_TEXT_MAX);
    assert(address->sentinels_len <= REDIS_SENTINELS_MAX);
    for (size_t i = 0; i < address->sentinels_len; i++)
        check_host(&address->sentinels[i]);
    if (address->sentinels_len == 0)
        check_host(&address->server);
    else
        assert(address->primary[0] != '\0' && strlen(address->primary) < REDIS_TEXT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct redis_servers servers;
    struct buf text = {0};
    buf_append(&text, slice_from(data, size));
    const bool taken = redis_servers_parse(buf_cstr(&text), &servers) == ERR_NONE;
    assert(taken == (redis_servers_problem(buf_cstr(&text)) == NULL));
    assert(servers.count <= REDIS_SERVERS_MAX);
    for (size_t i = 0; taken && i < servers.count; i++)
        check(&servers.items[i]);
    buf_fini(&text);
    return 0;
}
