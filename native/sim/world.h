/* What nodes, the network and disks know of the model and of each other. Targets see sim/model.h,
 * sim/node.h, sim/net.h and sim/disk.h. */
#ifndef FV_SIM_WORLD_H
#define FV_SIM_WORLD_H

#include <fuzzverse/sim/disk.h>
#include <fuzzverse/sim/model.h>
#include <fuzzverse/sim/net.h>
#include <fuzzverse/sim/node.h>

#include "tasks.h"

/* ---- model.c --------------------------------------------------------------------------------- */

enum fv_fault {
    FV_FAULT_LOSS,
    FV_FAULT_DUPLICATION,
    FV_FAULT_REORDERING,
    FV_FAULT_RESET,
    FV_FAULT_PARTITION, /* a second */
    FV_FAULT_ONE_WAY,   /* a second */
    FV_FAULT_POWER_LOSS,
    FV_FAULT_TORN_PAGE,
    FV_FAULT_LYING_SYNC,
    FV_FAULT_BIT_ROT,
    FV_FAULT_MISDIRECTED,
    FV_FAULT_LOST_WRITE,
    FV_FAULT_READ_ERROR,
    FV_FAULT_WRITE_ERROR,
    FV_FAULT_SLOW_SYNC,
    FV_FAULT_CRASH, /* a second */
    FV_FAULT_KILL,  /* a second */
    FV_FAULT_STOP,  /* a second */
    FV_FAULT_COUNT
};

/* All of it 0 before fv_sim_open(). */
extern struct fv_faults {
    struct fv_model model;
    uint32_t rates[FV_FAULT_COUNT]; /* this root's, in parts of a million; none after fv_heal() */
    uint32_t quiet;
} fv_faults;

/* Whether it happens now, which a draw says. */
static inline bool fv_fault_strikes(enum fv_fault fault) {
    uint32_t rate = fv_faults.rates[fault];
    return rate != 0 && fv_faults.quiet == 0 && fv_chance(rate, 1000000);
}
/* From now on `strike` runs as an event of the world, at the fault's rate a second. */
void fv_fault_every_second(enum fv_fault fault, void (*strike)(void));
/* Uniform; either bound may be the greater. */
uint64_t fv_drawn_ns(uint64_t min_ns, uint64_t max_ns);

/* ---- nodes.c --------------------------------------------------------------------------------- */

/* The running task's; in the world it is a misuse of `call`. */
fv_node fv_node_of_caller(const char *call);
void fv_node_check(fv_node node, const char *call);
bool fv_node_stays_up(fv_node node); /* it is up, and not about to stop */
/* What it is called, and its number, for the log. */
#define FV_NODE_WORDS "node %u (%s)"
#define FV_NODE_ARGUMENTS(node) (node), fv_node_name(node)

/* ---- attrition.c ----------------------------------------------------------------------------- */

void fv_attrition_node_down(fv_node node);

/* ---- net.c, cuts.c, connection.c: what goes with a node -------------------------------------- */

void fv_net_open(void); /* by fv_sim_open() */
uint64_t fv_net_drawn_latency(void);
void fv_net_node_down(fv_node node);
/* A peer hears of a process that has ended, and nothing of a machine without power. */
void fv_streams_node_down(fv_node node, bool by_power);
/* Who was not told of a loss of power hears of it now. */
void fv_streams_node_up(fv_node node);

/* ---- disk.c ---------------------------------------------------------------------------------- */

void fv_disk_node_down(fv_node node, bool by_power);

#endif
