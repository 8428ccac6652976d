/* What really happened, as only the world can know: it outlives nodes, and no protocol looks at it.
 * An end of a connection, and what it sends, goes by a number that is never used again. */
#ifndef LEDGER_H
#define LEDGER_H

#include "channel.h"

/* A number for a new end, greater than all before. A node has it from storage that outlives it. */
uint32_t ledger_begins(fv_node sender, fv_node receiver);
/* The node that runs takes nothing of that sender's any more. */
void ledger_ends(uint32_t id);

void ledger_opening_sent(uint32_t id);
void ledger_opening_arrived(uint32_t id);
void ledger_room(uint32_t id,
                 uint32_t limit); /* the receiver has told the sender to go up to there */
void ledger_sends(uint32_t id, uint32_t place);
void ledger_delivered(uint32_t id, const struct record *record);
void ledger_acknowledged(uint32_t id, uint32_t place, uint32_t selected);

/* ---- what marks ask -------------------------------------------------------------------------- */

/* Openings of older connections of the same client that may still arrive. */
uint32_t ledger_old_openings(uint32_t id);
/* Records that were delivered, and the sender should have heard of it by now. */
uint32_t ledger_overdue(uint32_t id);
uint32_t ledger_unheard(uint32_t id); /* or could not have heard of it yet */
uint32_t ledger_selected(uint32_t id);

#endif
