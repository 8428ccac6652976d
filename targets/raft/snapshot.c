/* Logs that end in a snapshot at their beginning (chapter 5): taking, sending, installing. */
#include "observer.h"

#include <string.h>

static void install(struct server *s, const struct snapshot *snapshot) {
    s->snapshot = *snapshot;
    storage_save_snapshot(s);
    storage_rewrite_log(s);
}

static struct machine saved_machine(const struct server *s) {
    struct machine machine = s->machine;
#ifdef FV_SESSIONS_NOT_SAVED
    /* The sessions were added to the state machine later than snapshots were. Who starts from one
     * takes a command for new that its client has sent again. */
    memset(machine.sessions, 0, sizeof(machine.sessions));
#endif
    return machine;
}

void snapshot_take(struct server *s) {
    struct snapshot snapshot = {.index = s->applied,
                                .term = log_term(&s->log, s->applied),
                                .voters = membership_at(s, s->applied),
                                .machine = saved_machine(s)};
    log_forget(&s->log, s->applied);
    install(s, &snapshot);
    fv_log("server %u has a snapshot of %u entries", s->id, s->applied);
}

void snapshot_send(struct server *s, uint8_t to) {
    struct message m = {
        .kind = MESSAGE_SNAPSHOT, .term = s->term, .round = s->round, .snapshot = s->snapshot};
    FV_REACHABLE("a snapshot is sent");
    server_send(s, to, &m);
}

/* Whether what the log has behind the snapshot belongs behind it. */
static bool agrees(const struct server *s, const struct snapshot *snapshot) {
#ifdef FV_SNAPSHOT_OVER_NEWER
    /* A snapshot replaces all of the log: whatever is behind it the leader will send again. Once
     * this server has said to have it, the leader will not. */
    return false;
#endif
    return log_last(&s->log) >= snapshot->index &&
           log_term(&s->log, snapshot->index) == snapshot->term;
}

static void cut_log(struct server *s, const struct snapshot *snapshot) {
    if (agrees(s, snapshot))
        log_forget(&s->log, snapshot->index);
    else
        log_reset(&s->log, snapshot->index, snapshot->term);
}

static bool is_needed(const struct server *s, const struct snapshot *snapshot) {
#ifdef FV_SNAPSHOT_OVER_NEWER
    /* Whatever comes is installed: a late or doubled snapshot takes back what came behind it, and
     * what this server has said to have. */
    return log_last(&s->log) != snapshot->index;
#else
    return snapshot->index > s->commit;
#endif
}

static void take_over(struct server *s, const struct snapshot *snapshot) {
    cut_log(s, snapshot);
    s->machine = snapshot->machine;
    s->applied = s->commit = snapshot->index;
    fv_log("server %u installs a snapshot of %u entries", s->id, snapshot->index);
    install(s, snapshot);
    membership_update(s);
    observer_installed(s);
}

void snapshot_arrived(struct server *s, uint8_t from, const struct message *m) {
    struct message answer = {.kind = MESSAGE_APPEND_SAY, .round = m->round};
    if (m->term >= s->term) {
        election_follow(s, m->term, from);
        election_heard(s);
        if (is_needed(s, &m->snapshot)) take_over(s, &m->snapshot);
        answer.is_yes = true;
        answer.index = m->snapshot.index;
    }
    answer.term = s->term;
    server_send(s, from, &answer);
}
