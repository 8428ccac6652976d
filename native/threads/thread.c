/* Threads: creation, joining, names. A pthread_t is 1 + task. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sys/sysinfo.h>

#include "threads.h"

enum {
    FV_PROCESSORS = 4, /* the same everywhere */
    FV_NAME_BYTES = 16,
    FV_LIBC_STACK_BYTES = 1 << 21, /* what asks for as much, asks for the default */
};
#define FV_SECOND_NS INT64_C(1000000000)

/* What outlives a thread until it is joined. */
struct thread {
    void *(*start)(void *with);
    void *with;
    void *result;
    bool is_detached, was_joined;
    char name[FV_NAME_BYTES];
};

static struct {
    struct thread **records; /* by task; NULL: none of ours */
    uint32_t count;
} own;

static struct thread *record_of(pthread_t thread) {
    return thread == 0 || thread > own.count ? NULL : own.records[thread - 1];
}

static void keep(fv_task task, struct thread *record) {
    if (task >= own.count) {
        uint32_t count = task < 8 ? 16 : 2 * task;
        struct thread **records = realloc(own.records, count * sizeof(struct thread *));
        if (records == NULL) fv_bug("no memory for threads");
        memset(records + own.count, 0, (count - own.count) * sizeof(struct thread *));
        own.records = records;
        own.count = count;
    }
    own.records[task] = record;
}

static void forget(pthread_t thread) {
    free(own.records[thread - 1]);
    own.records[thread - 1] = NULL;
}

/* ---- time ------------------------------------------------------------------------------------ */

bool fv_thread_is_time(const struct timespec *time) {
    return time->tv_nsec >= 0 && time->tv_nsec < FV_SECOND_NS;
}

uint64_t fv_thread_left(clockid_t clock, const struct timespec *until) {
    struct timespec now;
    clock_gettime(clock, &now);
    int64_t seconds, left;
    if (__builtin_sub_overflow((int64_t)until->tv_sec, (int64_t)now.tv_sec, &seconds) ||
        __builtin_mul_overflow(seconds, FV_SECOND_NS, &left) ||
        __builtin_add_overflow(left, (int64_t)(until->tv_nsec - now.tv_nsec), &left))
        return until->tv_sec < now.tv_sec ? 0 : FV_FOREVER - 1;
    return left < 0 ? 0 : (uint64_t)left;
}

/* ---- the beginning and the end --------------------------------------------------------------- */

_Noreturn static void end(struct thread *record, void *result) {
    fv_thread_local_finish();
    record->result = result;
    if (record->is_detached) forget(fv_self() + 1);
    fv_tasks_end_self();
}

static void run(void *with) {
    struct thread *record = with;
    end(record, record->start(record->with));
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *),
                   void *with) {
    struct thread *record = calloc(1, sizeof *record);
    if (record == NULL) return EAGAIN;
    *record = (struct thread){.start = start, .with = with, .name = "thread"};
    size_t bytes = 0, usual = fv_tasks_stack_bytes();
    int detach = PTHREAD_CREATE_JOINABLE;
    if (attributes != NULL) {
        pthread_attr_getdetachstate(attributes, &detach);
        pthread_attr_getstacksize(attributes, &bytes);
    }
    record->is_detached = detach == PTHREAD_CREATE_DETACHED;
    fv_thread_local_open();
    __libc_single_threaded = 0; /* or C++ counts references without atomic operations */
    if (bytes > usual && bytes < FV_LIBC_STACK_BYTES) fv_task_stack_bytes(bytes);
    fv_task task = fv_spawn(record->name, run, record);
    fv_task_stack_bytes(usual);
    keep(task, record);
    *thread = task + 1;
    fv_preempt();
    return 0;
}

void pthread_exit(void *result) {
    struct thread *record = record_of(fv_self() + 1);
    if (record == NULL) fv_bug("pthread_exit() outside of a thread: return from the body instead");
    end(record, result);
}

