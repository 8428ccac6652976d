/* Nodes: what crashes and restarts as one. A node has tasks, timers, memory, a clock, an
 * address on the network and a disk, of which only the disk outlives it. */
#ifndef FUZZVERSE_SIM_NODE_H
#define FUZZVERSE_SIM_NODE_H

#include "model.h"
#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FV_NODES_MAX = 64 };

typedef uint32_t fv_node;
#define FV_NO_NODE UINT32_MAX /* where the body of FV_TARGET runs: never crashes, sees true time */

/* `boot` runs in an event task of the node at every start; what it leaves behind (handlers, timers,
 * tasks) is the node. Made stopped. */
fv_node fv_node_new(const char *name, void (*boot)(void *with), void *with);
/* What a graceful stop calls first, in an event task of the node. */
void fv_node_on_stop(void (*stop)(void *with), void *with);

void fv_node_start(fv_node node);
/* Power loss: of unsynced writes a drawn subset is kept. By the node itself: does not return. */
void fv_node_crash(fv_node node);
/* The process ends: what was written stays. By the node itself: does not return. */
void fv_node_kill(fv_node node);
void fv_node_stop(fv_node node);

bool fv_node_is_up(fv_node node);
uint32_t fv_node_starts(fv_node node); /* so far */
const char *fv_node_name(fv_node node);
uint32_t fv_node_count(void);
/* Of the running task. */
fv_node fv_node_self(void);

/* Memory that goes with its node: zeroed, never NULL. */
void *fv_node_alloc(size_t bytes);

/* Runs `then` in a task of that node as soon as it may. A node's events (timers, messages,
 * these) run one at a time, in their order, each on a stack of its own: one that blocks holds
 * the others up, as in a server with one thread. Tasks that were spawned run beside them. */
void fv_node_post(fv_node node, void (*then)(void *with), void *with);

/* From now on faults of the model's `node` part happen by themselves, to these nodes, until
 * fv_heal or the end: crashes, kills, stops, each followed by a restart. Once. */
void fv_attrition(void);

#ifdef __cplusplus
}
#endif

#endif
