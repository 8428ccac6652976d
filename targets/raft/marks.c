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
    bool has_split;      /* two of them have majorities with no server in common */
    uint32_t changes;    /* of voters, not committed, and different */
    uint32_t tails;      /* terms that logs end in which go beyond what is committed */
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

static bool have_split(const uint32_t *sets, uint32_t count) {
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (bits_of(sets[i]) / 2 + bits_of(sets[j]) / 2 + 2 <= bits_of(sets[i] | sets[j]))
                return true;
    return false;
}

static struct view look(void) {
    struct view v = {0};
    uint32_t sets[SERVERS_MAX], changes[SERVERS_MAX], tails[SERVERS_MAX];
    uint32_t count = 0, change_count = 0, tail_count = 0;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        bool is_up = server_is_up(i);
        if (is_up) see_up(&v, s);
        if (s->voters_index > s->commit && s->voters_index > observer_commit())
            changes[change_count++] = log_term(&s->log, s->voters_index) << 8 | s->voters;
        if (log_last(&s->log) > observer_commit()) tails[tail_count++] = log_last_term(&s->log);
        if (!is_in(s->voters, i)) continue;
        bool has = holds(s, observer_commit(), observer_commit_term());
        v.holders_down += has && !is_up;
        v.lacking += !has;
        v.lacking_up += !has && is_up;
        sets[count++] = s->voters;
    }
    v.voter_sets = different(sets, count);
    v.has_split = v.voter_sets > 1 && have_split(sets, count);
    v.changes = different(changes, change_count);
    v.tails = different(tails, tail_count);
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

enum { KEYS_MAX = 8 };

/* What a mark saw last in this timeline: it is passed when a state begins, not as long as it lasts,
 * so that its passes say how rare it is. */
struct keys {
    uint8_t of[KEYS_MAX];
    bool is_there;
};

static bool begins(struct keys *last, const uint8_t *now, size_t count) {
    if (last->is_there && memcmp(last->of, now, count) == 0) return false;
    memcpy(last->of, now, count);
    return last->is_there = true;
}

/* ---- elections ------------------------------------------------------------------------------- */

static void mark_elections(const struct view *v) {
    static struct keys last;
    const uint8_t is[] = {(uint8_t)at_most(v->leaders, 2), has_begun(v->newest),
                          is_lonely(v->newest), v->candidates > 0, settings.server_count > v->up};
    if (!begins(&last, is, sizeof(is))) return;
    FV_SOMETIMES_EACH("an election",
                      FV_KEYS({"leaders", is[0]}, {"the newest has begun", is[1]},
                              {"and hears no majority", is[2]}, {"candidates", is[3]},
                              {"some are down", is[4]}),
                      FV_QUALITY());
}

/* A leader that does not know of a later one. */
static void mark_deposed(const struct view *v) {
    static struct keys last;
    uint32_t deposed = 0, asked = 0, lacks = 0;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        if (!server_is_up(i) || s->role != LEADER || s == v->newest) continue;
        deposed++;
        lacks += s->commit < observer_command();
        asked |= clients_asking(i);
    }
    const uint8_t is[] = {lacks > 0, asked & 1, asked > 1, has_begun(v->newest)};
    if (deposed == 0 || !begins(&last, is, sizeof(is))) return;
    FV_SOMETIMES_EACH("a deposed leader",
                      FV_KEYS({"lacks a command", is[0]}, {"is asked", is[1]},
                              {"will be asked", is[2]}, {"the next has begun", is[3]}),
                      FV_QUALITY());
}

/* ---- logs ------------------------------------------------------------------------------------ */

