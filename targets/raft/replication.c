/* How a leader's log gets to the others, and what is committed (chapters 3.5 and 3.6). */
#include "observer.h"

/* ---- leaders --------------------------------------------------------------------------------- */

void replication_send(struct server *s, uint8_t to) {
    if (s->next[to] <= s->log.base) {
        snapshot_send(s, to);
        return;
    }
    if (s->next[to] > log_last(&s->log) + 1) s->next[to] = log_last(&s->log) + 1;
    uint32_t previous = s->next[to] - 1, left = log_last(&s->log) - previous;
    struct message m = {.kind = MESSAGE_APPEND,
                        .term = s->term,
                        .index = previous,
                        .index_term = log_term(&s->log, previous),
                        .commit = s->commit,
                        .round = s->round};
    m.count = (uint8_t)(left < settings.batch ? left : settings.batch);
    for (uint32_t i = 0; i < m.count; i++) m.entries[i] = *log_at(&s->log, previous + 1 + i);
    s->next[to] += m.count; /* it will arrive; if not, the next one is refused */
    server_send(s, to, &m);
}

void replication_send_all(struct server *s) {
    for (uint8_t to = 0; to < settings.server_count; to++)
        if (to != s->id && is_in(s->voters, to)) replication_send(s, to);
}

/* A leader whom no majority answers for long leads no more: clients ask others (chapter 6.2). */
static bool is_alone(struct server *s) {
    bool is_heard = is_majority(s->voters, s->heard | 1U << s->id);
    s->lonely_beats = is_heard ? 0 : s->lonely_beats + 1;
    if (is_heard) s->heard = 0;
    return s->lonely_beats >= LONELY_BEATS_MAX;
}

static void beats_start(struct server *s);

static void beat(void *server) {
    struct server *s = server;
    s->is_beating = false;
    if (s->role == LEADER && is_alone(s)) election_follow(s, s->term, NOBODY);
    if (s->role != LEADER) return;
    if (s->handover != NOBODY && fv_local_now() >= s->handover_until_ns) s->handover = NOBODY;
    replication_send_all(s);
    beats_start(s);
}

static void beats_start(struct server *s) {
    s->is_beating = true;
    fv_timer_start(FV_MS(HEARTBEAT_MS), beat, s);
}

void replication_propose(struct server *s, const struct entry *entry) {
    log_append(&s->log, entry);
    observer_appended(s, log_last(&s->log));
    membership_update(s);
    storage_append(s, log_last(&s->log));
    storage_sync(s);
    replication_count(s);
    if (s->role == LEADER) replication_send_all(s);
}

void replication_lead(struct server *s) {
    struct entry nothing = {.term = s->term, .kind = ENTRY_NOTHING};
    fv_log("server %u leads in term %u, log to %u", s->id, s->term, log_last(&s->log));
    s->role = LEADER;
    s->leader = s->id;
    s->handover = NOBODY;
    s->read_count = 0;
    s->round = 0;
    s->heard = s->lonely_beats = 0;
    for (uint8_t to = 0; to < SERVERS_MAX; to++) {
        s->next[to] = log_last(&s->log) + 1;
        s->match[to] = 0;
        s->answered[to] = 0;
    }
    observer_leads(s);
    replication_propose(s, &nothing);
    workload_led(s);
    if (!s->is_beating) beats_start(s);
}

static uint32_t holders(const struct server *s, uint32_t index) {
    uint32_t set = 1U << s->id;
    for (uint8_t i = 0; i < settings.server_count; i++)
        if (s->match[i] >= index) set |= 1U << i;
    return set;
}

/* An entry of an earlier term is committed by one of this term behind it, never by its holders: a
 * server whose last entry is of a term between could still replace it (figure 8 of the paper). */
static bool may_count(const struct server *s, uint32_t index) {
#ifdef FV_EARLIER_TERM_COUNTED
    (void)s;
    return index > 0;
#else
    return log_term(&s->log, index) == s->term;
#endif
}

void replication_count(struct server *s) {
    uint32_t index = log_last(&s->log);
    while (index > s->commit && !is_majority(s->voters, holders(s, index))) index--;
    if (index > s->commit && may_count(s, index)) replication_commit(s, index);
}

static void go_back(struct server *s, uint8_t from, const struct message *m) {
    uint32_t next = m->index;
    if (m->index_term != 0) {
        uint32_t ours = log_last_up_to_term(&s->log, m->index_term);
        if (ours > s->log.base && log_term(&s->log, ours) == m->index_term) next = ours + 1;
    }
    if (next > log_last(&s->log) + 1) next = log_last(&s->log) + 1;
    if (next > s->match[from]) s->next[from] = next; /* else: from before it had that */
}

static void agree(struct server *s, uint8_t from, uint32_t index) {
    if (index > s->match[from]) s->match[from] = index;
    if (s->next[from] <= s->match[from]) s->next[from] = s->match[from] + 1;
    replication_count(s);
}

/* An answer that tells nothing new is not answered in turn: doubled messages would double for
 * ever. */
