/* Hosts: the processes that timelines are forked from under frontier. The zygote is the host of the
 * start; a checkpoint is a pilot, forked from another host, that ran to a splitpoint and froze
 * there. One process of a worker is at work at a time: who holds the baton. */
#ifndef FV_RUNTIME_HOST_H
#define FV_RUNTIME_HOST_H

#include "runtime.h"

enum { FV_ZYGOTE = 0 };

/* Called once in the zygote. */
void fv_host_open(uint32_t worker);
/* The page of this worker; not to be touched by timelines. */
struct fv_worker *fv_host_worker(void);
/* Makes the tree of the job under way the one that this process works on, and puts all others out
 * of reach: a target that scribbles spoils its own job alone. */
void fv_host_enter_tree(uint32_t index);
/* Runs the children of an order whose splitpoint this process is at. */
enum fv_side fv_host_run(const struct fv_order *order);
/* Forks the pilot that the worker's page asks for, which takes the baton. FV_CHILD in the pilot. */
enum fv_side fv_host_launch(void);
/* In the zygote: waits for the baton, at most so long; returns who has it. */
uint32_t fv_host_wait(uint32_t timeout_ms);
/* Gives the baton to another host. */
void fv_host_pass(uint32_t to);

/* In a pilot at its splitpoint: freezes, and serves orders for as long as the worker lives. Returns
 * in each of the children, whose draw is next. */
void fv_host_freeze(void);
/* In a pilot whose end came before its splitpoint. */
_Noreturn void fv_host_miss(void);

#endif
