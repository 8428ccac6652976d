/* Who sees all servers at once: holds what they do to the paper's invariants (figure 3), and tells
 * the search what state the cluster is in. No server can see what it knows. */
#ifndef OBSERVER_H
#define OBSERVER_H

#include "raft.h"

void observer_start(void);

/* ---- what servers tell ----------------------------------------------------------------------- */

void observer_leads(const struct server *s);
void observer_appended(const struct server *s, uint32_t index);
void observer_committed(const struct server *s, uint32_t old_commit);
void observer_applied(const struct server *s, const struct entry *entry);
void observer_installed(const struct server *s);
void observer_recovered(const struct server *s);

/* ---- what the marks ask ---------------------------------------------------------------------- */

uint32_t observer_commit(void); /* the last index that any server knows to be committed */
uint32_t observer_commit_term(void);
bool observer_has_led(uint8_t server, uint32_t before_term);

/* After every event: the marks (marks.c). */
void observer_look(void);

#endif
