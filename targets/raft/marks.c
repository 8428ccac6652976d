/* Where the search returns to. Each mark names the state of the cluster in one respect, as a tester
 * would who asks what could go wrong next; numbers are put in two or three classes, so that there
 * are some hundred states in all, and none of them says who the servers are. Nothing here knows a
 * planted mistake: these are the neighbourhoods that the paper's proofs walk through. */
#include "clients.h"
#include "observer.h"

#include <string.h>

/* What one look at all servers finds; counts are of servers. */
struct view {
    uint32_t up, leaders, candidates, syncing;
    const struct server *newest; /* the leader of the latest term, or NULL */
    uint32_t holders_down;       /* of the last committed entry; these are of voters */
    uint32_t lacking, lacking_up;
    uint32_t voter_sets; /* different ones */
    uint32_t changes;    /* of voters, not committed, and different */
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
    if (s->role == LEADER && (v->newest == NULL || s->term > v->newest->term)) v->newest = s;
}

static struct view look(void) {
    struct view v = {0};
    uint32_t sets[SERVERS_MAX], changes[SERVERS_MAX], count = 0, change_count = 0;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        bool is_up = server_is_up(i);
        if (is_up) see_up(&v, s);
        if (s->voters_index > s->commit && s->voters_index > observer_commit())
            changes[change_count++] = log_term(&s->log, s->voters_index) << 8 | s->voters;
        if (!is_in(s->voters, i)) continue;
        bool has = holds(s, observer_commit(), observer_commit_term());
        v.holders_down += has && !is_up;
        v.lacking += !has;
        v.lacking_up += !has && is_up;
        sets[count++] = s->voters;
    }
    v.voter_sets = different(sets, count);
    v.changes = different(changes, change_count);
    return v;
}

/* What it has committed is what it leads: an entry of its own term is among it. */
static bool has_begun(const struct server *leader) {
    return leader != NULL && log_term(&leader->log, leader->commit) == leader->term;
}

/* No majority has answered of late. */
static bool is_lonely(const struct server *leader) {
    return leader != NULL && leader->lonely_beats > 1;
}

/* ---- elections ------------------------------------------------------------------------------- */

static void mark_elections(const struct view *v) {
    FV_SOMETIMES_EACH(
        "an election",
        FV_KEYS({"leaders", at_most(v->leaders, 2)}, {"the newest has begun", has_begun(v->newest)},
                {"and hears no majority", is_lonely(v->newest)}, {"candidates", v->candidates > 0},
                {"down", settings.server_count > v->up}),
        FV_QUALITY());
}

/* ---- logs ------------------------------------------------------------------------------------ */

/* Whose logs stand for the last committed entry, should there be an election now. */
static void mark_commit(const struct view *v) {
    FV_SOMETIMES_EACH("the last committed entry",
                      FV_KEYS({"lacking", v->lacking > 0}, {"lacking and up", v->lacking_up > 0},
                              {"holders down", v->holders_down > 0}, {"syncing", v->syncing > 0},
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
    FV_SOMETIMES_EACH(
        "a leader's tail",
        FV_KEYS(
            {"of an earlier term", term < leader->term}, {"on more than one", bits_of(holders) > 1},
            {"on a majority", is_majority(leader->voters, holders)},
            {"more than an append holds", log_last(&leader->log) - leader->commit > settings.batch},
            {"rivals", rivals > 0}, {"led before", observer_has_led(leader->id, leader->term)}),
        FV_QUALITY());
}

/* A message may have been overtaken by later ones, or come twice. */
void observer_append_came(const struct server *s, const struct message *m) {
    uint32_t last = m->index + m->count;
    bool is_into_snapshot = m->count > 0 && m->index < s->log.base;
    if (last >= log_last(&s->log) && !is_into_snapshot) return;
    FV_SOMETIMES_EACH("an append that was overtaken",
                      FV_KEYS({"is a heartbeat", m->count == 0},
                              {"begins in the snapshot", is_into_snapshot},
                              {"ends before the log", last < log_last(&s->log)},
                              {"not committed", log_last(&s->log) > s->commit}),
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
                      FV_KEYS({"taken", base > 0}, {"behind", behind > 0}, {"beyond", beyond > 0},
                              {"with nothing behind", empty > 0},
                              {"down", settings.server_count > v->up}),
                      FV_QUALITY());
}

void observer_snapshot_came(const struct server *s, const struct snapshot *snapshot) {
    uint32_t last = log_last(&s->log);
    FV_SOMETIMES_EACH("a snapshot comes",
                      FV_KEYS({"new", snapshot->index > s->commit},
                              {"in the log", last >= snapshot->index},
                              {"ends before the log", last > snapshot->index},
                              {"not committed", last > s->commit}),
                      FV_QUALITY());
}

/* ---- membership, handover -------------------------------------------------------------------- */

static void mark_membership(const struct view *v) {
    if (v->voter_sets < 2 && v->changes == 0) return;
    const struct server *leader = v->newest;
    FV_SOMETIMES_EACH("voters change",
                      FV_KEYS({"sets", at_most(v->voter_sets, 2)},
                              {"under way", at_most(v->changes, 2)},
                              {"are even", leader && bits_of(leader->voters) % 2 == 0},
                              {"the newest has begun", has_begun(leader)},
                              {"and hears no majority", is_lonely(leader)}),
                      FV_QUALITY());
}

/* An heir may be late: by the time that it campaigns the leader may have gone on. */
static void mark_handover(const struct view *v) {
    uint8_t id = v->newest ? observer_heir(v->newest->term) : NOBODY;
    if (id == NOBODY) return;
    const struct server *heir = &servers[id];
    FV_SOMETIMES_EACH("leadership is handed over",
                      FV_KEYS({"the leader waits", v->newest->handover == id},
                              {"the heir campaigns", heir->term > v->newest->term},
                              {"syncing", heir->storage.is_syncing},
                              {"behind", log_last(&heir->log) < log_last(&v->newest->log)},
                              {"and what is committed", log_last(&heir->log) < observer_commit()}),
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
        stale |= (s->commit < observer_commit()) + (s->commit < observer_command());
        asking += clients_asking(i);
    }
    FV_SOMETIMES_EACH("what clients wait for",
                      FV_KEYS({"deposed leaders", deposed > 0},
                              {"that lack what is committed", at_most(stale, 2)},
                              {"that clients ask", asking > 0},
                              {"applied and not answered", clients_unanswered() > 0},
                              {"the leader began with a snapshot", v->newest->began > 0}),
                      FV_QUALITY());
}

/* Sent again by its client, or doubled on its way. */
void observer_command_came(const struct server *s, const struct request *q) {
    uint32_t index = log_last(&s->log);
    while (index > s->applied && (log_at(&s->log, index)->client != q->client ||
                                  log_at(&s->log, index)->sequence != q->sequence))
        index--;
    bool is_in_log = index > s->applied;
    if (!is_in_log && observer_applied_of(q->client) < q->sequence) return;
    FV_SOMETIMES_EACH(
        "a command comes again",
        FV_KEYS({"is in the log", is_in_log},
                {"of an earlier term", is_in_log && log_term(&s->log, index) < s->term},
                {"has taken effect", observer_applied_of(q->client) >= q->sequence},
                {"to a server that began with a snapshot", s->began > 0}),
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
