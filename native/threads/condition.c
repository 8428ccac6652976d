/* Conditions, barriers and semaphores, in the places of libc's. */
#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <string.h>

#include "threads.h"

struct condition {
    struct fv_condition condition;
    clockid_t clock; /* 0, of static initialisers: CLOCK_REALTIME */
};
_Static_assert(sizeof(struct condition) <= sizeof(pthread_cond_t), "fits into libc's");
_Static_assert(CLOCK_REALTIME == 0, "what libc's static initialisers mean");

static struct condition *condition_of(pthread_cond_t *condition) {
    return (struct condition *)(void *)condition;
}

int pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes) {
    memset(condition, 0, sizeof *condition);
    if (attributes != NULL) pthread_condattr_getclock(attributes, &condition_of(condition)->clock);
    return 0;
}

int pthread_cond_destroy(pthread_cond_t *condition) {
    (void)condition;
    return 0;
}

static bool await(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t timeout_ns) {
    struct fv_mutex *lock = (struct fv_mutex *)(void *)mutex;
    uint32_t depth = lock->depth;
    lock->depth = 0;
    bool was_woken = fv_condition_wait(&condition_of(condition)->condition, lock, timeout_ns);
    lock->depth = depth;
    return was_woken;
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex) {
    await(condition, mutex, FV_FOREVER);
    return 0;
}

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock,
                           const struct timespec *until) {
    if (!fv_thread_is_time(until)) return EINVAL;
    return await(condition, mutex, fv_thread_left(clock, until)) ? 0 : ETIMEDOUT;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until) {
    return pthread_cond_clockwait(condition, mutex, condition_of(condition)->clock, until);
}

int pthread_cond_signal(pthread_cond_t *condition) {
    fv_condition_signal(&condition_of(condition)->condition);
    return 0;
}

int pthread_cond_broadcast(pthread_cond_t *condition) {
    fv_condition_broadcast(&condition_of(condition)->condition);
    return 0;
}

/* ---- barriers -------------------------------------------------------------------------------- */

struct barrier {
    uint32_t size, arrived, round;
    struct fv_waiters waiters;
};
_Static_assert(sizeof(struct barrier) <= sizeof(pthread_barrier_t), "fits into libc's");

int pthread_barrier_init(pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes,
                         unsigned count) {
    (void)attributes;
    if (count == 0) return EINVAL;
    memset(barrier, 0, sizeof *barrier);
    ((struct barrier *)(void *)barrier)->size = count;
    return 0;
}

int pthread_barrier_destroy(pthread_barrier_t *barrier) {
    (void)barrier;
    return 0;
}

int pthread_barrier_wait(pthread_barrier_t *barrier) {
    struct barrier *own = (struct barrier *)(void *)barrier;
    fv_preempt();
    if (++own->arrived == own->size) {
        own->arrived = 0;
        own->round++;
        fv_wake_all(&own->waiters);
        return PTHREAD_BARRIER_SERIAL_THREAD;
    }
    uint32_t round = own->round;
    while (own->round == round) fv_wait(&own->waiters, FV_WAIT_OTHER, own, FV_NO_TASK, FV_FOREVER);
    return 0;
}

/* ---- semaphores ------------------------------------------------------------------------------ */

_Static_assert(sizeof(struct fv_semaphore) <= sizeof(sem_t), "fits into libc's");

static struct fv_semaphore *semaphore_of(sem_t *semaphore) {
    return (struct fv_semaphore *)(void *)semaphore;
}

/* Their errors go to errno. */
static int fail(int error) {
    errno = error;
    return -1;
}

int sem_init(sem_t *semaphore, int is_shared, unsigned value) {
    (void)is_shared;
    if (value > SEM_VALUE_MAX) return fail(EINVAL);
    memset(semaphore, 0, sizeof *semaphore);
    semaphore_of(semaphore)->count = value;
    return 0;
}

int sem_destroy(sem_t *semaphore) {
    (void)semaphore;
    return 0;
}

int sem_wait(sem_t *semaphore) {
    fv_semaphore_take(semaphore_of(semaphore), FV_FOREVER);
    return 0;
}

int sem_trywait(sem_t *semaphore) {
    return fv_semaphore_take(semaphore_of(semaphore), 0) ? 0 : fail(EAGAIN);
}

int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until) {
    if (fv_semaphore_take(semaphore_of(semaphore), 0)) return 0;
    if (!fv_thread_is_time(until)) return fail(EINVAL);
    uint64_t left = fv_thread_left(clock, until);
    return fv_semaphore_take(semaphore_of(semaphore), left) ? 0 : fail(ETIMEDOUT);
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until) {
    return sem_clockwait(semaphore, CLOCK_REALTIME, until);
}

int sem_post(sem_t *semaphore) {
    if (semaphore_of(semaphore)->count == SEM_VALUE_MAX) return fail(EOVERFLOW);
    fv_semaphore_give(semaphore_of(semaphore));
    return 0;
}

int sem_getvalue(sem_t *semaphore, int *value) {
    fv_preempt();
    *value = (int)semaphore_of(semaphore)->count;
    return 0;
}