void replication_answered(struct server *s, uint8_t from, const struct message *m) {
    if (m->term > s->term) election_follow(s, m->term, NOBODY);
    if (s->role != LEADER || m->term < s->term) return;
    s->heard |= 1U << from;
    if (m->round > s->answered[from]) s->answered[from] = m->round;
    service_reads(s);
    uint32_t match = s->match[from], next = s->next[from];
    if (m->is_yes)
        agree(s, from, m->index);
    else
        go_back(s, from, m);
    if (s->role != LEADER) return;
    bool is_news = s->match[from] != match || s->next[from] != next;
    if (is_news && s->next[from] <= log_last(&s->log)) {
        replication_send(s, from);
    } else if (s->handover == from && s->match[from] == log_last(&s->log)) {
        struct message order = {.kind = MESSAGE_HANDOVER, .term = s->term};
        observer_ordered(s, from);
        server_send(s, from, &order);
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static void apply(struct server *s) {
    const struct entry *entry = log_at(&s->log, ++s->applied);
    int32_t result = machine_apply(&s->machine, entry);
    observer_applied(s, entry);
    if (s->role == LEADER) service_applied(s, entry, result);
}

void replication_commit(struct server *s, uint32_t commit) {
    if (commit <= s->commit) return;
    uint32_t old = s->commit;
    s->commit = commit;
    observer_committed(s, old);
    while (s->applied < s->commit) apply(s);
    membership_committed(s);
    if (s->role == LEADER) service_reads(s);
    if (s->applied - s->log.base >= settings.snapshot_every) snapshot_take(s);
}

/* ---- followers ------------------------------------------------------------------------------- */

static void say_appended(struct server *s, uint8_t to, const struct message *m, bool is_yes,
                         uint32_t index, uint32_t index_term) {
    struct message answer = {.kind = MESSAGE_APPEND_SAY,
                             .is_yes = is_yes,
                             .term = s->term,
                             .index = index,
                             .index_term = index_term,
                             .round = m->round};
    server_send(s, to, &answer);
}

/* Where the leader might go on from, when its log and this one differ before its entries. */
static void say_conflict(struct server *s, uint8_t to, const struct message *m) {
    if (m->index > log_last(&s->log))
        say_appended(s, to, m, false, log_last(&s->log) + 1, 0);
    else
        say_appended(s, to, m, false, log_first_of_term(&s->log, m->index),
                     log_term(&s->log, m->index));
}

/* Takes the entries behind `index`, where the logs agree. Only an entry that differs shows that
 * what follows is another leader's: messages overtake each other, and an older one holds less.
 * Whether anything is new, and so to be synced. */
static bool take_entries(struct server *s, uint32_t index, const struct entry *entries,
                         uint32_t count) {
    uint32_t taken = 0;
    while (taken < count && index + 1 + taken <= log_last(&s->log) &&
           log_term(&s->log, index + 1 + taken) == entries[taken].term)
        taken++;
#ifdef FV_STALE_APPEND_TRUNCATES
    log_truncate(&s->log, index + taken);
#else
    if (taken < count) log_truncate(&s->log, index + taken);
#endif
    uint32_t from = index + taken + 1;
    if (taken == count) return false;
    for (; taken < count; taken++) {
        log_append(&s->log, &entries[taken]);
        observer_appended(s, log_last(&s->log));
    }
    membership_update(s);
    storage_append(s, from);
    return true;
}

/* Of entries that begin behind `index`: how many the snapshot has already. Those are committed, so
 * they agree, whatever came with them. */
static uint32_t in_snapshot(const struct server *s, uint32_t index, uint32_t count) {
    uint32_t over = index < s->log.base ? s->log.base - index : 0;
#ifdef FV_SNAPSHOT_BOUNDARY
    /* The entry at the base is taken for the first behind it. */
    if (over > 0) over--;
#endif
    return over < count ? over : count;
}

void replication_appended(struct server *s, uint8_t from, const struct message *m) {
    if (m->term < s->term) {
        say_appended(s, from, m, false, 0, 0);
        return;
    }
    election_follow(s, m->term, from);
    election_heard(s);
    bool is_known = m->index < s->log.base ||
                    (m->index <= log_last(&s->log) && log_term(&s->log, m->index) == m->index_term);
    if (!is_known) {
        say_conflict(s, from, m);
        return;
    }
    if (log_is_full(&s->log)) return;
    observer_append_came(s, m);
    uint32_t skipped = in_snapshot(s, m->index, m->count), count = m->count - skipped;
    uint32_t index = m->index < s->log.base ? s->log.base : m->index;
    bool has_taken = take_entries(s, index, m->entries + skipped, count);
#ifdef FV_ACKNOWLEDGED_BEFORE_SYNC
    /* To spare the leader the wait: the sync follows, as it nearly always does. */
    say_appended(s, from, m, true, index + count, 0);
    if (has_taken) storage_sync(s);
#else
    if (has_taken) storage_sync(s);
    say_appended(s, from, m, true, index + count, 0);
#endif
    replication_commit(s, m->commit < index + count ? m->commit : index + count);
}
