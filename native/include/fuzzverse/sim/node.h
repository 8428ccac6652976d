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

/* Numbered from 0, in the order in which they are made. */
typedef uint32_t fv_node;
#define FV_WORLD UINT32_MAX /* where the body of FV_TARGET runs: no node, sees true time */

/* `boot` runs as an event of the node at every start; what it leaves behind (handlers, timers,
 * tasks) is the node. Made stopped. The name is not copied. */
fv_node fv_node_new(const char *name, void (*boot)(void *with), void *with);
/* What a graceful stop calls first, as an event of the current node; for this life of it. */
void fv_node_on_stop(void (*stop)(void *with), void *with);

void fv_node_start(fv_node node); /* without effect while it is up */
/* Power loss: of unsynced writes a drawn subset is kept. By the node itself: does not return. This
 * and the next two are without effect while it is down. */
void fv_node_crash(fv_node node);
/* The process ends: what was written stays. By the node itself: does not return. */
void fv_node_kill(fv_node node);
/* Behind the events that the node still has to run: what fv_node_on_stop() said, then its end. */
void fv_node_stop(fv_node node);

bool fv_node_is_up(fv_node node);
/* Blocks. False: it is still up when the time is over. */
bool fv_node_wait_down(fv_node node, uint64_t timeout_ns);
uint32_t fv_node_starts(fv_node node); /* so far */
const char *fv_node_name(fv_node node);
uint32_t fv_node_count(void);
/* Of the running task; FV_WORLD outside of nodes. */
fv_node fv_node_self(void);

/* Memory that goes with the current node: zeroed, never NULL. */
void *fv_node_alloc(size_t bytes);

/* Runs `then` as an event of that node; without effect while it is down. A node's events (boot,
 * timers, messages, these) run one at a time, in their order: one that blocks holds the others
 * up, as in a server with one thread. Tasks that were spawned run beside them. */
void fv_node_post(fv_node node, void (*then)(void *with), void *with);

/* From now on the model's `node` faults happen by themselves to `count` nodes from `first` on, and
 * whoever of them goes down, for whatever reason, is started again, until fv_heal() or the end.
 * Once. */
void fv_attrition(fv_node first, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif
