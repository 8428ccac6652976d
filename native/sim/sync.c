#include <stdlib.h>

#include "inside.h"

/* ---- mutexes --------------------------------------------------------------------------------- */

/* Those that still wait now wait for this task. */
static void take(struct fv_mutex *mutex) {
    mutex->owner = fv_self() + 1;
    if (mutex->waiters.first != 0) fv_tasks_owned_by(&mutex->waiters, mutex->owner - 1);
}

void fv_mutex_lock(struct fv_mutex *mutex) {
    fv_preempt();
    while (mutex->owner != 0)
        fv_wait(&mutex->waiters, FV_WAIT_MUTEX, mutex, mutex->owner - 1, FV_FOREVER);
    take(mutex);
}

bool fv_mutex_try(struct fv_mutex *mutex) {
    fv_preempt();
    if (mutex->owner != 0) return false;
    take(mutex);
    return true;
}

void fv_mutex_unlock(struct fv_mutex *mutex) {
    if (mutex->owner != fv_self() + 1)
        fv_bug("misuse of the kit: a mutex unlocked by another task");
    mutex->owner = 0;
    if (mutex->waiters.first != 0) {
        fv_tasks_owned_by(&mutex->waiters, FV_NO_TASK);
        fv_wake_one(&mutex->waiters);
    }
    fv_preempt();
}