/* Whose logs stand for the last committed entry, should there be an election now. */
static void mark_commit(const struct view *v) {
    static struct keys last, last_danger;
    const uint8_t is[] = {v->lacking > 0, v->lacking_up > 0, v->holders_down > 0, v->leaders > 0};
    const uint8_t danger[] = {v->syncing > 0, v->leaders > 0};
    if (begins(&last, is, sizeof(is)))
        FV_SOMETIMES_EACH("the last committed entry",
                          FV_KEYS({"some lack it", is[0]}, {"and are up", is[1]},
                                  {"holders are down", is[2]}, {"is led", is[3]}),
                          FV_QUALITY());
    if (is[1] && is[2] && begins(&last_danger, danger, sizeof(danger)))
        FV_SOMETIMES_EACH("the last committed entry is in danger",
                          FV_KEYS({"some sync", danger[0]}, {"is led", danger[1]}), FV_QUALITY());
}

/* Logs that end in different terms, behind what is committed: one of them has to give way. */
static void mark_rivals(const struct view *v) {
    static struct keys last;
    const uint8_t is[] = {v->tails > 2, (uint8_t)at_most(v->leaders, 2), has_begun(v->newest),
                          is_lonely(v->newest), settings.batch == 1};
    if (v->tails < 2 || !begins(&last, is, sizeof(is))) return;
    FV_SOMETIMES_EACH("logs end in rival terms",
                      FV_KEYS({"three and more", is[0]}, {"leaders", is[1]},
                              {"the newest has begun", is[2]}, {"and hears no majority", is[3]},
                              {"an append holds one entry", is[4]}),
                      FV_QUALITY());
}

/* What the leader has yet to commit, or, as long as its term has not begun, what it has inherited;
 * and whose log could take its place. */
static void mark_tail(const struct view *v) {
    static struct keys last;
    const struct server *leader = v->newest;
    if (leader == NULL) return;
    const struct log *log = &leader->log;
    bool begun = has_begun(leader);
    uint32_t index = begun ? leader->commit + 1 : log_last_up_to_term(log, leader->term - 1);
    if (index <= log->base || index > log_last(log)) return;
    uint32_t term = log_term(log, index), holders = 0, rivals = 0, own = 0;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        if (!is_in(leader->voters, i)) continue;
        bool has = holds(&servers[i], index, term);
        holders |= (uint32_t)has << i;
        rivals += !has && log_last_term(&servers[i].log) > term;
        own += log_last_term(&servers[i].log) == leader->term;
    }
    const uint8_t is[] = {!begun,
                          rivals > 0,
                          bits_of(holders) > 1,
                          is_majority(leader->voters, holders),
                          is_lonely(leader),
                          log_last(log) - index + 1 > settings.batch,
                          own > 1};
    if (!begins(&last, is, sizeof(is))) return;
    FV_SOMETIMES_EACH("a leader's tail",
                      FV_KEYS({"is inherited", is[0]}, {"has rivals", is[1]},
                              {"is on others", is[2]}, {"on a majority", is[3]}),
                      FV_QUALITY());
    if (is[0] && is[1])
        FV_SOMETIMES_EACH("an inherited tail has rivals",
                          FV_KEYS({"is on a majority", is[3]}, {"and the leader's own", is[6]},
                                  {"hears no majority", is[4]}, {"more than an append", is[5]}),
                          FV_QUALITY());
}

/* A message may have been overtaken by later ones, or come twice. */
void observer_append_came(const struct server *s, const struct message *m) {
    uint32_t last = m->index + m->count;
    if (m->count == 0 || (last >= log_last(&s->log) && m->index >= s->log.base)) return;
    FV_SOMETIMES_EACH("an append was overtaken",
                      FV_KEYS({"begins in the snapshot", m->index < s->log.base},
                              {"ends before the log", last < log_last(&s->log)},
                              {"not committed", log_last(&s->log) > s->commit}),
                      FV_QUALITY());
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static void mark_snapshots(const struct view *v) {
    static struct keys last;
    uint32_t behind = 0, beyond = 0, empty = 0;
    if (v->newest == NULL) return;
    uint32_t base = v->newest->log.base;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        if (!is_in(v->newest->voters, i)) continue;
        uint32_t end = log_last(&servers[i].log);
        behind += end < base;
        beyond += end > base && servers[i].log.base < base;
        empty += end == servers[i].log.base && end > 0;
    }
    const uint8_t is[] = {base > 0, behind > 0, beyond > 0, empty > 0};
    if (!begins(&last, is, sizeof(is))) return;
    FV_SOMETIMES_EACH("snapshots",
                      FV_KEYS({"taken", is[0]}, {"some are behind", is[1]},
                              {"some go beyond", is[2]}, {"nothing is behind some", is[3]}),
                      FV_QUALITY());
}

