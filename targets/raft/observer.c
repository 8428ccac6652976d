/* The invariants. What is remembered of an index is what any server ever had there. */
#include "observer.h"

#include <string.h>

enum {
    INDEX_MAX = 1024, /* what lies behind is not checked; no timeline gets there */
    TERM_MAX = 1024,
    TERMS_AT_INDEX_MAX = 6, /* different entries that ever had one index */
};

struct seen {
    uint32_t term, previous_term;
    uint32_t sum;
};

struct place {
    uint32_t committed_term; /* 0: no server takes it for committed */
    uint32_t committed_sum;
    uint32_t committed_in; /* the term of the leader that did so first */
    uint32_t values_sum;   /* of the state machine when it was applied; 0: was not yet */
    uint32_t seen_count;
    struct seen seen[TERMS_AT_INDEX_MAX];
};

static struct place places[INDEX_MAX];
static uint8_t leaders[TERM_MAX]; /* 1 + server */
static uint32_t commit, command;
static uint8_t heirs[TERM_MAX]; /* 1 + server */
static uint32_t applied[CLIENTS_MAX];
static uint32_t known[SERVERS_MAX]; /* what each server ever knew to be committed */

void observer_start(void) {
    /* A timeline starts with memory that nobody has written to. */
    commit = command = 0;
}

static uint32_t sum_of(const void *at, size_t bytes) {
    uint32_t sum = UINT32_C(2166136261), word;
    for (size_t i = 0; i + sizeof(word) <= bytes; i += sizeof(word)) {
        memcpy(&word, (const char *)at + i, sizeof(word));
        sum = (sum ^ word) * UINT32_C(16777619);
        sum ^= sum >> 15;
    }
    return sum | 1;
}

/* The state before bad luck is what the search returns to, to try other luck. */
static void moment(void) {
    observer_look();
    workload_moment();
}

/* ---- election safety: at most one leader in a term; leader completeness ---------------------- */

static bool has_committed(const struct server *s, uint32_t index) {
    if (index <= s->log.base) return true;
    return index <= log_last(&s->log) && log_term(&s->log, index) == places[index].committed_term;
}

static void check_leader(const struct server *s) {
    for (uint32_t i = s->log.base + 1; i <= commit; i++) {
        if (places[i].committed_in >= s->term || has_committed(s, i)) continue;
        fv_log("server %u leads in term %u without index %u of term %u", s->id, s->term, i,
               places[i].committed_term);
        fv_bug("leader completeness: a leader lacks an entry that was committed before its term");
    }
}

void observer_leads(const struct server *s) {
    if (s->term >= TERM_MAX) return;
    if (leaders[s->term] != 0) fv_bug("election safety: two servers were elected in one term");
    leaders[s->term] = (uint8_t)(1 + s->id);
    check_leader(s);
    moment();
}

/* ---- log matching: an index and a term say what the entry is, and all before it -------------- */

void observer_appended(const struct server *s, uint32_t index) {
    if (index >= INDEX_MAX) return;
    const struct entry *entry = log_at(&s->log, index);
    struct seen new = {entry->term, log_term(&s->log, index - 1), sum_of(entry, sizeof(*entry))};
    struct place *place = &places[index];
    for (uint32_t i = 0; i < place->seen_count; i++) {
        if (place->seen[i].term != new.term) continue;
        if (memcmp(&place->seen[i], &new, sizeof(new)) == 0) return;
        fv_log("server %u has another entry of term %u at %u", s->id, new.term, index);
        fv_bug("log matching: two logs differ at or before an index of the same term");
    }
    if (place->seen_count < TERMS_AT_INDEX_MAX) place->seen[place->seen_count++] = new;
}

/* ---- state machine safety: what is committed or applied at an index is the same everywhere --- */

static void check_other_leaders(const struct server *s) {
    for (uint8_t i = 0; i < settings.server_count; i++)
        if (server_is_up(i) && servers[i].role == LEADER && servers[i].term > s->term)
            check_leader(&servers[i]);
}

static void commit_index(const struct server *s, uint32_t index) {
    const struct entry *entry = log_at(&s->log, index);
    struct place *place = &places[index];
    uint32_t sum = sum_of(entry, sizeof(*entry));
    if (entry->kind == ENTRY_COMMAND && index > command) command = index;
    if (place->committed_term == 0) {
        place->committed_term = entry->term;
        place->committed_sum = sum;
        place->committed_in = s->term;
    }
    if (place->committed_sum == sum) return;
    fv_log("server %u commits term %u at %u, another has committed term %u", s->id, entry->term,
           index, place->committed_term);
    fv_bug("state machine safety: two servers commit different entries at one index");
}

void observer_committed(const struct server *s, uint32_t old_commit) {
    for (uint32_t i = old_commit + 1; i <= s->commit && i < INDEX_MAX; i++) commit_index(s, i);
    if (s->commit > known[s->id]) known[s->id] = s->commit;
    if (s->commit <= commit) return;
    commit = s->commit < INDEX_MAX ? s->commit : INDEX_MAX - 1;
    check_other_leaders(s);
    moment();
}

/* Sessions are left out: they show in what commands do. */
static void check_values(const struct server *s) {
    if (s->applied == 0 || s->applied >= INDEX_MAX) return;
    struct place *place = &places[s->applied];
    uint32_t sum = sum_of(s->machine.values, sizeof(s->machine.values));
    if (place->values_sum == 0) place->values_sum = sum;
    if (place->values_sum == sum) return;
    fv_log("server %u has other values after index %u", s->id, s->applied);
    fv_bug("state machine safety: replicas differ after the same entries");
}

void observer_applied(const struct server *s, const struct entry *entry) {
    if (entry->kind == ENTRY_COMMAND && entry->sequence > applied[entry->client])
        applied[entry->client] = entry->sequence;
    check_values(s);
}

/* ---- durability: what a server knew to be committed it has when it is back ------------------- */

static void check_known(const struct server *s) {
    for (uint32_t i = s->log.base + 1; i <= known[s->id] && i < INDEX_MAX; i++) {
        if (has_committed(s, i)) continue;
        fv_log("server %u is back without index %u", s->id, i);
        fv_bug("durability: a server comes back without what it knew to be committed");
    }
}

void observer_installed(const struct server *s) {
    if (s->commit > known[s->id]) known[s->id] = s->commit;
    check_values(s);
}

void observer_recovered(const struct server *s) {
    fv_log("server %u is up: term %u, vote %u, snapshot %u, log to %u", s->id, s->term, s->vote,
           s->snapshot.index, log_last(&s->log));
    check_known(s);
    check_values(s);
}

/* ---- for the marks --------------------------------------------------------------------------- */

void observer_ordered(const struct server *s, uint8_t to) {
    if (s->term < TERM_MAX) heirs[s->term] = (uint8_t)(1 + to);
}

uint8_t observer_heir(uint32_t term) {
    return term < TERM_MAX && heirs[term] != 0 ? (uint8_t)(heirs[term] - 1) : NOBODY;
}

uint32_t observer_applied_of(uint8_t client) { return applied[client]; }

uint32_t observer_commit(void) { return commit; }

uint32_t observer_command(void) { return command; }

uint32_t observer_commit_term(void) { return places[commit].committed_term; }

bool observer_has_led(uint8_t server, uint32_t before_term) {
    for (uint32_t term = 1; term < before_term && term < TERM_MAX; term++)
        if (leaders[term] == 1 + server) return true;
    return false;
}
