/* Where the search returns to. Each mark names the state of the cluster in one respect, as a tester
 * would who asks what could go wrong next; numbers are put in two or three classes, so that there
 * are some hundred states in all, and none of them says who the servers are. Nothing here knows a
 * planted mistake: these are the neighbourhoods that the paper's proofs walk through. */
#include "clients.h"
#include "observer.h"

#include <string.h>

/* What one look at all servers finds; counts are of servers. */
struct view {
    uint32_t up, leaders, candidates;
    uint32_t term_max, older;                   /* of those that are up; how many are behind it */
    const struct server *newest;                /* the leader of the latest term, or NULL */
    uint32_t holders, holders_down, lacking_up; /* of the last committed entry, of all voters */
    uint32_t syncing;                           /* their logs, at this moment */
    uint32_t last_terms;                        /* how many different ones the logs end in */
    uint32_t voter_sets;                        /* different ones */
    uint32_t changes;                           /* of voters, not committed, and different */
};

static uint32_t at_most(uint32_t n, uint32_t max) { return n < max ? n : max; }

static bool holds(const struct server *s, uint32_t index, uint32_t term) {
    return index <= s->log.base || (index <= log_last(&s->log) && log_term(&s->log, index) == term);
}

/* How many different numbers there are. */
static uint32_t different(const uint32_t *numbers, uint32_t count) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = 0;
        while (j < i && numbers[j] != numbers[i]) j++;
        n += j == i;
    }
    return n;
}

static void see_up(struct view *v, const struct server *s) {
    v->up++;
    v->leaders += s->role == LEADER;
    v->candidates += s->role == CANDIDATE;
    v->syncing += s->storage.is_syncing;
    if (s->term > v->term_max) v->term_max = s->term;
    if (s->role == LEADER && (v->newest == NULL || s->term > v->newest->term)) v->newest = s;
}

static struct view look(void) {
    struct view v = {0};
    uint32_t last_terms[SERVERS_MAX], sets[SERVERS_MAX], changes[SERVERS_MAX];
    uint32_t count = 0, change_count = 0;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        bool is_up = server_is_up(i);
        if (is_up) see_up(&v, s);
        if (s->voters_index > s->commit && s->voters_index > observer_commit())
            changes[change_count++] = log_term(&s->log, s->voters_index) << 8 | s->voters;
        if (!is_in(s->voters, i)) continue;
        bool has = holds(s, observer_commit(), observer_commit_term());
        v.holders += has;
        v.holders_down += has && !is_up;
        v.lacking_up += !has && is_up;
        last_terms[count] = log_last_term(&s->log);
        sets[count++] = s->voters;
    }
    for (uint8_t i = 0; i < settings.server_count; i++)
        v.older += server_is_up(i) && servers[i].term < v.term_max;
    v.last_terms = different(last_terms, count);
    v.voter_sets = different(sets, count);
    v.changes = different(changes, change_count);
    return v;
}

/* Its term has begun: from now on what it has committed says what it leads. */
static bool has_begun(const struct server *leader) {
    return log_term(&leader->log, leader->commit) == leader->term;
}

/* ---- elections ------------------------------------------------------------------------------- */

static void mark_elections(const struct view *v) {
    FV_SOMETIMES_EACH("an election",
                      FV_KEYS({"leaders", at_most(v->leaders, 2)},
                              {"the newest has begun", v->newest && has_begun(v->newest)},
                              {"and hears no majority", v->newest && v->newest->lonely_beats > 1},
                              {"candidates", at_most(v->candidates, 2)},
                              {"in older terms", at_most(v->older, 2)},
                              {"down", at_most(settings.server_count - v->up, 2)}),
                      FV_QUALITY());
}

/* ---- logs ------------------------------------------------------------------------------------ */

/* Whose logs stand for the last committed entry, should there be an election now. */
static void mark_commit(const struct view *v) {
    uint32_t lacking =
        v->newest ? bits_of(v->newest->voters) - at_most(v->holders, bits_of(v->newest->voters))
                  : 0;
    FV_SOMETIMES_EACH(
        "the last committed entry",
        FV_KEYS({"lacking", at_most(lacking, 2)}, {"lacking and up", at_most(v->lacking_up, 2)},
                {"holders down", at_most(v->holders_down, 2)}, {"syncing", at_most(v->syncing, 2)},
                {"leaders", at_most(v->leaders, 2)}),
        FV_QUALITY());
}

/* What the leader has yet to commit, and whose log could take its place. */
static void mark_tail(const struct view *v) {
    const struct server *leader = v->newest;
    if (leader == NULL || leader->commit >= log_last(&leader->log)) return;
    uint32_t index = leader->commit + 1, term = log_term(&leader->log, index);
    uint32_t holders = 0, rivals = 0;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        if (!is_in(leader->voters, i)) continue;
        bool has = holds(&servers[i], index, term);
        holders |= (uint32_t)has << i;
        rivals += !has && log_last_term(&servers[i].log) > term;
    }
    FV_SOMETIMES_EACH("a leader's tail",
                      FV_KEYS({"of an earlier term", term < leader->term},
                              {"on more than it", bits_of(holders) > 1},
                              {"on a majority", is_majority(leader->voters, holders)},
                              {"rivals", at_most(rivals, 2)},
                              {"led before", observer_has_led(leader->id, leader->term)},
                              {"last terms", at_most(v->last_terms, 3)}),
                      FV_QUALITY());
}

