/* Clients: each has one operation under way at a time, asks again until somebody leads, and keeps
 * record of what it saw. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "raft.h"

void clients_start(void); /* makes their nodes */
void clients_check(void); /* the record must be linearizable */

#endif
