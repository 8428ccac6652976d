/* A runner: one process that runs timeline after timeline, and puts its memory back in between.
 * Control runs on the stack that the kernel gave, the target on its own; they call each other by
 * switching contexts. Only one timeline is under way, but for those that wait for the children that
 * they split off. */
#ifndef FV_RUNTIME_RUNNER_H
#define FV_RUNTIME_RUNNER_H

#include <stddef.h>
#include <ucontext.h>

#include "pages.h"
#include "runtime.h"

/* Where timelines go on from: memory, registers, signal mask, signals that wait. */
struct fv_point {
    struct fv_moment *moment;
    const ucontext_t *context;
    uint64_t pending;
};

/* How a pilot ended. */
enum fv_pilot { FV_PILOT_THERE, FV_PILOT_ENDED, FV_PILOT_SERVED };

/* ---- control --------------------------------------------------------------------------------- */

/* In the runner, right after its fork: makes this process one. False, with words: it cannot be. */
bool fv_runner_open(int32_t zygote, char *why, size_t size);
/* Where timelines start. */
struct fv_point fv_runner_start(void);
/* Where the timelines that come next go on from. */
void fv_runner_stand(struct fv_point point);
/* Runs the timeline of a prepared slot to its end. */
void fv_runner_run(struct fv_slot *slot);
/* Runs a pilot from here; when it gets there, `point` is where, with the context in `room`. SERVED:
 * it went on in a process of its own, and so did its order's children. */
enum fv_pilot fv_runner_fly(struct fv_slot *slot, ucontext_t *room, struct fv_point *point);
/* Whether another runner should take over before the next job: a timeline crashed, or memory that
 * timelines have touched has piled up. */
bool fv_runner_is_worn(void);
/* The job cannot be done in a runner: it ends, and the job begins again under fork. */
_Noreturn void fv_runner_give_up(const char *why);

/* ---- called by what runs on the target's stack ----------------------------------------------- */

/* The timeline's slot says how it ended. */
_Noreturn void fv_runner_end(void);
/* A crash signal. */
_Noreturn void fv_runner_crash(int signal);
/* The target leaves by itself, with this code. */
_Noreturn void fv_runner_exit(int code);
/* It asks for a system call that no timeline of a runner can have. */
_Noreturn void fv_runner_refuse(long number);
/* The timeline goes on in a process of its own: returns there, and there alone. */
void fv_runner_part(long number);
/* A pilot is at its splitpoint. Returns in each of the children. */
void fv_runner_freeze(void);
/* Depth-first: splits here. Returns in each child, and in the parent when all have ended. */
enum fv_side fv_runner_split(const char *name, int64_t *mark_energy);

#endif
