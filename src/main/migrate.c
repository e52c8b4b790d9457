/* parley migrate: set the databases of a fleet up, or bring them up to date. */

#include <stdio.h>

#include "main/commands.h"
#include "store/fleet.h"

static int complain(enum err err, struct buf *problem)
{
    fprintf(stderr, "parley: %s.\n",
            problem->len > 0 ? buf_cstr(problem) : "the databases refused it");
    if (err == ERR_INVALID)
        fprintf(stderr, "parley: for example --shards a=postgres://db1/parley,"
                        "b=postgres://db2/parley\n");
    if (err == ERR_UNAVAILABLE)
        fprintf(stderr, "parley: when they are back, run it again: it goes on from there.\n");
    return 1;
}

static int migrate(const struct config *config, struct arena *arena, struct buf *problem)
{
    struct fleet_server servers[FLEET_SERVERS_MAX];
    size_t count = 0;
    if (!fleet_servers_parse(slice_str(config->shards), arena, servers, &count)) {
        fprintf(stderr, "parley: --shards is a list like a=postgres://db1/parley,"
                        "b=postgres://db2/parley; names have a-z, 0-9, _ and -.\n");
        return 2;
    }
    const enum err err = fleet_migrate(config->directory, servers, count, problem);
    return err == ERR_NONE ? 0 : complain(err, problem);
}

int command_migrate(const struct config *config)
{
    if (config->directory[0] == '\0') {
        fprintf(stderr, "parley: say where the directory database is: --directory "
                        "postgres://user:password@host/parley\n");
        return 2;
    }
    struct arena arena = {0};
    struct buf problem = {0};
    const int status = migrate(config, &arena, &problem);
    buf_fini(&problem);
    arena_fini(&arena);
    if (status == 0)
        printf("The databases are up to date.\n");
    return status;
}
