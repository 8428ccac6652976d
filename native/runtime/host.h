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
/* Waits for the next job and enters its tree. */
void fv_host_await_job(void);
/* Enters the tree of the job that this worker is at. */
void fv_host_enter_job(void);
/* The job has ended. */
void fv_host_end_job(void);
/* Runs the children of an order whose splitpoint this process is at. */
enum fv_side fv_host_run(const struct fv_order *order);
/* Forks the pilot that the worker's page asks for, which takes the baton. FV_CHILD in the pilot. */
enum fv_side fv_host_launch(void);
/* In the zygote: waits for the baton, at most so long; returns who has it. */
uint32_t fv_host_wait(uint32_t timeout_ms);
/* Of this worker. */
uint32_t fv_host_index(void);
/* In a process that is to be a timeline: the worker's page is out of its reach from now on. */
void fv_host_leave(void);
/* Has it in reach again. */
void fv_host_return(void);
/* Gives the baton to another host. */
void fv_host_pass(uint32_t to);

/* ---- of runners ------------------------------------------------------------------------------ */

/* In a runner, right after its fork. */
void fv_host_become_runner(void);
/* The runner's number among those who may have the baton. */
uint32_t fv_host_runner(void);
/* In a runner: waits for the baton; gives it back, for good when the runner is worn. */
void fv_host_await_baton(void);
void fv_host_give_back(bool is_worn);
/* In a runner: hands the baton over so that a canary checks the timeline of `slot`. */
enum fv_answer fv_host_ask(const struct fv_slot *slot);
/* In a runner that is about to end: tells why, if there is something to tell; `for_good` when no
 * job of this target can be rewound. */
void fv_host_refuse_rewinding(const char *why, bool for_good);
/* In a runner: a pilot's slot for this order, from where it stands. */
struct fv_slot *fv_host_prepare_pilot(const struct fv_order *order);
/* In a runner: the pilot ended before its splitpoint. */
void fv_host_note_miss(struct fv_slot *pilot);
/* In a process that a runner's pilot went on in: it serves the order itself. */
void fv_host_branch(void);
/* In the runner, when that process has ended: whether it got to the splitpoint. */
bool fv_host_branch_ended(int status);

/* ---- of pilots ------------------------------------------------------------------------------- */

/* In a pilot at its splitpoint: freezes, and serves orders for as long as the worker lives. Returns
 * in each of the children, whose draw is next. */
void fv_host_freeze(void);
/* In a pilot whose end came before its splitpoint. */
_Noreturn void fv_host_miss(void);

#endif
