/* Mutexes and spin locks. A pthread_mutex_t holds a struct fv_mutex where libc has its own fields;
 * `kind` lies where libc's static initialisers put it. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "threads.h"

struct lock {
    struct fv_mutex mutex; /* `depth`: how often its owner has locked it again */
    int kind;
};
_Static_assert(sizeof(struct lock) <= sizeof(pthread_mutex_t), "fits into libc's");
_Static_assert(offsetof(struct lock, kind) == offsetof(pthread_mutex_t, __data.__kind),
               "libc's static initialisers say the kind");

enum { FV_KIND_BITS = 3 }; /* robustness and protocols are not simulated */

static struct lock *lock_of(pthread_mutex_t *mutex) { return (struct lock *)(void *)mutex; }
static int kind_of(const struct lock *lock) { return lock->kind & FV_KIND_BITS; }
static bool is_own(const struct lock *lock) { return lock->mutex.owner == fv_self() + 1; }

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes) {
    memset(mutex, 0, sizeof *mutex);
    int kind = PTHREAD_MUTEX_NORMAL;
    if (attributes != NULL) pthread_mutexattr_gettype(attributes, &kind);
    lock_of(mutex)->kind = kind;
    return 0;
}

int pthread_mutex_destroy(pthread_mutex_t *mutex) {
    return lock_of(mutex)->mutex.owner != 0 ? EBUSY : 0;
}

/* The answer where the task has it already, or -1: it does not. A normal mutex waits for itself. */
static int lock_again(struct lock *lock, bool is_try) {
    if (!is_own(lock)) return -1;
    if (kind_of(lock) == PTHREAD_MUTEX_RECURSIVE) {
        lock->mutex.depth++;
        return 0;
    }
    if (is_try) return EBUSY;
    return kind_of(lock) == PTHREAD_MUTEX_ERRORCHECK ? EDEADLK : -1;
}

int pthread_mutex_lock(pthread_mutex_t *mutex) {
    int again = lock_again(lock_of(mutex), false);
    if (again < 0) fv_mutex_lock(&lock_of(mutex)->mutex);
    return again < 0 ? 0 : again;
}

int pthread_mutex_trylock(pthread_mutex_t *mutex) {
    int again = lock_again(lock_of(mutex), true);
    if (again >= 0) return again;
    return fv_mutex_try(&lock_of(mutex)->mutex) ? 0 : EBUSY;
}

int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    int again = lock_again(lock_of(mutex), false);
    if (again >= 0) return again;
    if (fv_mutex_try(&lock_of(mutex)->mutex)) return 0;
    if (!fv_thread_is_time(until)) return EINVAL;
    uint64_t left = fv_thread_left(clock, until);
    return fv_mutex_lock_within(&lock_of(mutex)->mutex, left) ? 0 : ETIMEDOUT;
}

int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until) {
    return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, until);
}

int pthread_mutex_unlock(pthread_mutex_t *mutex) {
    struct lock *lock = lock_of(mutex);
    if (!is_own(lock)) {
        if (kind_of(lock) != PTHREAD_MUTEX_NORMAL) return EPERM;
        fv_bug("a mutex is unlocked by a thread that does not have it");
    }
    if (lock->mutex.depth > 0)
        lock->mutex.depth--;
    else
        fv_mutex_unlock(&lock->mutex);
    return 0;
}

int pthread_mutex_consistent(pthread_mutex_t *mutex) {
    (void)mutex;
    return EINVAL;
}

/* ---- spin locks: 1 + task, 0: free ----------------------------------------------------------- */

int pthread_spin_init(pthread_spinlock_t *lock, int is_shared) {
    (void)is_shared;
    *lock = 0;
    return 0;
}

int pthread_spin_destroy(pthread_spinlock_t *lock) { return *lock != 0 ? EBUSY : 0; }

int pthread_spin_trylock(pthread_spinlock_t *lock) {
    fv_preempt();
    if (*lock != 0) return EBUSY;
    *lock = (int)fv_self() + 1;
    return 0;
}

int pthread_spin_lock(pthread_spinlock_t *lock) {
    while (pthread_spin_trylock(lock) != 0) fv_yield();
    return 0;
}

int pthread_spin_unlock(pthread_spinlock_t *lock) {
    fv_preempt();
    *lock = 0;
    return 0;
}
