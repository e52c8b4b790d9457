#ifndef PERSISTER_SETTLE_H
#define PERSISTER_SETTLE_H

/*
 * Settling: telling the sequencer which events are in the store, and taking from it those that
 * Kafka never got. Private to src/persister.
 *
 * The sequencer forgets nothing that is not settled. So when an event's `prev` is not the last
 * settled one, what lies between is still there, and is stored from there; and a channel that has
 * been quiet for some seconds and is not settled has events that nobody will deliver any more.
 */

#include <stddef.h>

#include "model/event.h"

struct redis_client;
struct settler;
struct store;

/* All are borrowed and outlive it. */
struct settler *settler_open(struct store *store, struct redis_client *redis, size_t servers);
void settler_close(struct settler *settler);

/* These events were stored just now. */
void settler_stored(struct settler *settler, const struct event *const *events, size_t count);

/* Once a second: look after quiet channels. */
void settler_heal(struct settler *settler);

#endif
