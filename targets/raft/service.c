/* What clients ask of a leader: commands, once each by their sessions (chapter 6.3), and reads by
 * read-index (chapter 6.4). */
#include "observer.h"

#include <string.h>

static void respond(uint8_t client, const struct response *r) {
    fv_send(client_node(client), PORT_CLIENT, r, sizeof(*r));
}

static void refuse(const struct server *s, const struct request *q) {
    struct response r = {.leader = s->leader, .sequence = q->sequence};
    respond(q->client, &r);
}

static void done(const struct server *s, uint8_t client, uint32_t sequence, int32_t result) {
    struct response r = {.leader = s->id, .is_done = true, .sequence = sequence, .result = result};
    respond(client, &r);
}

/* ---- reads ----------------------------------------------------------------------------------- */

/* Whether nobody can have led in a later term when the read came: a majority has answered since. */
static bool is_led_still(const struct server *s, uint32_t round) {
#ifdef FV_READ_WITHOUT_ROUND
    /* A server that leads is taken for the one that does. */
    (void)s, (void)round;
    return true;
#else
    uint32_t set = 1U << s->id;
    for (uint8_t i = 0; i < settings.server_count; i++)
        if (s->answered[i] >= round) set |= 1U << i;
    return is_majority(s->voters, set);
#endif
}

void service_reads(struct server *s) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->read_count; i++) {
        const struct read *r = &s->reads[i];
        if (s->applied >= r->index && is_led_still(s, r->round))
            done(s, r->client, r->sequence, s->machine.values[r->key]);
        else
            s->reads[kept++] = *r;
    }
    s->read_count = kept;
}

/* A leader knows what is committed once an entry of its own term is. */
static void take_read(struct server *s, const struct request *q) {
    if (s->read_count == READS_MAX || log_term(&s->log, s->commit) != s->term) {
        refuse(s, q);
        return;
    }
    s->reads[s->read_count++] = (struct read){.client = q->client,
                                              .sequence = q->sequence,
                                              .key = q->key,
                                              .index = s->commit,
                                              .round = ++s->round};
    service_reads(s);
    if (s->read_count > 0) replication_send_all(s);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void take_command(struct server *s, const struct request *q) {
    const struct session *session = &s->machine.sessions[q->client];
    if (q->sequence < session->sequence) return; /* the client waits for another by now */
    if (q->sequence == session->sequence) {
        done(s, q->client, q->sequence, session->result);
        return;
    }
    struct entry entry = {.term = s->term,
                          .kind = ENTRY_COMMAND,
                          .client = q->client,
                          .operation = q->operation,
                          .sequence = q->sequence,
                          .key = q->key,
                          .value = q->value,
                          .expected = q->expected};
    replication_propose(s, &entry);
}

void service_applied(struct server *s, const struct entry *entry, int32_t result) {
    if (entry->kind == ENTRY_COMMAND) done(s, entry->client, entry->sequence, result);
}

void service_asked(void *server, fv_node from, const void *bytes, size_t size) {
    struct server *s = server;
    struct request q;
    (void)from, (void)size;
    memcpy(&q, bytes, sizeof(q));
    if (s->role != LEADER || s->handover != NOBODY || log_is_full(&s->log))
        refuse(s, &q);
    else if (q.operation == FV_OP_READ)
        take_read(s, &q);
    else
        take_command(s, &q);
    observer_look();
}
