/* Where the search returns to. Each mark names the state of the cluster in one respect, as a tester
 * would who asks what could go wrong next; numbers are put in few classes, so that there are some
 * thousand states in all, and none of them says who the servers are. Nothing here knows a planted
 * mistake: these are the neighbourhoods that the paper's proofs walk through. */
#include "observer.h"

/* What one look at all servers finds; counts are of servers. */
struct view {
    uint32_t up, leaders, candidates, starts;
    uint32_t term_min, term_max;                /* of those that are up */
    const struct server *newest;                /* the leader of the latest term, or NULL */
    uint32_t holders_up, holders_down, lacking; /* of the last committed entry, of all voters */
    uint32_t last_terms;                        /* how many different ones the logs end in */
    uint32_t bases, voter_sets;                 /* different ones */
    uint32_t tail_max;                          /* entries behind what is committed */
    bool changes_voters;                        /* some log has voters that are not committed */
};

/* 0, 1, 2-3, 4 and more. */
static uint32_t few(uint32_t n) { return n < 2 ? n : n < 4 ? 2 : 3; }
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
    v->candidates += s->role == CANDIDATE || s->role == PRE_CANDIDATE;
    if (v->up == 1 || s->term < v->term_min) v->term_min = s->term;
    if (s->term > v->term_max) v->term_max = s->term;
    if (s->role == LEADER && (v->newest == NULL || s->term > v->newest->term)) v->newest = s;
    if (s->voters_index > s->commit) v->changes_voters = true;
}

static struct view look(void) {
    struct view v = {0};
    uint32_t last_terms[SERVERS_MAX], bases[SERVERS_MAX], sets[SERVERS_MAX], count = 0;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        bool is_up = server_is_up(i);
        v.starts += fv_node_starts(server_node(i));
        if (is_up) see_up(&v, s);
        if (!is_in(s->voters, i)) continue;
        bool has = holds(s, observer_commit(), observer_commit_term());
        v.holders_up += has && is_up;
        v.holders_down += has && !is_up;
        v.lacking += !has;
        if (log_last(&s->log) > observer_commit() + v.tail_max)
            v.tail_max = log_last(&s->log) - observer_commit();
        last_terms[count] = log_last_term(&s->log);
        bases[count] = s->log.base;
        sets[count++] = s->voters;
    }
    v.last_terms = different(last_terms, count);
    v.bases = different(bases, count);
    v.voter_sets = different(sets, count);
    return v;
}

/* ---- elections ------------------------------------------------------------------------------- */

/* Who may still vote, for whom, and who has forgotten what. */
static void mark_elections(const struct view *v) {
    uint32_t votes = 0, undecided = 0;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        if (!server_is_up(i) || s->term != v->term_max) continue;
        if (s->role == CANDIDATE) votes += bits_of(s->votes);
        undecided += s->vote == NOBODY;
    }
    FV_SOMETIMES_EACH("an election",
                      FV_KEYS({"leaders", at_most(v->leaders, 2)},
                              {"candidates", at_most(v->candidates, 3)},
                              {"votes", at_most(votes, 3)}, {"undecided", at_most(undecided, 2)},
                              {"terms apart", at_most(v->term_max - v->term_min, 3)},
                              {"restarts", at_most(v->starts - settings.server_count, 3)},
                              {"down", settings.server_count - v->up}),
                      FV_QUALITY());
}

/* ---- logs ------------------------------------------------------------------------------------ */

