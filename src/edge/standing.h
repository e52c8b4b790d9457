#ifndef EDGE_STANDING_H
#define EDGE_STANDING_H

/*
 * Standing: whether a person is a member of a channel right now. Private to src/edge.
 *
 * Notices of joins and leaves may overtake each other on their way from the loops and processes
 * where they happened. So each is only a reason to ask the store, and what it says after the last
 * of them is what the person's sockets are made to hear.
 */

#include <stdint.h>

struct edge;
struct edge_user;

/* Ask, and let the user's live sessions hear the channel or not; tell those for whom it is new. */
void standing_check(struct edge *edge, struct edge_user *user, uint64_t channel);

/* The user has no session here any more. */
void standing_forget(struct edge_user *user);

#endif
