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
void observer_append_came(const struct server *s, const struct message *m);
void observer_snapshot_came(const struct server *s, const struct snapshot *snapshot);
void observer_command_came(const struct server *s, const struct request *q);
void observer_ordered(const struct server *s, uint8_t to); /* to campaign at once */

/* ---- what the marks ask ---------------------------------------------------------------------- */

uint32_t observer_commit(void); /* the last index that any server knows to be committed */
uint32_t observer_commit_term(void);
uint32_t observer_command(void); /* the last one that is a client's command */
bool observer_has_led(uint8_t server, uint32_t before_term);
uint8_t observer_heir(uint32_t term); /* whom that term's leader has told to campaign; NOBODY */
uint32_t observer_applied_of(uint8_t client); /* the number of its last command that took effect */

/* After every event, and before what takes long: the marks (marks.c). */
void observer_look(void);

#endif
