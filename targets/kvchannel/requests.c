#include "service.h"

enum { LIVES_MAX = 64 };

static struct {
    struct request requests[REQUESTS];
    uint32_t made, ended;
} clients[CLIENTS];

/* A server that starts again has forgotten all, so each life is a service of its own. */
static struct fv_record *records[LIVES_MAX];
static struct fv_semaphore all_ended;

static struct fv_record *record_of(uint32_t life) {
    FV_ALWAYS(life < LIVES_MAX, "a server does not start all the time");
    if (records[life] == NULL) records[life] = fv_record_new(0);
    return records[life];
}

/* ---- one request ----------------------------------------------------------------------------- */

static void draw(struct request *request, uint32_t client, uint32_t number) {
    static const enum fv_operation operations[] = {FV_OP_WRITE, FV_OP_READ, FV_OP_ADD};
    request->operation = operations[fv_below(3)];
    request->key = (uint32_t)fv_below(KEYS);
    request->value = request->operation == FV_OP_READ ? 0 : 1 + client + CLIENTS * (int64_t)number;
}

struct request *requests_next(uint32_t client, uint32_t life) {
    if (clients[client].made == REQUESTS) return NULL;
    uint32_t number = clients[client].made++;
    struct request *request = &clients[client].requests[number];
    draw(request, client, number);
    request->life = life;
    request->is_open = true;
    request->number = fv_record_invoke(record_of(life), client, request->operation, request->key,
                                       request->value, 0);
    return request;
}

struct request *requests_of(uint32_t client, uint32_t request) {
    return &clients[client].requests[request];
}

static struct request *ended(uint32_t client, uint32_t number) {
    struct request *request = requests_of(client, number);
    FV_ALWAYS(request->is_open, "a request ends once");
    request->is_open = false;
    if (++clients[client].ended == REQUESTS) fv_semaphore_give(&all_ended);
    return request;
}

void requests_applied(uint32_t client, uint32_t number) {
    struct request *request = requests_of(client, number);
    FV_ALWAYS(++request->applied_count == 1, "a request is applied once");
}

void requests_answered(uint32_t client, uint32_t number, int64_t result) {
    struct request *request = ended(client, number);
    FV_ALWAYS(request->applied_count == 1, "what is answered was applied");
    fv_record_ok(record_of(request->life), request->number, result);
}

void requests_lost(uint32_t client, uint32_t number) {
    const struct request *request = ended(client, number);
    fv_record_unknown(record_of(request->life), request->number);
}

/* ---- all of them ----------------------------------------------------------------------------- */

uint32_t requests_open_count(uint32_t client) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < clients[client].made; i++)
        count += clients[client].requests[i].is_open;
    return count;
}

static uint32_t ended_count(void) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < CLIENTS; i++) count += clients[i].ended;
    return count;
}

bool requests_await_all(uint64_t timeout_ns) {
    uint64_t until = fv_now() + timeout_ns;
    while (ended_count() < CLIENTS * REQUESTS)
        if (fv_now() >= until || !fv_semaphore_take(&all_ended, until - fv_now())) return false;
    return true;
}

void requests_check(void) {
    for (uint32_t life = 0; life < LIVES_MAX; life++)
        FV_ALWAYS(records[life] == NULL ||
                      fv_record_check_linear(records[life], FV_LINEAR_STEPS) != FV_NOT_LINEAR,
                  "clients see what one copy would have shown");
}
