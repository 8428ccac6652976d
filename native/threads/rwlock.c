/* Locks of many readers or one writer; readers go first, as libc's do by default. */
#include <errno.h>
#include <string.h>

#include "threads.h"

struct rwlock {
    uint32_t writer; /* 1 + task; 0: none */
    uint32_t readers;
    struct fv_waiters waiters;
};
_Static_assert(sizeof(struct rwlock) <= sizeof(pthread_rwlock_t), "fits into libc's");

static struct rwlock *rwlock_of(pthread_rwlock_t *lock) { return (struct rwlock *)(void *)lock; }

int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attributes) {
    (void)attributes;
    memset(lock, 0, sizeof *lock);
    return 0;
}

int pthread_rwlock_destroy(pthread_rwlock_t *lock) {
    const struct rwlock *own = rwlock_of(lock);
    return own->writer != 0 || own->readers != 0 ? EBUSY : 0;
}

static bool is_in_the_way(const struct rwlock *lock, bool is_writer) {
    return lock->writer != 0 || (is_writer && lock->readers > 0);
}

static void take(struct rwlock *lock, bool is_writer) {
    if (!is_writer) {
        lock->readers++;
        return;
    }
    lock->writer = fv_self() + 1;
    if (lock->waiters.first != 0) fv_tasks_owned_by(&lock->waiters, lock->writer - 1);
}

static int try_lock(struct rwlock *lock, bool is_writer) {
    fv_preempt();
    if (is_in_the_way(lock, is_writer)) return EBUSY;
    take(lock, is_writer);
    return 0;
}

static int lock_forever(struct rwlock *lock, bool is_writer) {
    fv_preempt();
    if (lock->writer == fv_self() + 1) return EDEADLK;
    while (is_in_the_way(lock, is_writer))
        fv_wait(&lock->waiters, FV_WAIT_MUTEX, lock,
                lock->writer != 0 ? lock->writer - 1 : FV_NO_TASK, FV_FOREVER);
    take(lock, is_writer);
    return 0;
}

static int lock_until(struct rwlock *lock, bool is_writer, clockid_t clock,
                      const struct timespec *until) {
    if (lock->writer == fv_self() + 1) return EDEADLK;
    if (try_lock(lock, is_writer) == 0) return 0;
    if (!fv_thread_is_time(until)) return EINVAL;
    while (is_in_the_way(lock, is_writer)) {
        uint64_t left = fv_thread_left(clock, until);
        if (left == 0) return ETIMEDOUT;
        fv_wait(&lock->waiters, FV_WAIT_MUTEX, lock, FV_NO_TASK, left);
    }
    take(lock, is_writer);
    return 0;
}

int pthread_rwlock_rdlock(pthread_rwlock_t *lock) { return lock_forever(rwlock_of(lock), false); }
int pthread_rwlock_wrlock(pthread_rwlock_t *lock) { return lock_forever(rwlock_of(lock), true); }
int pthread_rwlock_tryrdlock(pthread_rwlock_t *lock) { return try_lock(rwlock_of(lock), false); }
int pthread_rwlock_trywrlock(pthread_rwlock_t *lock) { return try_lock(rwlock_of(lock), true); }

int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
                               const struct timespec *until) {
    return lock_until(rwlock_of(lock), false, clock, until);
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
                               const struct timespec *until) {
    return lock_until(rwlock_of(lock), true, clock, until);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until) {
    return lock_until(rwlock_of(lock), false, CLOCK_REALTIME, until);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until) {
    return lock_until(rwlock_of(lock), true, CLOCK_REALTIME, until);
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock) {
    struct rwlock *own = rwlock_of(lock);
    fv_preempt(); /* while it is still held */
    if (own->writer != 0)
        own->writer = 0;
    else if (own->readers == 0)
        fv_bug("a read-write lock is unlocked that nobody has");
    else
        own->readers--;
    if (own->readers == 0) {
        fv_tasks_owned_by(&own->waiters, FV_NO_TASK);
        fv_wake_all(&own->waiters);
    }
    fv_preempt();
    return 0;
}