static int join(pthread_t thread, void **result, bool may_block, uint64_t timeout_ns) {
    struct thread *record = record_of(thread);
    if (thread == fv_self() + 1) return EDEADLK;
    if (record == NULL) return ESRCH;
    if (record->is_detached || record->was_joined) return EINVAL;
    if (!may_block && !fv_task_has_ended((fv_task)thread - 1)) return EBUSY;
    record->was_joined = true;
    if (!fv_tasks_join((fv_task)thread - 1, timeout_ns)) {
        record->was_joined = false;
        return ETIMEDOUT;
    }
    if (result != NULL) *result = record->result;
    forget(thread);
    return 0;
}

int pthread_join(pthread_t thread, void **result) { return join(thread, result, true, FV_FOREVER); }
int pthread_tryjoin_np(pthread_t thread, void **result) { return join(thread, result, false, 0); }

int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                         const struct timespec *until) {
    return join(thread, result, true, fv_thread_left(clock, until));
}

int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *until) {
    return pthread_clockjoin_np(thread, result, CLOCK_REALTIME, until);
}

int pthread_detach(pthread_t thread) {
    struct thread *record = record_of(thread);
    fv_preempt();
    if (record == NULL) return ESRCH;
    if (record->is_detached) return EINVAL;
    record->is_detached = true;
    if (fv_task_has_ended((fv_task)thread - 1)) forget(thread);
    return 0;
}

pthread_t pthread_self(void) { return fv_self() + 1; }
int pthread_equal(pthread_t one, pthread_t other) { return one == other; }

/* ---- names, attributes, the processor -------------------------------------------------------- */

int pthread_setname_np(pthread_t thread, const char *name) {
    struct thread *record = record_of(thread);
    if (strlen(name) >= FV_NAME_BYTES) return ERANGE;
    if (record != NULL) strcpy(record->name, name);
    return 0;
}

int pthread_getname_np(pthread_t thread, char *to, size_t bytes) {
    const struct thread *record = record_of(thread);
    const char *name = record != NULL ? record->name : fv_task_name((fv_task)thread - 1);
    if (bytes <= strlen(name)) return ERANGE;
    strcpy(to, name);
    return 0;
}

int pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
    const struct fv_tasklet *task = fv_tasks_alive((fv_task)thread - 1);
    if (task == NULL) return ESRCH;
    pthread_attr_init(attributes);
    if (task->stack == NULL) return 0;
    return pthread_attr_setstack(attributes, task->stack, task->stack_bytes);
}

int sched_yield(void) {
    fv_yield();
    return 0;
}

int get_nprocs(void) { return FV_PROCESSORS; }
int get_nprocs_conf(void) { return FV_PROCESSORS; }

/* One processor, one priority: whatever is asked for is had. */

int pthread_setaffinity_np(pthread_t thread, size_t bytes, const cpu_set_t *set) {
    (void)thread, (void)bytes, (void)set;
    return 0;
}

int pthread_getaffinity_np(pthread_t thread, size_t bytes, cpu_set_t *set) {
    (void)thread;
    memset(set, 0, bytes);
    for (int i = 0; i < FV_PROCESSORS; i++) CPU_SET_S(i, bytes, set);
    return 0;
}

int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param *values) {
    (void)thread, (void)policy, (void)values;
    return 0;
}

int pthread_getschedparam(pthread_t thread, int *policy, struct sched_param *values) {
    (void)thread;
    *policy = SCHED_OTHER;
    memset(values, 0, sizeof *values);
    return 0;
}

/* What tasks cannot do is said at once. */

int pthread_cancel(pthread_t thread) {
    (void)thread;
    fv_bug("misuse of the kit: threads that are tasks cannot be cancelled");
}

int pthread_kill(pthread_t thread, int signal) {
    if (signal == 0) return fv_task_has_ended((fv_task)thread - 1) ? ESRCH : 0;
    fv_bug("misuse of the kit: threads that are tasks take no signals");
}
