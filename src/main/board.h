#ifndef MAIN_BOARD_H
#define MAIN_BOARD_H

/*
 * Board: where each loop pins its numbers once a second, so that /metrics on any loop can tell
 * those of all.
 */

#include "base/buf.h"
#include "edge/edge.h"
#include "journal/journal.h"
#include "net/net.h"

struct board;

struct board *board_create(unsigned loops);
void board_destroy(struct board *board);

/* From the loop's own thread. */
void board_pin(struct board *board, unsigned loop, const struct edge_stats *edge,
               const struct net_stats *net);

/* Append all numbers in Prometheus' text format; `journal` may be NULL. From any thread. */
void board_write(struct board *board, struct journal *journal, struct buf *out);

#endif
