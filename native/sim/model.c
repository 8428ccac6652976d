#include "world.h"

enum {
    FV_MILLION = 1000000,
    FV_RATE_HALVINGS = 7, /* the least rate of a root is a 64th of what is declared */
};

struct fv_faults fv_faults;

static bool is_open;

/* ---- what a root enables --------------------------------------------------------------------- */

static void list_declared(const struct fv_model *model, uint32_t declared[FV_FAULT_COUNT]) {
    declared[FV_FAULT_LOSS] = model->net.loss;
    declared[FV_FAULT_DUPLICATION] = model->net.duplication;
    declared[FV_FAULT_REORDERING] = model->net.reordering;
    declared[FV_FAULT_RESET] = model->net.resets;
    declared[FV_FAULT_PARTITION] = model->net.partitions;
    declared[FV_FAULT_ONE_WAY] = model->net.one_way_cuts;
    declared[FV_FAULT_POWER_LOSS] = model->disk.power_loss;
    declared[FV_FAULT_TORN_PAGE] = model->disk.torn_pages;
    declared[FV_FAULT_LYING_SYNC] = model->disk.lying_syncs;
    declared[FV_FAULT_BIT_ROT] = model->disk.bit_rot;
    declared[FV_FAULT_MISDIRECTED] = model->disk.misdirected;
    declared[FV_FAULT_LOST_WRITE] = model->disk.lost_writes;
    declared[FV_FAULT_READ_ERROR] = model->disk.read_errors;
    declared[FV_FAULT_WRITE_ERROR] = model->disk.write_errors;
    declared[FV_FAULT_SLOW_SYNC] = model->disk.slow_syncs;
    declared[FV_FAULT_CRASH] = model->node.crashes;
    declared[FV_FAULT_KILL] = model->node.kills;
    declared[FV_FAULT_STOP] = model->node.stops;
}

/* None in half of the roots. In octaves, so log-uniformly. */
static uint32_t drawn_rate(uint32_t declared) {
    if (declared == 0 || fv_chance(1, 2)) return 0;
    uint32_t rate = declared >> fv_below(FV_RATE_HALVINGS);
    return rate == 0 ? 1 : rate;
}

void fv_sim_open(const struct fv_model *model) {
    if (is_open) fv_bug("misuse of the kit: fv_sim_open() was called before");
    if (fv_node_count() > 0) fv_bug("misuse of the kit: fv_sim_open() behind the first node");
    is_open = true;
    fv_faults.model = *model;
    list_declared(model, fv_faults.rates);
    for (int fault = 0; fault < FV_FAULT_COUNT; fault++) {
        uint32_t declared = fv_faults.rates[fault];
        if (declared > FV_MILLION && fault != FV_FAULT_PARTITION && fault != FV_FAULT_ONE_WAY &&
            fault < FV_FAULT_CRASH)
            fv_bug("misuse of the kit: a rate of %u parts of a million", declared);
        fv_faults.rates[fault] = drawn_rate(declared);
    }
    fv_net_open();
}

/* ---- when faults happen ---------------------------------------------------------------------- */

void fv_quiet_begin(void) { fv_faults.quiet++; }

void fv_quiet_end(void) {
    if (fv_faults.quiet == 0) fv_bug("misuse of the kit: fv_quiet_end() without a beginning");
    fv_faults.quiet--;
}

void fv_heal(void) {
    for (int fault = 0; fault < FV_FAULT_COUNT; fault++) fv_faults.rates[fault] = 0;
    fv_net_heal_all();
    for (fv_node node = 0; node < fv_node_count(); node++) fv_node_start(node);
    fv_log("all faults have healed");
}

uint64_t fv_drawn_ns(uint64_t min_ns, uint64_t max_ns) {
    if (max_ns <= min_ns) return min_ns;
    return min_ns + fv_below(max_ns - min_ns + 1);
}

static void (*strikes[FV_FAULT_COUNT])(void);

static void next_strike(enum fv_fault fault);

static void strike(void *with) {
    enum fv_fault fault = (enum fv_fault)(uintptr_t)with;
    if (fv_faults.rates[fault] == 0) return;
    if (fv_faults.quiet == 0) strikes[fault]();
    next_strike(fault);
}

/* From 0 to twice the mean, evenly. */
static void next_strike(enum fv_fault fault) {
    uint64_t mean_ns = FV_SECONDS(FV_MILLION) / fv_faults.rates[fault];
    fv_clock_post(FV_WORLD, 1 + fv_below(2 * mean_ns), strike, (void *)(uintptr_t)fault);
}

void fv_fault_every_second(enum fv_fault fault, void (*then)(void)) {
    if (fv_faults.rates[fault] == 0) return;
    strikes[fault] = then;
    next_strike(fault);
}
