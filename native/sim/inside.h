/* What the files that make up tasks (tasks.c, schedule.c, clock.c, events.c, stuck.c, share.c)
 * share among themselves. */
#ifndef FV_SIM_INSIDE_H
#define FV_SIM_INSIDE_H

#include "tasks.h"

#define FV_LIKELY(x) __builtin_expect(!!(x), 1)
#define FV_UNLIKELY(x) __builtin_expect(!!(x), 0)

enum { FV_READS_KEPT = 8 };
#define FV_BODY_STACK_BYTES (UINT64_C(8) << 20) /* the runtime's, of FV_TARGET */

enum fv_task_state {
    FV_TASK_READY, /* can run, or runs */
    FV_TASK_BLOCKED,
    FV_TASK_STALLED, /* could run, and is held by the schedule */
};

struct fv_owner {
    uint32_t node;
    uint32_t live;  /* tasks, but for an event server without work */
    uint32_t ready; /* of them, those that can run */
    int32_t drift_ppm;
    uint64_t true_base, local_base; /* when the clock was set, as true time and as it then showed */
    struct fv_events *events;
};

/* One task that is alive. Allocated at its spawn, freed at its end. */
struct fv_tasklet {
    void *left; /* its stack, while it does not run */
    fv_task id;
    uint8_t state;     /* enum fv_task_state */
    uint8_t wait_kind; /* enum fv_wait_kind */
    bool is_server, is_idle, was_woken;
    int32_t error; /* its errno, while it does not run */
    struct fv_owner *owner;

    struct fv_waiters *on;   /* what it waits in; NULL: only for a timer */
    uint32_t before, behind; /* in that queue: 1 + task */
    const void *what;
    fv_task has_it; /* whom it waits for, or FV_NO_TASK */
    struct fv_timer timeout;
    struct fv_waiters joiners;

    uint32_t atomic;   /* depth of fv_atomic_begin() */
    uint32_t priority; /* FV_SCHEDULE_PRIORITIES: the greatest runs */
    uint32_t held_for; /* FV_SCHEDULE_STALLS: steps of others */
    uint64_t held_at;  /* since when */
    uint32_t read_count, stale_count;
    uintptr_t touching;             /* shared memory that it is held up before; 0: none */
    uint64_t read_bits;             /* a sieve before `reads` */
    uintptr_t reads[FV_READS_KEPT]; /* words of shared memory that it read last */

    uint8_t *stack; /* lowest address; NULL for the body of FV_TARGET */
    size_t stack_bytes;
    void *fake_stack;         /* AddressSanitizer's */
    const void *known_bottom; /* of the body's stack, as AddressSanitizer told */
    size_t known_bytes;
    void (*body)(void *with);
    void *with;
    void *local; /* of the pthread shims */
};

struct fv_tasks {
    struct fv_tasklet *current; /* NULL: the kit is not in use yet */
    uint32_t ready_count;
    uint32_t alive_count;
    uint32_t id_count, id_room;
    struct fv_tasklet **ready;     /* in the order of their ids, the running one among them */
    struct fv_task_entry *entries; /* by id */
    size_t stack_bytes;
    void (*swap)(struct fv_tasklet *from, struct fv_tasklet *to); /* of the pthread shims */
    void (*leave)(struct fv_tasklet *task);                       /* the same: a task has ended */
};
struct fv_task_entry {
    const char *name;
    struct fv_tasklet *alive; /* NULL: it has ended */
};
extern struct fv_tasks fv_tasks;

/* ---- tasks.c --------------------------------------------------------------------------------- */

/* At the first use of anything that needs tasks. */
void fv_tasks_open(void);
static inline struct fv_tasklet *fv_tasks_current(void) {
    if (FV_UNLIKELY(fv_tasks.current == NULL)) fv_tasks_open();
    return fv_tasks.current;
}
struct fv_owner *fv_tasks_owner_of(uint32_t node);
struct fv_tasklet *fv_tasks_alive(fv_task task); /* NULL: ended, or never was */
void fv_tasks_wake(struct fv_tasklet *task, bool was_woken);
/* Puts it among those that can run, or takes it out. */
void fv_tasks_make_ready(struct fv_tasklet *task);
void fv_tasks_unready(struct fv_tasklet *task, enum fv_task_state state);
bool fv_tasks_join(fv_task task, uint64_t timeout_ns);
size_t fv_tasks_stack_bytes(void); /* of tasks spawned from now on */
/* The running task goes on once it is `next` again. */
void fv_tasks_switch(struct fv_tasklet *next);
/* Who waits there, waits for `has_it` from now on. */
void fv_tasks_owned_by(const struct fv_waiters *on, fv_task has_it);

/* ---- schedule.c ------------------------------------------------------------------------------ */

/* Who runs when the running task blocks, ends or yields; at least one can run. */
struct fv_tasklet *fv_schedule_next(void);
/* Who runs from a point on at which the running task could go on. */
struct fv_tasklet *fv_schedule_at_point(void);
void fv_schedule_spawned(struct fv_tasklet *task);
void fv_schedule_yielded(struct fv_tasklet *task);
/* It ends: if it is held, it is so no more. */
void fv_schedule_forget(struct fv_tasklet *task);
/* Something happened that others may have waited for: who only yields has had a reason. */
void fv_schedule_progressed(void);
/* Tasks that the schedule holds though they could run. */
uint32_t fv_schedule_held_count(void);
struct fv_tasklet *fv_schedule_held(uint32_t n);

/* ---- clock.c --------------------------------------------------------------------------------- */

bool fv_clock_has_timer(void);
uint64_t fv_clock_next(void); /* when the next timer fires; there must be one */
/* Whoever waited for what happens until then can run. */
void fv_clock_advance(uint64_t to);
struct fv_timer fv_clock_wake(struct fv_tasklet *task, uint64_t delay_ns);
void fv_clock_open(void);

/* ---- stuck.c --------------------------------------------------------------------------------- */

/* Ends the timeline where whom the running task is about to wait for waits, in the end, for it. */
void fv_stuck_check_cycle(const struct fv_tasklet *task);
/* Nothing can run and no timer is left. */
_Noreturn void fv_stuck_report(void);
/* What kinds of waiting are called. */
const char *fv_stuck_kind(enum fv_wait_kind kind);
/* The stack of a task that does not run, or of the running one, into the log: a line a frame, as
 * `fuzzverse replay` looks for them. */
void fv_stuck_log_stack(const struct fv_tasklet *task, uint32_t frames_max);

#endif
