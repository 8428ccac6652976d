/* Tasks: cooperative threads on stacks of their own, scheduled by draws. A task runs until it
 * blocks, yields, or is preempted (share.h). All of it costs no system call. */
#ifndef FUZZVERSE_SIM_TASK_H
#define FUZZVERSE_SIM_TASK_H

#include "clock.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    FV_TASKS_MAX = 1024,           /* alive at once; one more is a misuse of the kit */
    FV_TASK_STACK_BYTES = 1 << 18, /* unless fv_task_stack_bytes() says otherwise */
};

/* Names a task for as long as the timeline lasts. 0 is the body of FV_TARGET. */
typedef uint32_t fv_task;

/* In the node of who calls. The name is not copied; it shows in logs and in deadlock reports. */
fv_task fv_spawn(const char *name, void (*body)(void *with), void *with);
fv_task fv_self(void);
const char *fv_task_name(fv_task task);
void fv_yield(void);
/* Measured by the current node's clock. */
void fv_sleep(uint64_t ns);
/* Until it has ended, or is gone with its node. */
void fv_join(fv_task task);
bool fv_task_has_ended(fv_task task);
/* For tasks spawned from now on. */
void fv_task_stack_bytes(size_t bytes);

/* ---- waiting: what everything that blocks is made of ----------------------------------------- */

/* A queue of waiting tasks. Zero-initialised is empty. Woken in an order that is drawn. */
struct fv_waiters {
    uint32_t first, last; /* 1 + task; 0: none */
};
enum fv_wait_kind {
    FV_WAIT_MUTEX,
    FV_WAIT_CONDITION,
    FV_WAIT_SEMAPHORE,
    FV_WAIT_CHANNEL,
    FV_WAIT_JOIN,
    FV_WAIT_MESSAGE,
    FV_WAIT_STREAM,
    FV_WAIT_DISK,
    FV_WAIT_OTHER
};
/* Blocks. True: woken; false: `timeout_ns` of the node's clock are over (FV_FOREVER: never).
 * `owner` is the task that has what is waited for, where one does: a cycle of owners is a
 * deadlock at once. */
bool fv_wait(struct fv_waiters *on, enum fv_wait_kind kind, const void *what, fv_task owner,
             uint64_t timeout_ns);
#define FV_NO_TASK UINT32_MAX
/* False: nobody waits. */
bool fv_wake_one(struct fv_waiters *on);
uint32_t fv_wake_all(struct fv_waiters *on);

/* When nothing can run and no timer is left, and a task still waits, the timeline ends as a bug:
 * a deadlock where each waits for another's mutex, else a lost wake-up. The log has the stacks
 * of all that wait. A server's task that waits for work to come is no bug: it says so, and the
 * timeline ends well when only such tasks are left and the body has returned. */
void fv_task_is_server(void);

/* ---- synchronisation: all of it zero-initialised -------------------------------------------- */

struct fv_mutex {
    uint32_t owner; /* 1 + task; 0: free */
    uint32_t depth;
    struct fv_waiters waiters;
};
void fv_mutex_lock(struct fv_mutex *mutex); /* again by its owner: a deadlock */
bool fv_mutex_try(struct fv_mutex *mutex);
bool fv_mutex_lock_within(struct fv_mutex *mutex, uint64_t timeout_ns); /* false: it was too long */
void fv_mutex_unlock(struct fv_mutex *mutex); /* by another than its owner: a misuse */

struct fv_condition {
    struct fv_waiters waiters;
};
/* As POSIX has it: may return without having been woken where a draw says so, so that a missing
 * loop is found; fv_condition_spurious(false) ends that. */
bool fv_condition_wait(struct fv_condition *condition, struct fv_mutex *mutex, uint64_t timeout_ns);
void fv_condition_signal(struct fv_condition *condition);
void fv_condition_broadcast(struct fv_condition *condition);
void fv_condition_spurious(bool is_on);

struct fv_semaphore {
    uint64_t count;
    struct fv_waiters waiters;
};
bool fv_semaphore_take(struct fv_semaphore *semaphore, uint64_t timeout_ns);
void fv_semaphore_give(struct fv_semaphore *semaphore);

/* A bounded queue of pointers; capacity 0 hands over directly. */
struct fv_channel {
    void **items;
    uint32_t capacity, head, count;
    bool is_closed;
    struct fv_waiters senders, receivers;
    void *direct; /* on its way from a sender to a receiver */
};
void fv_channel_open(struct fv_channel *channel, uint32_t capacity);
bool fv_channel_send(struct fv_channel *channel, void *item);     /* false: closed */
bool fv_channel_receive(struct fv_channel *channel, void **item); /* false: closed and empty */
void fv_channel_close(struct fv_channel *channel);                /* wakes all */
void fv_channel_free(struct fv_channel *channel);

/* ---- scheduling ------------------------------------------------------------------------------ */

enum fv_schedule {
    FV_SCHEDULE_RANDOM_WALK, /* any task that can run, each as likely */
    FV_SCHEDULE_PRIORITIES,  /* PCT: drawn priorities with few change points (Burckhardt et al.,
                                "A Randomized Scheduler with Probabilistic Guarantees of Finding
                                Bugs", ASPLOS 2010), per operation */
    FV_SCHEDULE_ROUND_ROBIN,
    FV_SCHEDULE_STALLS, /* one task is held at a point for a few operations of the others */
    FV_SCHEDULE_COUNT,
    FV_SCHEDULE_DRAWN = FV_SCHEDULE_COUNT /* the default: one of them, drawn at the first choice */
};
/* Before the first task is spawned. */
void fv_schedule_use(enum fv_schedule schedule);
/* An operation of the running task has ended (a request, a transaction): stalls last for one to
 * three of those. Where no task says so they last for a number of points of preemption, which
 * each root draws. */
void fv_task_step(void);

#ifdef __cplusplus
}
#endif

#endif
