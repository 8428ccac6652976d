#include "runner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../common/call.h"
#include "../common/verdict.h"
#include "blocks.h"
#include "canary.h"
#include "ending.h"
#include "guard.h"
#include "host.h"
#include "pending.h"
#include "raw.h"
#include "series.h"
#include "split.h"
#include "stack.h"
#include "timeline.h"

/* Why control has the processor. */
enum event {
    FV_EVENT_ENDED,
    FV_EVENT_CRASHED, /* `status` as waitpid would have it */
    FV_EVENT_PARTED,  /* into the process `pid` */
    FV_EVENT_FROZEN,
    FV_EVENT_SPLIT,
};

#define FV_STORE_SELF (FV_STORE_RUNNER + (UINT64_C(1) << 34))

/* In the store. */
static struct runner {
    ucontext_t control;
    ucontext_t splits[FV_DEPTH_MAX + 1]; /* of timelines that wait for their children */
    struct fv_point point;
    struct fv_point start;
    ucontext_t last;         /* where a timeline left for good */
    const ucontext_t *where; /* the target has stopped */
    uint64_t pending;        /* signals that waited there */
    enum event event;
    enum fv_side side; /* of the split that the target returns from next */
    int32_t status;
    int32_t pid;
    bool is_worn;
    uint64_t generation;
    uint64_t resident_at_start; /* bytes */
    ucontext_t *room;           /* where the context goes that the target stops at */
    const char *split_name;
    int64_t *split_energy;
} *const self = (struct runner *)(FV_STORE_AT + FV_STORE_SELF);

void fv_runner_stand(struct fv_point point) { self->point = point; }
struct fv_point fv_runner_start(void) { return self->start; }

static uint64_t resident_bytes(void) {
    struct rusage usage = {.ru_maxrss = 0};
    fv_raw3(SYS_getrusage, RUSAGE_SELF, (long)&usage, 0);
    return (uint64_t)usage.ru_maxrss << 10;
}

/* What timelines have touched stays with the process: another takes over before that could be taken
 * for what a timeline has. */
bool fv_runner_is_worn(void) {
    uint64_t most = (uint64_t)fv_rt.header->memory_mb << 20;
    return self->is_worn || resident_bytes() - self->resident_at_start > most / 2;
}

_Noreturn void fv_runner_give_up(const char *why) {
    fv_host_refuse_rewinding(why, false);
    fv_raw3(SYS_exit_group, FV_EXIT_LOST, 0, 0);
    __builtin_trap();
}

/* ---- switching ------------------------------------------------------------------------------- */

/* Control holds all signals. Only those can wait that the target blocked when it stopped. */
static uint64_t take_pending(void) {
    uint64_t blocked = 0;
    memcpy(&blocked, &self->where->uc_sigmask, sizeof blocked);
    return blocked != 0 ? fv_pending_take() : 0;
}

/* On control's stack: the target has the processor until something happens. */
static enum event resume(const ucontext_t *from, uint64_t pending) {
    fv_pending_raise(pending);
    fv_rt.in_control = false;
    if (swapcontext(&self->control, from) != 0) fv_runner_give_up("contexts cannot be switched");
    fv_rt.in_control = true;
    self->pending = take_pending();
    return self->event;
}

/* On the target's stack, for good. */
_Noreturn static void leave(enum event event) {
    self->event = event;
    self->where = &self->last;
    swapcontext(&self->last, &self->control);
    __builtin_trap();
}

/* On the target's stack, until control resumes what is saved in `room`. */
static void stop(enum event event) {
    self->event = event;
    self->where = self->room;
    swapcontext(self->room, &self->control);
}

_Noreturn void fv_runner_end(void) { leave(FV_EVENT_ENDED); }

_Noreturn void fv_runner_crash(int signal) {
    self->status = signal;
    leave(FV_EVENT_CRASHED);
}

_Noreturn void fv_runner_exit(int code) {
    self->status = (code & 0xff) << 8;
    leave(FV_EVENT_CRASHED);
}

/* In a process that parted from a runner, for the runner to see. */
_Noreturn static void refuse_from_outside(long number) {
    fv_rt.tree->refused = (uint32_t)number;
    fv_raw3(SYS_exit_group, FV_EXIT_LOST, 0, 0);
    __builtin_trap();
}

_Noreturn static void refuse(const char *what) {
    char why[FV_TEXT_BYTES];
    snprintf(why, sizeof why, "the target makes threads or processes (%s)", what);
    fv_host_refuse_rewinding(why, true);
    fv_raw3(SYS_exit_group, FV_EXIT_LOST, 0, 0);
    __builtin_trap();
}

_Noreturn void fv_runner_refuse(long number) {
    char name[32];
    if (!fv_rt.in_runner) refuse_from_outside(number);
    refuse(fv_call_name(number, name, sizeof name));
}

/* ---- a process of its own -------------------------------------------------------------------- */