/* One that is not needed, or only in part. */
void observer_snapshot_came(const struct server *s, const struct snapshot *snapshot) {
    uint32_t last = log_last(&s->log);
    if (last < snapshot->index) return;
    FV_SOMETIMES_EACH("a snapshot of what is there",
                      FV_KEYS({"not committed here", snapshot->index > s->commit},
                              {"the log goes on", last > snapshot->index},
                              {"not committed", last > s->commit}),
                      FV_QUALITY());
}

/* ---- membership, handover -------------------------------------------------------------------- */

/* Two leaders' voters may have no majority in common: then all rests on who knows what is
 * committed. */
static void mark_split(const struct view *v) {
    static struct keys last;
    const uint8_t is[] = {(uint8_t)at_most(v->changes, 2), (uint8_t)at_most(v->leaders, 2),
                          has_begun(v->newest), is_lonely(v->newest)};
    if (!v->has_split || !begins(&last, is, sizeof(is))) return;
    FV_SOMETIMES_EACH("voters without a common majority",
                      FV_KEYS({"changes under way", is[0]}, {"leaders", is[1]},
                              {"the newest has begun", is[2]}, {"and hears no majority", is[3]}),
                      FV_QUALITY());
}

/* Whether the leader has the server's latest voters in its log. */
static bool has_voters_of(const struct server *leader, const struct server *s) {
    return holds(leader, s->voters_index, log_term(&s->log, s->voters_index));
}

/* Of its voters, how many would elect it for its log; what is beyond a majority does not count. */
static uint32_t possible_votes(const struct server *s) {
    uint32_t votes = 0, term = log_last_term(&s->log);
    for (uint8_t i = 0; i < settings.server_count; i++) {
        uint32_t other = log_last_term(&servers[i].log);
        if (!is_in(s->voters, i)) continue;
        votes += other < term || (other == term && log_last(&servers[i].log) <= log_last(&s->log));
    }
    return at_most(votes, bits_of(s->voters) / 2 + 1);
}

/* A change of voters that is not committed, and that the leader of the latest term has not got: it
 * is lost, unless whoever has it is elected, by the voters that it names. */
static void mark_lost_change(const struct view *v) {
    static struct keys last;
    const struct server *leader = v->newest;
    uint32_t holders = 0, up = 0, votes = 0;
    if (leader == NULL) return;
    for (uint8_t i = 0; i < settings.server_count; i++) {
        const struct server *s = &servers[i];
        if (s->voters_index <= s->commit || has_voters_of(leader, s)) continue;
        holders++;
        up += server_is_up(i);
        if (possible_votes(s) > votes) votes = possible_votes(s);
    }
    const uint8_t is[] = {has_begun(leader),
                          leader->voters_index > leader->commit,
                          bits_of(leader->voters) % 2 == 0,
                          is_lonely(leader),
                          up > 0,
                          (uint8_t)votes};
    if (holders == 0 || !begins(&last, is, sizeof(is))) return;
    FV_SOMETIMES_EACH("a change of voters that the leader has not got",
                      FV_KEYS({"it has begun", is[0]}, {"has a change of its own", is[1]},
                              {"voters are even", is[2]}, {"hears no majority", is[3]},
                              {"who has it is up", is[4]}),
                      FV_QUALITY({"votes for who has it", votes}));
}

