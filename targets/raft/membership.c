/* Who votes: the latest configuration in the log counts, committed or not, and each differs from
 * the one before by one server (chapter 4). */
#include "observer.h"

static uint32_t voters_entry(const struct server *s, uint32_t index) {
    while (index > s->log.base && log_at(&s->log, index)->kind != ENTRY_VOTERS) index--;
    return index;
}

uint32_t membership_at(const struct server *s, uint32_t index) {
    index = voters_entry(s, index);
    return index > s->log.base ? log_at(&s->log, index)->voters : s->snapshot.voters;
}

void membership_update(struct server *s) {
    s->voters_index = voters_entry(s, log_last(&s->log));
    s->voters = membership_at(s, s->voters_index);
}

/* Majorities of two configurations overlap when one follows the other. A leader that has committed
 * nothing in its term may have one that another leader's, which it does not know, does not follow
 * (Ongaro, "bug in single-server membership changes", raft-dev, 2015). */
static bool may_change(const struct server *s) {
    if (s->voters_index > s->commit) return false;
#ifdef FV_MEMBERSHIP_WITHOUT_NO_OP
    return true;
#else
    return log_term(&s->log, s->commit) == s->term;
#endif
}

void membership_change(struct server *s, uint32_t voters) {
    if (s->role != LEADER || s->handover != NOBODY || log_is_full(&s->log)) return;
    if (voters == 0 || bits_of(voters ^ s->voters) != 1 || !may_change(s)) return;
    fv_log("server %u changes the voters from %02x to %02x", s->id, s->voters, voters);
    struct entry entry = {.term = s->term, .kind = ENTRY_VOTERS, .voters = (uint8_t)voters};
    replication_propose(s, &entry);
}

/* A leader that has removed itself goes when that is committed. */
void membership_committed(struct server *s) {
    if (s->role != LEADER || s->voters_index > s->commit || is_in(s->voters, s->id)) return;
    FV_REACHABLE("a leader has removed itself");
    election_follow(s, s->term, NOBODY);
}
