#ifndef EDGE_PROFILE_H
#define EDGE_PROFILE_H

/*
 * Profile: telling a person's sockets that the own account has changed. Private to src/edge.
 *
 * Like a membership (standing.h), a notice is only a reason to ask the store: of two changes the
 * later one is what is told last.
 */

struct edge;
struct edge_user;

/* Ask how the account is, and tell the user's live sessions. */
void profile_check(struct edge *edge, struct edge_user *user);

/* The user has no session here any more. */
void profile_forget(struct edge_user *user);

#endif