static void mark_membership(const struct view *v) {
    static struct keys last;
    const struct server *leader = v->newest;
    const uint8_t is[] = {v->voter_sets > 1, (uint8_t)at_most(v->changes, 2),
                          leader && bits_of(leader->voters) % 2 == 0, has_begun(leader),
                          is_lonely(leader)};
    if ((v->voter_sets < 2 && v->changes == 0) || !begins(&last, is, sizeof(is))) return;
    FV_SOMETIMES_EACH("voters change",
                      FV_KEYS({"sets differ", is[0]}, {"under way", is[1]},
                              {"the newest leader has begun", is[3]}),
                      FV_QUALITY());
    if (v->changes > 0 && leader && (!is[3] || is[4]))
        FV_SOMETIMES_EACH("voters change, and the leader does not know what is committed",
                          FV_KEYS({"under way", is[1]}, {"voters are even", is[2]},
                                  {"has begun", is[3]}, {"hears no majority", is[4]}),
                          FV_QUALITY());
}

/* An heir may be late: by the time that it campaigns the leader may have gone on. */
static void mark_handover(const struct view *v) {
    static struct keys last;
    uint8_t id = v->newest ? observer_heir(v->newest->term) : NOBODY;
    if (id == NOBODY) return;
    const struct server *heir = &servers[id];
    uint32_t end = log_last(&heir->log);
    const uint8_t is[] = {v->newest->handover == id, heir->term > v->newest->term,
                          heir->storage.is_syncing, end < log_last(&v->newest->log),
                          end < observer_commit()};
    if (!begins(&last, is, sizeof(is))) return;
    FV_SOMETIMES_EACH("leadership is handed over",
                      FV_KEYS({"the leader waits", is[0]}, {"the heir campaigns", is[1]},
                              {"syncs", is[2]}, {"is behind", is[3]},
                              {"and behind what is committed", is[4]}),
                      FV_QUALITY());
    if (is[4] && (is[1] || is[2] || !is[0]))
        FV_SOMETIMES_EACH(
            "an heir is late",
            FV_KEYS({"the leader waits", is[0]}, {"it campaigns", is[1]}, {"it syncs", is[2]}),
            FV_QUALITY());
}

/* ---- clients --------------------------------------------------------------------------------- */

/* Sent again by its client, or doubled on its way, to a server that has not applied it. */
void observer_command_came(const struct server *s, const struct request *q) {
    uint32_t index = log_last(&s->log);
    while (index > s->applied && (log_at(&s->log, index)->client != q->client ||
                                  log_at(&s->log, index)->sequence != q->sequence))
        index--;
    bool is_in_log = index > s->applied;
    if (!is_in_log && observer_applied_of(q->client) < q->sequence) return;
    FV_SOMETIMES_EACH("a command comes again",
                      FV_KEYS({"is in the log", is_in_log},
                              {"has taken effect", observer_applied_of(q->client) >= q->sequence},
                              {"to a server that began with a snapshot", s->began > 0}),
                      FV_QUALITY());
}

/* A command has taken effect, and its client does not know. */
static void mark_clients(const struct view *v) {
    static struct keys last;
    if (v->newest == NULL) return;
    const uint8_t is[] = {clients_unanswered() > 0, v->newest->began > 0,
                          v->newest->began == v->newest->commit};
    if (!begins(&last, is, sizeof(is)) || !is[0]) return;
    FV_SOMETIMES_EACH(
        "a client waits for what has taken effect",
        FV_KEYS({"the leader began with a snapshot", is[1]}, {"and has nothing else", is[2]}),
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
    mark_deposed(&v);
    mark_commit(&v);
    mark_rivals(&v);
    mark_tail(&v);
    mark_snapshots(&v);
    mark_membership(&v);
    mark_split(&v);
    mark_lost_change(&v);
    mark_handover(&v);
    mark_clients(&v);
}