static void become_process(int32_t parent) {
    fv_raw3(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
    if (fv_raw3(SYS_getppid, 0, 0, 0) != parent) fv_raw3(SYS_exit_group, FV_EXIT_LOST, 0, 0);
    fv_rt.in_runner = false;
    fv_rt.pid = (int32_t)fv_raw3(SYS_getpid, 0, 0, 0);
    fv_rt.slot->pid = fv_rt.pid;
    if (fv_rt.slot->is_pilot) fv_host_branch();
}

/* The slot is in shared memory: the process goes on in it. */
void fv_runner_part(long number) {
    if (!fv_rt.in_runner) return;
    int32_t parent = fv_rt.pid;
    fv_rt.tree->parted_by = (uint32_t)number;
    pid_t pid = fv_timeline_fork_own();
    if (pid == 0) {
        become_process(parent);
        return;
    }
    self->pid = pid;
    leave(FV_EVENT_PARTED);
}

/* Its deadline is kept by the controller, as that of any process. */
static void await_parted(struct fv_slot *s) {
    int status = 0;
    if (self->pid < 0) fv_runner_give_up("the kernel refuses to fork");
    while (fv_raw(SYS_wait4, self->pid, (long)&status, 0, 0, 0, 0) == -EINTR) continue;
    fv_pending_take(); /* its SIGCHLD is no timeline's */
    self->status = status;
    s->pid = fv_rt.pid;
    if (fv_rt.tree->refused != 0) fv_runner_refuse(fv_rt.tree->refused);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        refuse("a system call with all signals blocked"); /* as libc does it for them */
}

/* ---- a timeline ------------------------------------------------------------------------------ */

static void enter(struct fv_slot *s) {
    s->pid = fv_rt.pid;
    s->generation = ++self->generation;
    s->state = FV_SLOT_RUNNING;
    fv_runtime_enter(s);
}

static void leave_to(struct fv_slot *parent) {
    if (parent != NULL) fv_runtime_enter(parent);
    fv_rt.slot = parent;
}

/* Its children are runs within this run. */
static void serve_split(struct fv_slot *s) {
    struct fv_point outer = self->point;
    uint64_t pending = self->pending;
    struct fv_moment *moment = fv_pages_take();
    if (moment == NULL) fv_runner_give_up("no room for another splitpoint");
    self->point = (struct fv_point){moment, &self->splits[s->depth], pending};
    char name[2 * FV_TEXT_BYTES]; /* the target's own may be written over by then */
    snprintf(name, sizeof name, "%s", self->split_name);
    fv_split_here(name, self->split_energy);
    fv_pages_go(moment);
    fv_pages_drop(moment);
    self->point = outer;
    self->pending = pending;
    s->generation = ++self->generation;
    self->side = FV_PARENT;
}

/* Until it has ended, or gone on in a process of its own. */
static enum event run_to_end(struct fv_slot *s) {
    fv_pages_go(self->point.moment);
    enter(s);
    self->side = FV_CHILD;
    self->room = &self->splits[s->depth];
    enum event event = resume(self->point.context, self->point.pending);
    while (event == FV_EVENT_SPLIT) {
        serve_split(s);
        self->room = &self->splits[s->depth];
        event = resume(&self->splits[s->depth], self->pending);
    }
    return event;
}

/* What ended by force is believed once a process of its own has ended in the same way. */
static void settle(struct fv_slot *s, enum event event) {
    bool by_force = event == FV_EVENT_CRASHED;
    if (event == FV_EVENT_PARTED) {
        await_parted(s);
        fv_rt.tree->totals.parted++;
    }
    if (event != FV_EVENT_ENDED) fv_verdict_from_status(s, self->status);
    if (s->verdict == FV_VERDICT_TIMEOUT || s->verdict == FV_VERDICT_OUT_OF_MEMORY ||
        (s->verdict == FV_VERDICT_LOST && event != FV_EVENT_ENDED))
        fv_runner_give_up(NULL);
    by_force |= event == FV_EVENT_PARTED && s->verdict != FV_VERDICT_OK &&
                s->verdict != FV_VERDICT_ASSERTION;
    self->is_worn |= by_force;
    if ((by_force || s->is_traced) && !fv_series_is_on()) fv_canary_ask(s, by_force);
    s->state = FV_SLOT_DONE;
}

void fv_runner_run(struct fv_slot *s) {
    struct fv_slot *parent = fv_rt.slot;
    if (!fv_series_is_on()) fv_canary_mark(s);
    enum event event = run_to_end(s);
    settle(s, event);
    leave_to(parent);
}

enum fv_side fv_runner_split(const char *name, int64_t *mark_energy) {
    self->split_name = name;
    self->split_energy = mark_energy;
    stop(FV_EVENT_SPLIT);
    return self->side;
}

/* ---- pilots ---------------------------------------------------------------------------------- */

void fv_runner_freeze(void) { stop(FV_EVENT_FROZEN); }

enum fv_pilot fv_runner_fly(struct fv_slot *s, ucontext_t *room, struct fv_point *point) {
    fv_pages_go(self->point.moment);
    enter(s);
    self->room = room;
    enum event event = resume(self->point.context, self->point.pending);
    if (event == FV_EVENT_PARTED) {
        await_parted(s);
        fv_rt.tree->totals.parted++;
        return fv_host_branch_ended(self->status) ? FV_PILOT_SERVED : FV_PILOT_ENDED;
    }
    if (event != FV_EVENT_FROZEN) {
        self->is_worn |= event == FV_EVENT_CRASHED;
        return FV_PILOT_ENDED;
    }
    *point = (struct fv_point){fv_pages_take(), room, self->pending};
    if (point->moment == NULL) fv_runner_give_up("no room for another splitpoint");
    return FV_PILOT_THERE;
}

/* ---- the beginning --------------------------------------------------------------------------- */

bool fv_runner_open(int32_t zygote, char *why, size_t size) {
    fv_rt.in_runner = fv_rt.in_control = true;
    if (!FV_HAS_RAW || !fv_stack_is_own()) {
        snprintf(why, size, "no stack of the target's own");
        return false;
    }
    if (!fv_store_map(FV_STORE_SELF, sizeof *self)) {
        snprintf(why, size, "no address space for rewinding");
        return false;
    }
    fv_pending_hold();
    self->start = (struct fv_point){NULL, fv_stack_start(), fv_pending_take()};
    self->point = self->start;
    bool is_open = fv_pages_open(zygote, why, size) && fv_guard_close(why, size);
    self->resident_at_start = resident_bytes();
    return is_open;
}
