/* Who leads: timeouts, pre-votes, votes, leadership handed over (chapters 3.4, 3.10, 9.6). */
#include "observer.h"

static uint64_t election_timeout(void) {
    return FV_MS((uint64_t)fv_between(ELECTION_MIN_MS, ELECTION_MAX_MS));
}

/* ---- roles ----------------------------------------------------------------------------------- */

static void step_down(struct server *s, uint8_t leader) {
    if (s->role == LEADER) fv_log("server %u leads no more", s->id);
    s->role = FOLLOWER;
    s->leader = leader;
    s->read_count = 0;
    s->handover = NOBODY;
}

/* The caller saves it. */
static void take_term(struct server *s, uint32_t term) {
    s->term = term;
    s->vote = NOBODY;
    step_down(s, NOBODY);
}

void election_follow(struct server *s, uint32_t term, uint8_t leader) {
    if (term > s->term) {
        take_term(s, term);
        storage_save_vote(s);
    }
    step_down(s, leader);
}

void election_heard(struct server *s) {
    s->heard_ns = fv_local_now();
    s->due_ns = s->heard_ns + s->timeout_ns;
}

/* A leader heard of this lately that may well still be there. */
static bool has_leader(const struct server *s) {
    if (s->role == LEADER) return true;
    return s->heard_ns != 0 && fv_local_now() - s->heard_ns < FV_MS(ELECTION_MIN_MS);
}

/* ---- candidates ------------------------------------------------------------------------------ */

static void ask_for_votes(struct server *s, bool is_pre) {
    struct message m = {.kind = MESSAGE_VOTE_ASK,
                        .is_pre = is_pre,
                        .is_forced = s->is_forced,
                        .term = s->term + is_pre,
                        .index = log_last(&s->log),
                        .index_term = log_last_term(&s->log)};
    for (uint8_t to = 0; to < settings.server_count; to++)
        if (to != s->id && is_in(s->voters, to)) server_send(s, to, &m);
}

static void count_votes(struct server *s) {
    if (!is_majority(s->voters, s->votes)) return;
    if (s->role == PRE_CANDIDATE)
        election_campaign(s, false);
    else
        replication_lead(s);
}

static void campaign_first(struct server *s) {
    s->role = PRE_CANDIDATE;
    s->is_forced = false;
    s->votes = 1U << s->id;
    s->leader = NOBODY;
    ask_for_votes(s, true);
    count_votes(s);
}

void election_campaign(struct server *s, bool is_forced) {
    s->term++;
    s->vote = s->id;
    storage_save_vote(s);
    s->role = CANDIDATE;
    s->is_forced = is_forced;
    s->votes = 1U << s->id;
    s->leader = NOBODY;
    fv_log("server %u campaigns in term %u%s", s->id, s->term, is_forced ? ", forced" : "");
    ask_for_votes(s, false);
    count_votes(s);
}

/* ---- voters ---------------------------------------------------------------------------------- */

static bool is_up_to_date(const struct server *s, const struct message *m) {
    uint32_t term = log_last_term(&s->log);
    return m->index_term > term || (m->index_term == term && m->index >= log_last(&s->log));
}

/* Whether this server would rather keep what it has: a leader, or a better log. */
static bool is_refused(const struct server *s, const struct message *m) {
#ifdef FV_HANDOVER_TRUSTED
    /* An election that the leader itself has asked for skips the pre-vote, and so it must skip the
     * question whether there is a leader already. Here the flag skips the whole question, as in
     * servers that ask both at one place: had the leader not seen to it that the log is up to date
     * before it handed over? It had. But where the order to campaign is late, the leader has given
     * up waiting and goes on, and has committed more by the time that it is carried out. */
    if (m->is_forced) return false;
#endif
    if (!m->is_forced && has_leader(s)) return true;
    return !is_up_to_date(s, m);
}

static void say_vote(struct server *s, uint8_t to, const struct message *m, bool is_yes) {
    struct message answer = {
        .kind = MESSAGE_VOTE_SAY, .is_pre = m->is_pre, .is_yes = is_yes, .term = s->term};
    if (m->is_pre && is_yes) answer.term = m->term; /* the one that was asked for */
    server_send(s, to, &answer);
}

static void save_given_vote(struct server *s) {
#ifdef FV_VOTE_NOT_SAVED
    /* Kept in memory until the term is saved the next time. A power loss takes it back, and the
     * server may vote for another in the same term. */
    (void)s;
#else
    storage_save_vote(s);
#endif
}

void election_vote_asked(struct server *s, uint8_t from, const struct message *m) {
    if (m->is_pre) {
        say_vote(s, from, m, m->term > s->term && !is_refused(s, m));
        return;
    }
    if (m->term > s->term && !m->is_forced && has_leader(s)) return; /* nor is its term taken */
    if (m->term < s->term) {
        say_vote(s, from, m, false);
        return;
    }
    bool is_new = m->term > s->term;
    bool is_free = is_new || s->vote == NOBODY || s->vote == from;
    bool is_yes = is_free && !is_refused(s, m);
    if (is_new) take_term(s, m->term);
    if (is_yes && s->vote != from) {
        s->vote = from;
        s->due_ns = fv_local_now() + s->timeout_ns;
        save_given_vote(s);
    } else if (is_new) {
        storage_save_vote(s);
    }
    say_vote(s, from, m, is_yes);
}

void election_vote_said(struct server *s, uint8_t from, const struct message *m) {
    if (!m->is_yes) {
        if (m->term > s->term) election_follow(s, m->term, NOBODY);
        return;
    }
    if (s->role != (m->is_pre ? PRE_CANDIDATE : CANDIDATE)) return;
    if (m->term != s->term + m->is_pre) return;
    s->votes |= 1U << from;
    count_votes(s);
}

/* ---- leadership handed over ------------------------------------------------------------------ */

void election_hand_over(struct server *s, uint8_t to) {
    if (s->role != LEADER || s->handover != NOBODY || to == s->id || !is_in(s->voters, to)) return;
    fv_log("server %u hands over to %u", s->id, to);
    s->handover = to;
    s->handover_until_ns = fv_local_now() + FV_MS(ELECTION_MIN_MS);
    replication_send(s, to);
}

void election_handed_over(struct server *s, const struct message *m) {
    if (m->term != s->term || s->role != FOLLOWER || !is_in(s->voters, s->id)) return;
    election_campaign(s, true);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void timer_fires(void *server);

static void timer_start(struct server *s, uint64_t now) {
    fv_timer_start(s->due_ns > now ? s->due_ns - now : 1, timer_fires, s);
}

/* One timer, which is late when a leader was heard since it started, and starts again then. */
static void timer_fires(void *server) {
    struct server *s = server;
    uint64_t now = fv_local_now();
    if (now >= s->due_ns) {
        s->timeout_ns = election_timeout();
        s->due_ns = now + s->timeout_ns;
        if (s->role != LEADER && is_in(s->voters, s->id)) campaign_first(s);
        observer_look();
    }
    timer_start(s, fv_local_now());
}

void election_start(struct server *s) {
    s->timeout_ns = election_timeout();
    s->due_ns = fv_local_now() + s->timeout_ns;
    timer_start(s, fv_local_now());
}
