#include "service.h"

enum { MEMORY = 11, STALLS_ONE_IN = 64 };
#define SERVICE_NS_MAX FV_US(800)
#define STALL_NS_MAX FV_MS(30)

/* What a client asked in this life of it, so that nothing is applied twice. */
struct session {
    uint32_t id;
    bool is_answered[REQUESTS];
    struct record answers[REQUESTS];
};

struct server;

struct line {
    struct server *server;
    struct channel channel;
    struct session session;
};

struct server {
    struct line lines[CLIENTS];
    struct channel *channels[CLIENTS];
    struct memory memory;
    int64_t values[KEYS];
    bool is_busy;
};

/* ---- requests -------------------------------------------------------------------------------- */

static int64_t apply(struct server *server, const struct record *request) {
    int64_t *value = &server->values[request->key];
    if (request->operation == FV_OP_WRITE) *value = request->value;
    if (request->operation == FV_OP_ADD) *value += request->value;
    return request->operation == FV_OP_WRITE ? 0 : *value;
}

static void greet(struct line *line, struct record *record) {
    if (line->session.id != record->session)
        line->session = (struct session){.id = record->session};
    record->life = fv_node_starts(SERVER);
    channel_send(&line->channel, record);
}

static void answer(struct line *line, uint32_t client, struct record *record) {
    struct session *session = &line->session;
    struct record *answer = &session->answers[record->request];
    record->is_refused = record->session != session->id || record->life != fv_node_starts(SERVER);
    if (record->is_refused) {
        channel_send(&line->channel, record);
        return;
    }
    if (!session->is_answered[record->request]) {
        requests_applied(client, record->request);
        *answer = *record;
        answer->value = apply(line->server, record);
        session->is_answered[record->request] = true;
    }
    channel_send(&line->channel, answer);
}

/* ---- one after the other --------------------------------------------------------------------- */

static struct line *drawn_line(struct server *server) {
    struct line *waiting[CLIENTS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < CLIENTS; i++)
        if (server->lines[i].channel.receiving.inbox_count > 0)
            waiting[count++] = &server->lines[i];
    if (count == 0) return NULL;
    return waiting[count > 1 ? fv_below(count) : 0];
}

static void serve(void *with);

static void serve_soon(struct server *server) {
    server->is_busy = true;
    uint64_t max_ns = fv_chance(1, STALLS_ONE_IN) ? STALL_NS_MAX : SERVICE_NS_MAX;
    fv_timer_start(fv_below(max_ns), serve, server);
}

static void serve(void *with) {
    struct server *server = with;
    struct line *line = drawn_line(server);
    server->is_busy = line != NULL;
    if (line == NULL) return;
    bool was_full = receiving_room(&line->channel) == 0;
    struct record record = channel_next(&line->channel);
    if (record.kind == RECORD_HELLO)
        greet(line, &record);
    else
        answer(line, (uint32_t)(line - server->lines), &record);
    if (was_full) channel_emit(&line->channel, PACKET_ACK, 0, NULL);
    serve_soon(server);
}

/* ---- the node -------------------------------------------------------------------------------- */

static void arrived(void *with) {
    struct server *server = ((struct line *)with)->server;
    if (!server->is_busy) serve_soon(server);
}

/* The client will ask again. */
static void closed(void *with) { (void)with; }

static void take(void *with, fv_node from, const void *bytes, size_t size) {
    struct server *server = with;
    (void)size;
    channel_take(&server->lines[from - 1].channel, bytes);
}

void server_boot(void *with) {
    (void)with;
    struct server *server = fv_node_alloc(sizeof *server);
    server->memory = (struct memory){0, MEMORY, server->channels, CLIENTS};
    for (uint32_t i = 0; i < CLIENTS; i++) {
        struct line *line = &server->lines[i];
        line->server = server;
        server->channels[i] = &line->channel;
        channel_init(&line->channel, 1 + i, false, &server->memory,
                     (struct application){arrived, closed, line});
    }
    fv_on_message(PORT, take, server);
}
