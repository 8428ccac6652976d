/* The timeline: a few seconds of a cluster, its clients, and what an operator and bad luck do. */
#include "clients.h"
#include "observer.h"

enum {
    STEPS = 40,
    STEP_MS_MIN = 20,
    STEP_MS_MAX = 110,
    FAULT_ONE_IN_MIN = 32, /* steps; a root has its own rate */
    RATES = 3,             /* each half of the one before */
};

/* Of steps, one in so many. */
static uint32_t fault_one_in, change_one_in, handover_one_in;

/* ---- what happens to servers ----------------------------------------------------------------- */

static uint8_t any_server(void) { return (uint8_t)fv_below(settings.server_count); }

/* The one that leads in the latest term, or any. */
static uint8_t leader(void) {
    uint8_t found = NOBODY;
    for (uint8_t i = 0; i < settings.server_count; i++)
        if (server_is_up(i) && servers[i].role == LEADER &&
            (found == NOBODY || servers[i].term > servers[found].term))
            found = i;
    return found == NOBODY ? any_server() : found;
}

static uint8_t victim(void) { return fv_chance(1, 2) ? leader() : any_server(); }

/* From the other servers; clients reach it. */
static void isolate(uint8_t server) {
    for (uint8_t i = 0; i < settings.server_count; i++) {
        if (i == server) continue;
        fv_net_cut(server_node(server), server_node(i));
        fv_net_cut(server_node(i), server_node(server));
    }
}

static void cut_link(uint8_t from, uint8_t to) {
    if (from != to) fv_net_cut(server_node(from), server_node(to));
}

/* Two groups that do not hear each other. */
static void part(void) {
    uint32_t group = (uint32_t)fv_below(1U << settings.server_count);
    for (uint8_t i = 0; i < settings.server_count; i++)
        for (uint8_t j = 0; j < settings.server_count; j++)
            if (is_in(group, i) != is_in(group, j)) fv_net_cut(server_node(i), server_node(j));
}

static void fault(void) {
    enum { CRASH, KILL, ISOLATE, CUT, PART, HEAL, KINDS };
    switch (fv_pick("fault", KINDS)) {
    case CRASH: fv_node_crash(server_node(victim())); break;
    case KILL: fv_node_kill(server_node(victim())); break;
    case ISOLATE: isolate(victim()); break;
    case CUT: cut_link(victim(), any_server()); break;
    case PART: part(); break;
    default: fv_net_heal_all(); break;
    }
}

static void start_again(void) {
    for (uint8_t i = 0; i < settings.server_count; i++)
        if (!fv_node_is_up(server_node(i)) && fv_chance(1, 3)) fv_node_start(server_node(i));
}

/* ---- what an operator does ------------------------------------------------------------------- */

/* Carried out by a server that takes itself for the leader, once it is free: by then it may lead no
 * more. The order is a number, which outlives whoever gave it: subject * SERVERS_MAX + server. */
static void order_handover(void *order) {
    uintptr_t number = (uintptr_t)order;
    election_hand_over(&servers[number % SERVERS_MAX], (uint8_t)(number / SERVERS_MAX));
}

static void order_change(void *order) {
    uintptr_t number = (uintptr_t)order;
    struct server *s = &servers[number % SERVERS_MAX];
    membership_change(s, s->voters ^ 1U << number / SERVERS_MAX);
}

static void give(void (*what)(void *order)) {
    uint8_t server = leader();
    uintptr_t order = (uintptr_t)any_server() * SERVERS_MAX + server;
    if (server_is_up(server)) fv_node_post(server_node(server), what, (void *)order);
}

/* ---- the timeline ---------------------------------------------------------------------------- */

static uint32_t rate(uint32_t one_in_min) { return one_in_min << fv_below(RATES); }

static void draw_settings(void) {
    settings.server_count = 3 + 2 * (uint32_t)fv_below(2);
    settings.voters = (1U << (settings.server_count == 3 ? 3 : 3 + fv_below(3))) - 1;
    settings.client_count = 2 + (uint32_t)fv_below(CLIENTS_MAX - 1);
    settings.batch = 1U << fv_below(4);
    settings.snapshot_every = 4U << fv_below(4);
    fault_one_in = rate(FAULT_ONE_IN_MIN);
    change_one_in = rate(FAULT_ONE_IN_MIN);
    handover_one_in = rate(FAULT_ONE_IN_MIN);
}

static void open_simulation(void) {
    static const struct fv_model model = {
        .net = {.latency_min_ns = FV_MS(1),
                .latency_max_ns = FV_MS(4),
                .loss = 2000,
                .duplication = 2000,
                .reordering = 2000},
        .disk = {.page_bytes = 512,
                 .power_loss = 500,
                 .torn_pages = 500000,
                 .slow_syncs = 2000,
                 .sync_ns = FV_MS(1),
                 .slow_sync_max_ns = FV_MS(200),
                 .loses_names = true},
    };
    fv_sim_open(&model);
    draw_settings();
    observer_start();
    for (uintptr_t i = 0; i < SERVERS_MAX; i++)
        if (fv_node_new("server", server_boot, (void *)i) != server_node((uint8_t)i))
            fv_bug("nodes are not numbered from 0");
    for (uint8_t i = 0; i < settings.server_count; i++) fv_node_start(server_node(i));
    clients_start();
}

static void step(void) {
    fv_sleep(FV_MS((uint64_t)fv_between(STEP_MS_MIN, STEP_MS_MAX)));
    start_again();
    if (fv_chance(1, fault_one_in)) fault();
    if (fv_chance(1, change_one_in)) give(order_change);
    if (fv_chance(1, handover_one_in)) give(order_handover);
    observer_look();
}

FV_TARGET(raft) {
    open_simulation();
    for (uint32_t i = 0; i < STEPS; i++) step();
    clients_check();
}
