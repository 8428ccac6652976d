/* The timeline: a few seconds of a cluster, its clients, and what an operator and bad luck do. */
#include "clients.h"
#include "observer.h"

enum {
    STEPS = 40,
    CALM_STEPS = 15, /* at least, after a fault: one election follows upon another */
    STEPS_MAX = 200,
    STEP_MS_MIN = 20,
    STEP_MS_MAX = 110,
    FAULT_ONE_IN_MIN = 8192, /* steps and moments; a root has its own rate */
    ORDER_ONE_IN_MIN = 64,
    RECONCILE_BITS = 2, /* of its rates, each a quarter of the one before */
    RATES = 3,          /* each half of the one before */
    HEAL_ONE_IN = 12,   /* steps, once some link is cut */
    TRIES_MAX = 100,    /* of an order to be carried out */
    TRY_MS = 10,
    KEPT_VOTERS = 3, /* the automatic operator leaves so many */
};

/* Of steps, one in so many. */
static uint32_t fault_one_in, change_one_in, handover_one_in;
static uint32_t reconcile_one_in; /* of elections */
static bool is_cut;
static uint32_t calm_steps; /* since the last fault */

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

/* Half of them, drawn one by one. */
static uint32_t half_of_servers(void) {
    uint32_t half = 0, wanted = settings.server_count / 2;
    for (uint8_t i = 0; i < settings.server_count && wanted > 0; i++) {
        if (fv_below(settings.server_count - i) >= wanted) continue;
        half |= 1U << i;
        wanted--;
    }
    return half;
}

/* Two halves that do not hear each other. */
static void part(void) {
    fv_net_heal_all();
    uint32_t half = half_of_servers();
    for (uint8_t i = 0; i < settings.server_count; i++)
        for (uint8_t j = 0; j < settings.server_count; j++)
            if (is_in(half, i) != is_in(half, j)) fv_net_cut(server_node(i), server_node(j));
}

static void fault(void) {
    enum { CRASH, KILL, ISOLATE, CUT, PART, KINDS };
    uint32_t kind = fv_pick("fault", KINDS);
    switch (kind) {
    case CRASH: fv_node_crash(server_node(victim())); break;
    case KILL: fv_node_kill(server_node(victim())); break;
    case ISOLATE: isolate(victim()); break;
    case CUT: cut_link(victim(), any_server()); break;
    default: part(); break;
    }
    if (kind >= ISOLATE) is_cut = true;
    calm_steps = 0;
}

void workload_moment(void) {
    if (fv_chance(1, fault_one_in)) fault();
}

static void heal(void) {
    if (!is_cut || !fv_chance(1, HEAL_ONE_IN)) return;
    fv_net_heal_all();
    is_cut = false;
}

static void start_again(void) {
    for (uint8_t i = 0; i < settings.server_count; i++)
        if (!fv_node_is_up(server_node(i)) && fv_chance(1, 3)) fv_node_start(server_node(i));
}

/* ---- what an operator does ------------------------------------------------------------------- */

/* An order waits at its server until that one leads and may carry it out; by then it may be too
 * late for it. It is a number, which outlives whoever gave it. */
struct order {
    uint8_t server, subject, tries;
};

static void *packed(struct order o) {
    return (void *)(uintptr_t)(o.server | o.subject << 8 | o.tries << 16);
}

static struct order unpacked(void *order) {
    uintptr_t n = (uintptr_t)order;
    return (struct order){(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16)};
}

static void order_handover(void *order) {
    struct order o = unpacked(order);
    election_hand_over(&servers[o.server], o.subject);
}

static void order_change(void *order) {
    struct order o = unpacked(order);
    struct server *s = &servers[o.server];
    if (membership_change(s, s->voters ^ 1U << o.subject) || ++o.tries == TRIES_MAX) return;
    fv_timer_start(FV_MS(TRY_MS), order_change, packed(o));
}

static void give(void (*what)(void *order)) {
    struct order o = {.server = victim(), .subject = any_server()};
    if (server_is_up(o.server)) fv_node_post(server_node(o.server), what, packed(o));
}

static uint8_t one_of(uint32_t set) {
    for (uint64_t left = fv_below(bits_of(set)); left > 0; left--) set &= set - 1;
    return (uint8_t)__builtin_ctz(set);
}

/* The automatic operator of some clusters: whoever has just begun to lead removes a voter that has
 * not voted for it, and so may be gone, or adds a server that waits. Orders wait until they may be
 * carried out, this one too. */
void workload_led(const struct server *s) {
    uint32_t all = (1U << settings.server_count) - 1, subjects = all & ~s->voters;
    if (bits_of(s->voters) > KEPT_VOTERS) subjects |= s->voters & ~s->votes;
    if (subjects == 0 || !fv_chance(1, reconcile_one_in)) return;
    struct order o = {.server = s->id, .subject = one_of(subjects)};
    fv_node_post(server_node(s->id), order_change, packed(o));
}

/* ---- the timeline ---------------------------------------------------------------------------- */

static uint32_t rate(uint32_t one_in_min) { return one_in_min << fv_below(RATES); }

static void draw_settings(void) {
    settings.server_count = 3 + (uint32_t)fv_below(SERVERS_MAX - 2);
    settings.voters = (1U << (3 + fv_below(settings.server_count - 2))) - 1;
    settings.client_count = 2 + (uint32_t)fv_below(CLIENTS_MAX - 1);
    settings.batch = 1U << fv_below(3);
    settings.snapshot_every = 8U << fv_below(3);
    fault_one_in = rate(FAULT_ONE_IN_MIN);
    change_one_in = rate(ORDER_ONE_IN_MIN);
    handover_one_in = rate(ORDER_ONE_IN_MIN);
    reconcile_one_in = 1U << RECONCILE_BITS * fv_below(RATES);
}

static void open_simulation(void) {
    static const struct fv_model model = {
        .net = {.latency_min_ns = FV_MS(1),
                .latency_max_ns = FV_MS(4),
                .loss = 100,
                .duplication = 100,
                .reordering = 300},
        .disk = {.page_bytes = 512,
                 .power_loss = 30,
                 .torn_pages = 500000,
                 .slow_syncs = 50,
                 .sync_ns = FV_MS(1),
                 .slow_sync_max_ns = FV_MS(500),
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
    calm_steps++;
    start_again();
    heal();
    workload_moment();
    if (fv_chance(1, change_one_in)) give(order_change);
    if (fv_chance(1, handover_one_in)) give(order_handover);
    observer_look();
}

FV_TARGET(raft) {
    open_simulation();
    for (uint32_t i = 0; i < STEPS || (calm_steps < CALM_STEPS && i < STEPS_MAX); i++) step();
    clients_check();
}
