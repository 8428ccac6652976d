/* POSIX threads as tasks: what code calls that was written for threads, in place of libc's.
 * Linked by targets that ask for it (target.toml: `threads = true`); one process, one thread,
 * and every call a point of preemption. */
#ifndef FV_THREADS_THREADS_H
#define FV_THREADS_THREADS_H

#include <pthread.h>
#include <time.h>

#include "inside.h"

/* What a thread has besides its task: from its creation until it ends. */
struct fv_thread_local {
    void **values; /* of keys */
    uint32_t value_count;
    struct fv_thread_exit *exits; /* destructors of thread_local objects, last first */
    void *variables;              /* of thread-local storage, while another task runs */
};

/* Of the running task; made at its first use. */
struct fv_thread_local *fv_thread_local_own(void);
/* Runs what a thread leaves to be run at its end. */
void fv_thread_local_finish(void);
/* From now on thread-local variables are those of the running task. */
void fv_thread_local_open(void);
/* What is left until a moment of a clock, 0 where it is over. */
uint64_t fv_thread_left(clockid_t clock, const struct timespec *until);
/* As errno has it. */
bool fv_thread_is_time(const struct timespec *time);

#endif