/* Whose logs stand for the last committed entry, should there be an election now. */
static void mark_commit(const struct view *v) {
    FV_SOMETIMES_EACH("the last committed entry",
                      FV_KEYS({"holders up", v->holders_up}, {"holders down", v->holders_down},
                              {"lacking", v->lacking}, {"leaders", at_most(v->leaders, 2)},
                              {"last terms", at_most(v->last_terms, 3)}, {"tail", few(v->tail_max)},
                              {"terms apart", at_most(v->term_max - v->term_min, 2)}),
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
    bool is_earlier = term < leader->term, is_on_majority = is_majority(leader->voters, holders);
    FV_SOMETIMES_EACH("a leader's tail",
                      FV_KEYS({"length", few(log_last(&leader->log) - leader->commit)},
                              {"of an earlier term", is_earlier}, {"holders", bits_of(holders)},
                              {"on a majority", is_on_majority}, {"rivals", at_most(rivals, 2)},
                              {"led before", observer_has_led(leader->id, leader->term)}),
                      FV_QUALITY());
    FV_SOMETIMES_ALL("an entry of an earlier term spreads beside a later one",
                     {"an old leader is back", observer_has_led(leader->id, leader->term)},
                     {"its tail is of an earlier term", is_earlier},
                     {"a rival's log ends in a later one", rivals > 0},
                     {"a majority has the tail", is_on_majority});
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static void mark_snapshots(const struct view *v) {
    uint32_t behind = 0, beyond = 0;
    if (v->newest == NULL) return;
    uint32_t base = v->newest->log.base;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        if (!is_in(v->newest->voters, i)) continue;
        uint32_t last = log_last(&servers[i].log);
        if (last < base && base - last > behind) behind = base - last;
        if (last > base && servers[i].log.base < base) beyond++;
    }
    FV_SOMETIMES_EACH("snapshots",
                      FV_KEYS({"taken", few(base / settings.snapshot_every)},
                              {"different", at_most(v->bases, 3)}, {"behind by", few(behind)},
                              {"beyond", at_most(beyond, 3)}, {"tail", few(v->tail_max)},
                              {"up", v->up},
                              {"restarts", at_most(v->starts - settings.server_count, 2)}),
                      FV_QUALITY());
}

/* ---- membership, handover -------------------------------------------------------------------- */

static void mark_membership(const struct view *v) {
    if (v->voter_sets < 2 && !v->changes_voters) return;
    const struct server *leader = v->newest;
    FV_SOMETIMES_EACH("voters change",
                      FV_KEYS({"sets", at_most(v->voter_sets, 3)}, {"under way", v->changes_voters},
                              {"leaders", at_most(v->leaders, 2)},
                              {"voters", leader ? bits_of(leader->voters) : 0},
                              {"leader has committed",
                               leader && log_term(&leader->log, leader->commit) == leader->term},
                              {"last terms", at_most(v->last_terms, 3)},
                              {"lacking", at_most(v->lacking, 2)}),
                      FV_QUALITY());
}

static void mark_handover(const struct view *v) {
    const struct server *leader = v->newest;
    if (leader == NULL || leader->handover == NOBODY) return;
    const struct server *to = &servers[leader->handover];
    uint32_t gap = log_last(&leader->log) - at_most(log_last(&to->log), log_last(&leader->log));
    FV_SOMETIMES_EACH("leadership is handed over",
                      FV_KEYS({"behind by", few(gap)}, {"is up", server_is_up(to->id)},
                              {"tail", few(log_last(&leader->log) - leader->commit)},
                              {"leaders", at_most(v->leaders, 2)},
                              {"lacking", at_most(v->lacking, 2)}),
                      FV_QUALITY());
}

/* ---- clients --------------------------------------------------------------------------------- */

/* Of one leader's log: commands that were sent again and are there twice, in it or before it. */
static uint32_t doubled(const struct server *s) {
    uint32_t n = 0;
    for (uint32_t i = s->log.base + 1; i <= log_last(&s->log); i++) {
        const struct entry *entry = log_at(&s->log, i);
        if (entry->kind != ENTRY_COMMAND) continue;
        const struct session *before = &s->snapshot.machine.sessions[entry->client];
        bool is_doubled = before->sequence >= entry->sequence;
        for (uint32_t j = s->log.base + 1; j < i && !is_doubled; j++) {
            const struct entry *other = log_at(&s->log, j);
            is_doubled = other->kind == ENTRY_COMMAND && other->client == entry->client &&
                         other->sequence == entry->sequence;
        }
        n += is_doubled;
    }
    return n;
}

static void mark_clients(const struct view *v) {
    uint32_t deposed_reads = 0, deposed = 0, stale = 0;
    if (v->newest == NULL) return;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        if (!server_is_up(i) || s->role != LEADER || s == v->newest) continue;
        deposed++;
        deposed_reads += s->read_count;
        if (s->commit < v->newest->commit) stale = v->newest->commit - s->commit;
    }
    FV_SOMETIMES_EACH("what clients wait for",
                      FV_KEYS({"deposed leaders", at_most(deposed, 2)},
                              {"their reads", at_most(deposed_reads, 2)}, {"behind by", few(stale)},
                              {"doubled commands", at_most(doubled(v->newest), 3)},
                              {"snapshots", at_most(v->bases, 2)},
                              {"lacking", at_most(v->lacking, 2)}),
                      FV_QUALITY());
}

/* ---- when to look ---------------------------------------------------------------------------- */

/* Of all that the marks are made from; most events change none of it. */
static uint64_t digest(void) {
    uint64_t sum = 0;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        uint64_t fields[] = {s->role,         s->term,  s->commit,      s->log.base,
                             s->log.count,    s->votes, s->read_count,  s->handover,
                             s->voters_index, s->life,  server_is_up(i)};
        for (uint32_t j = 0; j < sizeof(fields) / sizeof(fields[0]); j++)
            sum = (sum ^ fields[j]) * UINT64_C(0x9e3779b97f4a7c15), sum ^= sum >> 29;
    }
    return sum;
}

void observer_look(void) {
    static uint64_t last;
    uint64_t now = digest();
    if (now == last) return;
    last = now;
    struct view v = look();
    mark_elections(&v);
    mark_commit(&v);
    mark_tail(&v);
    mark_snapshots(&v);
    mark_membership(&v);
    mark_handover(&v);
    mark_clients(&v);
}
