#include <stdlib.h>

#include "inside.h"

enum { FV_SPURIOUS_ONE_IN = 64 };

static bool is_never_spurious;

/* ---- mutexes --------------------------------------------------------------------------------- */

/* Those that still wait now wait for this task. */
static void take(struct fv_mutex *mutex) {
    mutex->owner = fv_self() + 1;
    if (mutex->waiters.first != 0) fv_tasks_owned_by(&mutex->waiters, mutex->owner - 1);
}

static bool lock(struct fv_mutex *mutex, uint64_t timeout_ns) {
    uint64_t deadline = fv_clock_deadline(timeout_ns);
    while (mutex->owner != 0) {
        uint64_t left = fv_clock_left(deadline);
        if (left == 0) return false;
        fv_wait(&mutex->waiters, FV_WAIT_MUTEX, mutex, mutex->owner - 1, left);
    }
    take(mutex);
    return true;
}

static void unlock(struct fv_mutex *mutex) {
    if (mutex->owner != fv_self() + 1)
        fv_bug("misuse of the kit: a mutex is unlocked by a task that does not have it");
    mutex->owner = 0;
    if (mutex->waiters.first == 0) return;
    fv_tasks_owned_by(&mutex->waiters, FV_NO_TASK);
    fv_wake_one(&mutex->waiters);
}

void fv_mutex_lock(struct fv_mutex *mutex) {
    fv_preempt();
    lock(mutex, FV_FOREVER);
}

bool fv_mutex_lock_within(struct fv_mutex *mutex, uint64_t timeout_ns) {
    fv_preempt();
    return lock(mutex, timeout_ns);
}

bool fv_mutex_try(struct fv_mutex *mutex) {
    fv_preempt();
    if (mutex->owner != 0) return false;
    take(mutex);
    return true;
}

void fv_mutex_unlock(struct fv_mutex *mutex) {
    fv_preempt(); /* while it is still held */
    unlock(mutex);
    fv_preempt();
}

/* ---- conditions ------------------------------------------------------------------------------ */

void fv_condition_spurious(bool is_on) { is_never_spurious = !is_on; }

bool fv_condition_wait(struct fv_condition *condition, struct fv_mutex *mutex,
                       uint64_t timeout_ns) {
    fv_preempt();
    unlock(mutex);
    bool was_woken = true;
    if (!is_never_spurious && timeout_ns != 0 && fv_chance(1, FV_SPURIOUS_ONE_IN))
        fv_yield();
    else
        was_woken =
            fv_wait(&condition->waiters, FV_WAIT_CONDITION, condition, FV_NO_TASK, timeout_ns);
    lock(mutex, FV_FOREVER);
    return was_woken;
}

void fv_condition_signal(struct fv_condition *condition) {
    fv_preempt();
    fv_wake_one(&condition->waiters);
}

void fv_condition_broadcast(struct fv_condition *condition) {
    fv_preempt();
    fv_wake_all(&condition->waiters);
}

/* ---- semaphores ------------------------------------------------------------------------------ */

bool fv_semaphore_take(struct fv_semaphore *semaphore, uint64_t timeout_ns) {
    fv_preempt();
    uint64_t deadline = fv_clock_deadline(timeout_ns);
    while (semaphore->count == 0) {
        uint64_t left = fv_clock_left(deadline);
        if (left == 0) return false;
        fv_wait(&semaphore->waiters, FV_WAIT_SEMAPHORE, semaphore, FV_NO_TASK, left);
    }
    semaphore->count--;
    return true;
}

void fv_semaphore_give(struct fv_semaphore *semaphore) {
    fv_preempt();
    semaphore->count++;
    fv_wake_one(&semaphore->waiters);
}

/* ---- channels -------------------------------------------------------------------------------- */

void fv_channel_open(struct fv_channel *channel, uint32_t capacity) {
    *channel = (struct fv_channel){.capacity = capacity};
    if (capacity == 0) return;
    channel->items = malloc(capacity * sizeof(void *));
    if (channel->items == NULL) fv_bug("the simulation kit finds no memory for a channel");
}

void fv_channel_free(struct fv_channel *channel) {
    free(channel->items);
    *channel = (struct fv_channel){.is_closed = true};
}

static void await_sender(struct fv_channel *channel) {
    fv_wait(&channel->receivers, FV_WAIT_CHANNEL, channel, FV_NO_TASK, FV_FOREVER);
}

static void await_receiver(struct fv_channel *channel) {
    fv_wait(&channel->senders, FV_WAIT_CHANNEL, channel, FV_NO_TASK, FV_FOREVER);
}

/* Without room for items, `count` says whether one lies in `direct`, `head` how many were taken. */
static bool hand_over(struct fv_channel *channel, void *item) {
    while (channel->count > 0 && !channel->is_closed) await_receiver(channel);
    if (channel->is_closed) return false;
    uint32_t taken = channel->head;
    channel->direct = item;
    channel->count = 1;
    fv_wake_one(&channel->receivers);
    while (channel->head == taken && !channel->is_closed) await_receiver(channel);
    if (channel->head != taken) return true;
    channel->count = 0;
    return false;
}

bool fv_channel_send(struct fv_channel *channel, void *item) {
    fv_preempt();
    if (channel->capacity == 0) return hand_over(channel, item);
    while (channel->count == channel->capacity && !channel->is_closed) await_receiver(channel);
    if (channel->is_closed) return false;
    channel->items[(channel->head + channel->count++) % channel->capacity] = item;
    fv_wake_one(&channel->receivers);
    return true;
}

bool fv_channel_receive(struct fv_channel *channel, void **item) {
    fv_preempt();
    while (channel->count == 0 && !channel->is_closed) await_sender(channel);
    if (channel->count == 0) return false;
    channel->count--;
    if (channel->capacity == 0) {
        *item = channel->direct;
        channel->head++;
        fv_wake_all(&channel->senders); /* whose item it was, and who comes next */
        return true;
    }
    *item = channel->items[channel->head];
    channel->head = (channel->head + 1) % channel->capacity;
    fv_wake_one(&channel->senders);
    return true;
}

void fv_channel_close(struct fv_channel *channel) {
    fv_preempt();
    channel->is_closed = true;
    fv_wake_all(&channel->senders);
    fv_wake_all(&channel->receivers);
}
