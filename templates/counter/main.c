/* A counter that three replicas keep: it counts on while any one of them is down.
 *
 * Each replica holds how often every client has counted; of two such totals the greater is newer. A
 * client tells all replicas what it knows and learns what they know; when two of the three have
 * answered, no other client can miss it. docs/simulations.md of fuzzverse takes this apart. */
#include <fuzzverse/sim.h>

#include <string.h>

enum { REPLICAS = 3, MAJORITY = 2, CLIENTS = 3, OPERATIONS = 6, TRIES = 5 };
enum { PORT = 1 };
#define PATIENCE FV_MS(50)

struct totals {
    uint64_t of[CLIENTS];
};

struct message {
    uint32_t request;
    struct totals totals;
};

/* What the simulation knows of all: no part of the service. */
static fv_node replicas[REPLICAS];
static const struct totals *totals_of[REPLICAS]; /* of those that are up; for marks alone */
static struct fv_record *record;
static uint32_t clients_done;

static bool learn(struct totals *own, const struct totals *heard) {
    bool is_new = false;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        if (heard->of[i] <= own->of[i]) continue;
        own->of[i] = heard->of[i];
        is_new = true;
    }
    return is_new;
}

static uint64_t sum(const struct totals *totals) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < CLIENTS; i++) n += totals->of[i];
    return n;
}

/* ---- a replica ------------------------------------------------------------------------------- */

struct replica {
    struct totals totals;
    fv_file file;
};

static void keep(struct replica *self) {
    fv_file_write(self->file, &self->totals, sizeof self->totals, 0);
#ifndef FORGETS_TO_SYNC
    fv_file_sync(self->file);
#endif
}

/* A state worth returning to: how many replicas lack what this one has, and how many are down. */
static void mark_spread(const struct replica *self) {
    uint32_t behind = 0, down = 0;
    for (uint32_t i = 0; i < REPLICAS; i++) {
        if (!fv_node_is_up(replicas[i]))
            down++;
        else if (totals_of[i] != NULL && sum(totals_of[i]) < sum(&self->totals))
            behind++;
    }
    FV_SOMETIMES_EACH("what is known is spread",
                      FV_KEYS({"behind", behind}, {"down", down}, {"sum", sum(&self->totals)}),
                      FV_QUALITY());
}

static void answer(void *with, fv_node from, const void *bytes, size_t size) {
    struct replica *self = with;
    struct message message;
    memcpy(&message, bytes, size);
    if (learn(&self->totals, &message.totals)) keep(self);
    mark_spread(self);
    message.totals = self->totals;
    fv_send(from, PORT, &message, sizeof message);
}

static void replica_boot(void *with) {
    (void)with;
    struct replica *self = fv_node_alloc(sizeof *self);
    self->file = fv_file_open("totals", FV_OPEN_CREATE);
    fv_file_read(self->file, &self->totals, sizeof self->totals, 0);
    fv_log("%s starts with %lu", fv_node_name(fv_node_self()), (unsigned long)sum(&self->totals));
    totals_of[fv_node_self() - replicas[0]] = &self->totals;
    fv_on_message(PORT, answer, self);
}

/* ---- a client -------------------------------------------------------------------------------- */

struct client {
    uint32_t number, request;
    struct totals totals;
};

/* Tells and asks; true when a majority has answered. */
static bool ask_once(struct client *self) {
    struct message message = {++self->request, self->totals};
    bool has_answered[REPLICAS] = {false};
    uint32_t answers = 0;
    for (uint32_t i = 0; i < REPLICAS; i++) fv_send(replicas[i], PORT, &message, sizeof message);
    while (answers < MAJORITY) {
        fv_node from;
        if (fv_receive(PORT, &from, &message, sizeof message, PATIENCE) < 0) return false;
        if (message.request != self->request || has_answered[from - replicas[0]]) continue;
        has_answered[from - replicas[0]] = true;
        learn(&self->totals, &message.totals);
        answers++;
    }
    return true;
}

static bool ask(struct client *self) {
    for (uint32_t i = 0; i < TRIES; i++)
        if (ask_once(self)) return true;
    return false;
}

static void count_once(struct client *self) {
    uint32_t number = fv_record_invoke(record, self->number, FV_OP_INCREASE, 0, 1, 0);
    self->totals.of[self->number]++;
    if (ask(self))
        fv_record_ok(record, number, 0);
    else
        fv_record_unknown(record, number);
}

static void look(struct client *self) {
    uint32_t number = fv_record_invoke(record, self->number, FV_OP_READ, 0, 0, 0);
    bool is_known = ask(self);
    uint64_t seen = sum(&self->totals);
#ifndef TRUSTS_ONE_ROUND
    /* What one replica alone may have told is told to a majority before anybody acts on it. */
    is_known = is_known && ask(self);
#endif
    if (is_known)
        fv_record_ok(record, number, (int64_t)seen);
    else
        fv_record_failed(record, number);
}

static void client_run(void *with) {
    struct client *self = with;
    for (uint32_t i = 0; i < OPERATIONS; i++) {
        if (fv_chance(1, 2))
            count_once(self);
        else
            look(self);
    }
    clients_done++;
}

static void client_boot(void *with) {
    struct client *self = fv_node_alloc(sizeof *self);
    self->number = *(const uint32_t *)with;
    fv_spawn("client", client_run, self);
}

/* ---- the simulation -------------------------------------------------------------------------- */

static void start_all(void) {
    static const uint32_t numbers[CLIENTS] = {0, 1, 2};
    for (uint32_t i = 0; i < REPLICAS; i++)
        replicas[i] = fv_node_new("replica", replica_boot, NULL);
    for (uint32_t i = 0; i < REPLICAS; i++) fv_node_start(replicas[i]);
    for (uint32_t i = 0; i < CLIENTS; i++)
        fv_node_start(fv_node_new("client", client_boot, (void *)&numbers[i]));
}

/* Power fails now and then, at one replica or at several. */
static void disturb(void) {
    fv_node node = replicas[fv_below(REPLICAS)];
    if (!fv_node_is_up(node))
        fv_node_start(node);
    else if (fv_chance(1, 40))
        fv_node_crash(node);
}

FV_TARGET(template_name) {
    const struct fv_model model = {.net = {.latency_min_ns = FV_MS(1),
                                           .latency_max_ns = FV_MS(20),
                                           .loss = 2000,
                                           .duplication = 2000,
                                           .reordering = 2000}};
    fv_sim_open(&model);
    record = fv_record_new(0);
    start_all();
    while (clients_done < CLIENTS) {
        fv_sleep(FV_MS(20));
        disturb();
    }
    enum fv_linear verdict = fv_record_check_linear(record, FV_LINEAR_STEPS);
    FV_ALWAYS(verdict != FV_NOT_LINEAR, "clients see one counter");
}
