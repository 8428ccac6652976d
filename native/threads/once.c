/* What is done once. `control` is 0 until it begins, as libc's initialiser has it. */
#include "threads.h"

enum { FV_ONCE_NEW, FV_ONCE_BEGUN, FV_ONCE_DONE };

static struct fv_waiters waiters; /* for any of them */

static void settle(pthread_once_t **control) {
    **control = **control == FV_ONCE_DONE ? FV_ONCE_DONE : FV_ONCE_NEW;
    fv_wake_all(&waiters);
}

/* An exception that leaves `routine` leaves it undone: C++ counts on that. */
static void run(pthread_once_t *control, void (*routine)(void)) {
    __attribute__((cleanup(settle))) pthread_once_t *settled = control;
    *settled = FV_ONCE_BEGUN;
    routine();
    *control = FV_ONCE_DONE;
}

/* Nobody else runs before `routine` has begun: std::call_once() hands it what to do in thread-local
 * variables. */
int pthread_once(pthread_once_t *control, void (*routine)(void)) {
    while (*control == FV_ONCE_BEGUN)
        fv_wait(&waiters, FV_WAIT_OTHER, control, FV_NO_TASK, FV_FOREVER);
    if (*control != FV_ONCE_NEW) return 0;
    run(control, routine);
    fv_preempt();
    return 0;
}
