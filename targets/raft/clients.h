/* Clients: each has one operation under way at a time, asks again until somebody leads, and keeps
 * record of what it saw. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "raft.h"

void clients_start(void);                /* makes their nodes */
uint32_t clients_unanswered(void);       /* that wait for a command which has taken effect */
uint32_t clients_asking(uint8_t server); /* bits: 1 some wait for it, 2 some will ask it next */
uint64_t clients_glance(void);           /* changes with whom they ask, and what for */
void clients_check(void);                /* the record must be linearizable */

#endif
