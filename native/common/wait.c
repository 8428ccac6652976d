#include "wait.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* By system call: in a target, libc's clock_gettime is the virtual clock. */
uint64_t fv_wait_now_ns(void) {
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Not by way of libc's syscall(), which targets with threads as tasks have one of their own for:
 * their futexes are between tasks, these are between processes. Leaves errno alone. */
static void futex(uint32_t *word, long operation, long value, const struct timespec *timeout) {
#if defined(__x86_64__)
    long answer;
    register long r10 __asm__("r10") = (long)timeout;
    __asm__ volatile("syscall"
                     : "=a"(answer)
                     : "a"(SYS_futex), "D"(word), "S"(operation), "d"(value), "r"(r10)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = SYS_futex;
    register long x0 __asm__("x0") = (long)word;
    register long x1 __asm__("x1") = operation;
    register long x2 __asm__("x2") = value;
    register long x3 __asm__("x3") = (long)timeout;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
#else
    int saved = errno;
    syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
    errno = saved;
#endif
}

void fv_wait_word(uint32_t *word, uint32_t seen, uint32_t timeout_ms) {
    struct timespec t = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000};
    futex(word, FUTEX_WAIT, seen, &t);
}

void fv_wait_wake(uint32_t *word) { futex(word, FUTEX_WAKE, INT_MAX, NULL); }
