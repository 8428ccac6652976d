/* The inside of tasks: what the other parts of the kit build on. Targets see sim/task.h alone.
 *
 * All of it is ordinary memory of the target, put back with it. */
#ifndef FV_SIM_TASKS_H
#define FV_SIM_TASKS_H

#include <fuzzverse/sim/node.h>
#include <fuzzverse/sim/share.h>
#include <fuzzverse/sim/task.h>

/* ---- owners: nodes, and FV_WORLD for what belongs to none ------------------------------------ */

uint32_t fv_tasks_owner(void); /* of the running task */
fv_task fv_tasks_spawn(uint32_t owner, const char *name, void (*body)(void *with), void *with);
/* Drops all tasks of an owner but the running one, without unwinding, and the events that it still
 * had to run. */
void fv_tasks_end_others(uint32_t owner);
/* Drops the running task. */
_Noreturn void fv_tasks_end_self(void);

/* ---- events.c: what an owner does one at a time ---------------------------------------------- */

/* Runs `then` in the owner's server task, behind what was posted before. */
void fv_events_post(uint32_t owner, void (*then)(void *with), void *with);
/* What waits to be run is forgotten; fv_tasks_end_others() calls it. */
void fv_events_drop(uint32_t owner);

/* ---- clock.c --------------------------------------------------------------------------------- */

/* The owner's clock from now on: what it shows is true time plus `skew_ns`, and it runs at
 * 1 + drift_ppm / 10^6 of true time. A clock that would show less than 0 shows 0. */
void fv_clock_set(uint32_t owner, int64_t skew_ns, int32_t drift_ppm);
/* As fv_timer_start, in true time and for another owner. */
struct fv_timer fv_clock_post(uint32_t owner, uint64_t true_delay_ns, void (*then)(void *with),
                              void *with);
/* The same, but not as an event: whoever runs as time passes calls it, and it must not block. */
void fv_clock_call(uint64_t true_delay_ns, void (*then)(void *with), void *with);
/* The owner's timers never fire. */
void fv_clock_drop(uint32_t owner);
/* When a timeout is over by the clock of the running task's owner, and how much of it is left. */
uint64_t fv_clock_deadline(uint64_t timeout_ns);
uint64_t fv_clock_left(uint64_t deadline);

#endif
