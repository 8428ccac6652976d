/* A server as a node of the simulation: how it boots, what it is sent. */
#include "observer.h"

#include <string.h>

struct settings settings;
struct server servers[SERVERS_MAX];

bool server_is_up(uint8_t server) {
    return fv_node_is_up(server_node(server)) && servers[server].life != 0 &&
           servers[server].life == fv_node_starts(server_node(server));
}

void server_needs(bool went_well) {
    if (!went_well) fv_node_kill(fv_node_self());
}

static size_t size_of(const struct message *m) {
    if (m->kind == MESSAGE_SNAPSHOT)
        return offsetof(struct message, snapshot) + sizeof(m->snapshot);
    return offsetof(struct message, entries) + m->count * sizeof(m->entries[0]);
}

void server_send(struct server *s, uint8_t to, const struct message *m) {
    (void)s;
    fv_send(server_node(to), PORT_RAFT, m, size_of(m));
}

static void message_arrived(void *server, fv_node node, const void *bytes, size_t size) {
    struct server *s = server;
    struct message m;
    uint8_t from = (uint8_t)node;
    memcpy(&m, bytes, size);
    switch (m.kind) {
    case MESSAGE_VOTE_ASK: election_vote_asked(s, from, &m); break;
    case MESSAGE_VOTE_SAY: election_vote_said(s, from, &m); break;
    case MESSAGE_APPEND: replication_appended(s, from, &m); break;
    case MESSAGE_APPEND_SAY: replication_answered(s, from, &m); break;
    case MESSAGE_SNAPSHOT: snapshot_arrived(s, from, &m); break;
    case MESSAGE_HANDOVER: election_handed_over(s, &m); break;
    default: break;
    }
    observer_look();
}

/* Servers are in static memory, so that the observer may look at them at any time. What the last
 * life left there is gone. */
void server_boot(void *id) {
    struct server *s = &servers[(uintptr_t)id];
    memset(s, 0, sizeof(*s));
    s->id = (uint8_t)(uintptr_t)id;
    s->leader = s->handover = NOBODY;
    storage_open(s);
    s->machine = s->snapshot.machine;
    s->commit = s->applied = s->snapshot.index;
    membership_update(s);
    s->life = fv_node_starts(fv_node_self());
    observer_recovered(s);
    fv_on_message(PORT_RAFT, message_arrived, s);
    fv_on_message(PORT_CLIENT, service_asked, s);
    election_start(s);
}
