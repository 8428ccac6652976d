/* Clients are nodes that never crash. A command keeps its number however often it is sent, so that
 * the sessions of the servers can tell; one that is given up may still take effect. */
#include "clients.h"

#include <string.h>

enum {
    ANSWER_MS_MAX = 100, /* then it asks another */
    PAUSE_MS_MAX = 120,  /* between operations */
    BACK_OFF_MS = 15,    /* before it asks the next, when told that nobody leads */
    ATTEMPTS_MAX = 8,
    CHECK_STEPS_MAX = 200000,
};

struct client {
    uint8_t id, asks; /* which server */
    bool is_waiting;
    uint32_t attempts;
    uint32_t number; /* in the record */
    struct request request;
    struct fv_timer timer;
    int32_t last[KEYS]; /* what it saw last */
    int32_t made;       /* values so far */
};

static struct client clients[CLIENTS_MAX];
static struct fv_record *record;

/* ---- asking ---------------------------------------------------------------------------------- */

static void begin(void *client);
static void give_up_or_go_on(void *client);

static void ask(void *with) {
    struct client *c = with;
    c->attempts++;
    fv_send(server_node(c->asks), PORT_CLIENT, &c->request, sizeof(c->request));
    c->timer = fv_timer_start(FV_MS(ANSWER_MS_MAX), give_up_or_go_on, c);
}

static void pause_then_begin(struct client *c) {
    c->is_waiting = false;
    c->timer = fv_timer_start(FV_MS(1 + fv_below(PAUSE_MS_MAX)), begin, c);
}

static void give_up_or_go_on(void *with) {
    struct client *c = with;
    if (c->attempts < ATTEMPTS_MAX) {
        c->asks = (uint8_t)((c->asks + 1) % settings.server_count);
        ask(c);
        return;
    }
    fv_log("client %u gives up", c->id);
    fv_record_unknown(record, c->number);
    pause_then_begin(c);
}

/* ---- operations ------------------------------------------------------------------------------ */

static void draw_request(struct client *c) {
    enum { READ, WRITE, ADD, SWAP, KINDS };
    static const uint8_t operations[KINDS] = {FV_OP_READ, FV_OP_WRITE, FV_OP_ADD, FV_OP_SWAP};
    static const uint8_t kinds[] = {READ, READ, READ, WRITE, WRITE, ADD, ADD, SWAP};
    uint64_t drawn = fv_below(sizeof(kinds) * KEYS);
    struct request *q = &c->request;
    q->client = c->id;
    q->operation = operations[kinds[drawn / KEYS]];
    q->key = (uint32_t)(drawn % KEYS);
    q->sequence++;
    q->value = q->operation == FV_OP_ADD ? 1 : 1000 * (c->id + 1) + 10 * ++c->made;
    q->expected = c->last[q->key];
}

static void begin(void *with) {
    struct client *c = with;
    draw_request(c);
    c->is_waiting = true;
    c->attempts = 0;
    c->number = fv_record_invoke(record, c->id, c->request.operation, c->request.key,
                                 c->request.value, c->request.expected);
    ask(c);
}

static void note(struct client *c, int32_t result) {
    int32_t *last = &c->last[c->request.key];
    if (c->request.operation != FV_OP_SWAP)
        *last = result;
    else if (result)
        *last = c->request.value;
}

static void answered(void *with, fv_node from, const void *bytes, size_t size) {
    struct client *c = with;
    struct response r;
    (void)from, (void)size;
    memcpy(&r, bytes, sizeof(r));
    if (!c->is_waiting || r.sequence != c->request.sequence) return;
    if (!r.is_done) {
        if (r.leader == NOBODY || !fv_timer_stop(c->timer)) return;
        c->asks = r.leader;
        if (c->attempts < ATTEMPTS_MAX)
            c->timer = fv_timer_start(FV_MS(BACK_OFF_MS), ask, c);
        else
            give_up_or_go_on(c);
        return;
    }
    fv_timer_stop(c->timer);
    fv_record_ok(record, c->number, r.result);
    note(c, r.result);
    pause_then_begin(c);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static void boot(void *with) {
    struct client *c = with;
    fv_on_message(PORT_CLIENT, answered, c);
    c->asks = (uint8_t)fv_below(settings.server_count);
    pause_then_begin(c);
}

void clients_start(void) {
    record = fv_record_new(0);
    for (uint8_t i = 0; i < settings.client_count; i++) {
        clients[i].id = i;
        fv_node_start(fv_node_new("client", boot, &clients[i]));
    }
}

void clients_check(void) {
    enum fv_linear said = fv_record_check_linear(record, CHECK_STEPS_MAX);
    if (said == FV_NOT_LINEAR) fv_bug("clients: what they saw is not linearizable");
}
