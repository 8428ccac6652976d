/* The futexes of code that brings its own locks (std::atomic::wait() of C++20, Rust's standard
 * library): such code calls syscall(), where libc's own calls do not come by. */
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "threads.h"

enum { FV_ARGUMENTS = 6 };

/* Of one address, while somebody waits for it. */
struct queue {
    const uint32_t *at;
    struct fv_waiters waiters;
    struct queue *next;
};

static struct queue *queues;

static struct queue *queue_of(const uint32_t *at) {
    struct queue *queue = queues;
    while (queue != NULL && queue->at != at) queue = queue->next;
    return queue;
}

static struct queue *queue_made(const uint32_t *at) {
    struct queue *queue = queue_of(at);
    if (queue != NULL) return queue;
    queue = calloc(1, sizeof *queue);
    if (queue == NULL) fv_bug("no memory for a futex");
    *queue = (struct queue){.at = at, .next = queues};
    return queues = queue;
}

static void drop_empty(struct queue *queue) {
    struct queue **link = &queues;
    if (queue->waiters.first != 0) return;
    while (*link != queue) link = &(*link)->next;
    *link = queue->next;
    free(queue);
}

static long fail(int error) {
    errno = error;
    return -1;
}

/* Only FUTEX_WAIT says how long; the others say until when. */
static uint64_t timeout_of(int operation, const struct timespec *time) {
    if (time == NULL) return FV_FOREVER;
    if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT)
        return FV_SECONDS(time->tv_sec) + (uint64_t)time->tv_nsec;
    bool is_real = (operation & FUTEX_CLOCK_REALTIME) != 0;
    return fv_thread_left(is_real ? CLOCK_REALTIME : CLOCK_MONOTONIC, time);
}

static long wait_for(const uint32_t *at, int operation, uint32_t value,
                     const struct timespec *time) {
    fv_preempt();
    uint64_t timeout_ns = timeout_of(operation, time);
    if (*(const volatile uint32_t *)at != value) return fail(EAGAIN);
    struct queue *queue = queue_made(at);
    bool was_woken = fv_wait(&queue->waiters, FV_WAIT_OTHER, at, FV_NO_TASK, timeout_ns);
    if ((queue = queue_of(at)) != NULL) drop_empty(queue);
    return was_woken ? 0 : fail(ETIMEDOUT);
}

static long wake(const uint32_t *at, uint32_t count_max) {
    fv_preempt();
    struct queue *queue = queue_of(at);
    long count = 0;
    if (queue == NULL) return 0;
    while ((uint32_t)count < count_max && fv_wake_one(&queue->waiters)) count++;
    drop_empty(queue);
    return count;
}

static long futex(const long *arguments) {
    const uint32_t *at = (const uint32_t *)arguments[0];
    int operation = (int)arguments[1];
    switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
        return wait_for(at, operation, (uint32_t)arguments[2],
                        (const struct timespec *)arguments[3]);
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET: return wake(at, (uint32_t)arguments[2]);
    default: return fail(ENOSYS);
    }
}

/* As libc's own. */
static long call_kernel(long number, const long *arguments) {
    long answer;
#if defined(__x86_64__)
    register long r10 __asm__("r10") = arguments[3];
    register long r8 __asm__("r8") = arguments[4];
    register long r9 __asm__("r9") = arguments[5];
    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "a"(number), "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]),
                       "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = arguments[0];
    register long x1 __asm__("x1") = arguments[1];
    register long x2 __asm__("x2") = arguments[2];
    register long x3 __asm__("x3") = arguments[3];
    register long x4 __asm__("x4") = arguments[4];
    register long x5 __asm__("x5") = arguments[5];
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    answer = x0;
#endif
    return answer < 0 && answer > -4096 ? fail((int)-answer) : answer;
}

long syscall(long number, ...) {
    long arguments[FV_ARGUMENTS];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < FV_ARGUMENTS; i++) arguments[i] = va_arg(list, long);
    va_end(list);
    return number == SYS_futex ? futex(arguments) : call_kernel(number, arguments);
}
