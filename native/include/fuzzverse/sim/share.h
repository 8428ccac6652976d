/* Preemption without threads. Code that is compiled with
 * `-fsanitize-coverage=...,trace-loads,trace-stores` (target.toml: `preempt = ["file.c"]`) may
 * be preempted where it touches memory that was registered as shared, and at every call into the
 * kit. */
#ifndef FUZZVERSE_SIM_SHARE_H
#define FUZZVERSE_SIM_SHARE_H

#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

void fv_share(const void *at, size_t bytes);
/* Everything but the stack of the running task: what threads share. */
void fv_share_all(void);
void fv_unshare(const void *at, size_t bytes);
/* Another task may run here. What code that cannot be instrumented calls, and every call of the
 * kit. */
void fv_preempt(void);
/* What inlined or foreign copies of shared memory announce: the range is read, or written, here. */
void fv_touch_read(const void *at, size_t bytes);
void fv_touch_write(const void *at, size_t bytes);
/* What a task that was preempted before an access to shared memory is about to touch; NULL: it is
 * somewhere else. For marks: a target may know what it means that others change that now. */
const void *fv_task_touching(fv_task task);
/* Loads and stores of shared memory seen so far: 0 says that nothing was instrumented. */
uint64_t fv_shared_accesses(void);
/* In between, the current task is not preempted: for code of the simulation itself. Nests. */
void fv_atomic_begin(void);
void fv_atomic_end(void);

#ifdef __cplusplus
}
#endif

#endif
