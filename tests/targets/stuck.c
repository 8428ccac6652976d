/* Tasks that cannot go on: -DCASE=n. */
#include <fuzzverse/sim.h>

static struct fv_mutex one, other;
static struct fv_condition condition;
static struct fv_semaphore semaphore;
static struct fv_channel channel;
static struct fv_waiters waiters;

static __attribute__((noinline)) void lock_both(struct fv_mutex *first, struct fv_mutex *second) {
    fv_mutex_lock(first);
    fv_sleep(FV_MS(1));
    fv_mutex_lock(second);
    fv_mutex_unlock(second);
    fv_mutex_unlock(first);
}

static void forwards(void *with) {
    (void)with;
    lock_both(&one, &other);
}

static void backwards(void *with) {
    (void)with;
    lock_both(&other, &one);
}

static void forget_to_unlock(void *with) {
    (void)with;
    fv_mutex_lock(&one);
}

static void wait_for_it(void *with) {
    (void)with;
    void *item;
    switch (CASE) {
    case 1:
        fv_condition_spurious(false);
        fv_mutex_lock(&one);
        fv_condition_wait(&condition, &one, FV_FOREVER);
        break;
    case 2: fv_semaphore_take(&semaphore, FV_FOREVER); break;
    case 3: fv_channel_receive(&channel, &item); break;
    default: fv_wait(&waiters, FV_WAIT_MESSAGE, NULL, FV_NO_TASK, FV_FOREVER);
    }
}

static volatile char sink;

static __attribute__((noinline)) int sink_into(int depth) {
    volatile char room[512];
    for (size_t i = 0; i < sizeof room; i++) room[i] = (char)depth;
    sink = room[0];
    int deeper = depth > 0 ? sink_into(depth - 1) : 0;
    return deeper + room[0];
}

static void overflow(void *with) {
    (void)with;
    sink_into(40);
    fv_yield();
}

static void serve(void *with) {
    (void)with;
    fv_task_is_server();
    fv_wait(&waiters, FV_WAIT_OTHER, NULL, FV_NO_TASK, FV_FOREVER);
}

static void end_well(void *with) { (void)with; }

FV_TARGET(stuck) {
    switch (CASE) {
    case 0:
        fv_join(fv_spawn("forwards", forwards, NULL));
        fv_spawn("forwards", forwards, NULL);
        fv_join(fv_spawn("backwards", backwards, NULL));
        break;
    case 5:
        fv_join(fv_spawn("careless", forget_to_unlock, NULL));
        fv_mutex_lock(&one);
        break;
    case 6:
        fv_mutex_lock(&one);
        fv_mutex_lock(&one);
        break;
    case 7:
        fv_task_stack_bytes(1 << 14);
        fv_join(fv_spawn("deep", overflow, NULL));
        break;
    case 8:
        fv_spawn("server", serve, NULL);
        fv_join(fv_spawn("client", end_well, NULL));
        break;
    default: fv_join(fv_spawn("waiter", wait_for_it, NULL));
    }
}