/* A message may have been overtaken by later ones, or come twice. */
void observer_append_came(const struct server *s, const struct message *m) {
    uint32_t last = m->index + m->count;
    bool is_into_snapshot = m->count > 0 && m->index < s->log.base;
    if (last >= log_last(&s->log) && !is_into_snapshot) return;
    FV_SOMETIMES_EACH(
        "an append that holds less than the log",
        FV_KEYS({"is a heartbeat", m->count == 0}, {"begins in the snapshot", is_into_snapshot},
                {"ends in the snapshot", last <= s->log.base},
                {"beyond it", at_most(log_last(&s->log) - at_most(last, log_last(&s->log)), 2)},
                {"not committed", at_most(log_last(&s->log) - s->commit, 2)}),
        FV_QUALITY());
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static void mark_snapshots(const struct view *v) {
    uint32_t behind = 0, beyond = 0, empty = 0;
    if (v->newest == NULL) return;
    uint32_t base = v->newest->log.base;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        if (!is_in(v->newest->voters, i)) continue;
        uint32_t last = log_last(&servers[i].log);
        behind += last < base;
        beyond += last > base && servers[i].log.base < base;
        empty += last == servers[i].log.base && last > 0;
    }
    FV_SOMETIMES_EACH("snapshots",
                      FV_KEYS({"taken", at_most(base / settings.snapshot_every, 2)},
                              {"behind", at_most(behind, 2)}, {"beyond", at_most(beyond, 2)},
                              {"with nothing behind", at_most(empty, 2)},
                              {"down", settings.server_count > v->up}),
                      FV_QUALITY());
}

void observer_snapshot_came(const struct server *s, const struct snapshot *snapshot) {
    uint32_t last = log_last(&s->log);
    FV_SOMETIMES_EACH("a snapshot comes",
                      FV_KEYS({"new", snapshot->index > s->commit},
                              {"in the log", last >= snapshot->index},
                              {"beyond it", at_most(last - at_most(last, snapshot->index), 2)},
                              {"not committed", at_most(last - s->commit, 2)}),
                      FV_QUALITY());
}

/* ---- membership, handover -------------------------------------------------------------------- */

static void mark_membership(const struct view *v) {
    if (v->voter_sets < 2 && v->changes == 0) return;
    const struct server *leader = v->newest;
    FV_SOMETIMES_EACH("voters change",
                      FV_KEYS({"sets", at_most(v->voter_sets, 3)},
                              {"under way", at_most(v->changes, 2)},
                              {"leaders", at_most(v->leaders, 2)},
                              {"are even", leader && bits_of(leader->voters) % 2 == 0},
                              {"the newest has begun", leader && has_begun(leader)},
                              {"lacking and up", at_most(v->lacking_up, 2)}),
                      FV_QUALITY());
}

static void mark_handover(const struct view *v) {
    uint32_t to = observer_order();
    if (v->newest == NULL || (v->newest->handover == NOBODY && to == NOBODY)) return;
    const struct server *heir = &servers[v->newest->handover != NOBODY ? v->newest->handover : to];
    uint32_t last = log_last(&v->newest->log);
    FV_SOMETIMES_EACH(
        "leadership is handed over",
        FV_KEYS({"ordered", to != NOBODY}, {"the leader waits", v->newest->handover != NOBODY},
                {"behind by", at_most(last - at_most(log_last(&heir->log), last), 2)},
                {"behind what is committed", log_last(&heir->log) < observer_commit()},
                {"syncing", heir->storage.is_syncing}, {"leaders", at_most(v->leaders, 2)}),
        FV_QUALITY());
}

/* ---- clients --------------------------------------------------------------------------------- */

static void mark_clients(const struct view *v) {
    uint32_t deposed = 0, stale = 0, asking = 0;
    if (v->newest == NULL) return;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        if (!server_is_up(i) || s->role != LEADER || s == v->newest) continue;
        deposed++;
        stale += s->commit < observer_commit();
        asking += clients_asking(i);
    }
    FV_SOMETIMES_EACH("what clients wait for",
                      FV_KEYS({"deposed leaders", at_most(deposed, 2)},
                              {"that lack what is committed", at_most(stale, 2)},
                              {"that clients ask", at_most(asking, 2)},
                              {"applied and not answered", at_most(clients_unanswered(), 2)},
                              {"the leader began with a snapshot", v->newest->began > 0}),
                      FV_QUALITY());
}

/* ---- when to look ---------------------------------------------------------------------------- */

/* All that the marks are made from; most events change none of it. */
struct glance {
    uint64_t words[5];
};

static struct glance glance_at(const struct server *s) {
    struct glance g = {
        {(uint64_t)s->term << 32 | s->commit, (uint64_t)s->log.base << 32 | s->log.count,
         (uint64_t)s->life << 32 | s->voters_index, (uint64_t)s->began << 32 | s->handover,
         (uint64_t)s->role << 2 | (uint64_t)s->storage.is_syncing << 1 | server_is_up(s->id)}};
    return g;
}

static bool has_changed(void) {
    static struct glance before[SERVERS_MAX];
    static uint64_t clients_before;
    bool has = clients_glance() != clients_before;
    clients_before = clients_glance();
    for (uint8_t i = 0; i < settings.server_count; i++) {
        struct glance now = glance_at(&servers[i]);
        if (memcmp(&now, &before[i], sizeof(now)) == 0) continue;
        before[i] = now;
        has = true;
    }
    return has;
}

void observer_look(void) {
    if (!has_changed()) return;
    struct view v = look();
    mark_elections(&v);
    mark_commit(&v);
    mark_tail(&v);
    mark_snapshots(&v);
    mark_membership(&v);
    mark_handover(&v);
    mark_clients(&v);
}
