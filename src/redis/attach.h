#ifndef REDIS_ATTACH_H
#define REDIS_ATTACH_H

/* hiredis on a loop. Private to src/redis. */

struct loop;
struct redisAsyncContext;

/* The context is about to be freed, whatever the reason; all its replies have been called back. */
typedef void redis_gone_fn(void *arg);

/* Begin to connect; NULL when that is impossible. `arg` becomes its data. `gone` is called once,
 * and never from inside this call. */
struct redisAsyncContext *redis_attach(struct loop *loop, const char *host, unsigned port,
                                       redis_gone_fn *gone, void *arg);

#endif
