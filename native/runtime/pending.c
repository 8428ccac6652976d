#include "pending.h"

#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#include "raw.h"

enum { FV_SIGNALS = 64, FV_TAKEN_MAX = 1 << 16 /* those of real time queue up */ };

static uint64_t bit(int signal) { return UINT64_C(1) << (signal - 1); }

void fv_pending_hold(void) {
    uint64_t all = ~bit(SIGSYS);
    fv_raw(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, 0, sizeof all, 0, 0);
}

static uint64_t waiting(void) {
    uint64_t signals = 0;
    fv_raw3(SYS_rt_sigpending, (long)&signals, sizeof signals, 0);
    return signals;
}

uint64_t fv_pending_get(void) { return waiting() & ~bit(SIGCHLD); }

uint64_t fv_pending_take(void) {
    const struct timespec at_once = {0, 0};
    uint64_t signals = waiting();
    for (int i = 0; signals != 0 && i < FV_TAKEN_MAX; i++)
        if (fv_raw(SYS_rt_sigtimedwait, (long)&signals, 0, (long)&at_once, sizeof signals, 0, 0) <=
            0)
            break;
    return signals & ~bit(SIGCHLD);
}

void fv_pending_raise(uint64_t signals) {
    if (signals == 0) return;
    long pid = fv_raw3(SYS_getpid, 0, 0, 0), thread = fv_raw3(SYS_gettid, 0, 0, 0);
    for (int signal = 1; signal <= FV_SIGNALS; signal++)
        if (signals & bit(signal)) fv_raw3(SYS_tgkill, pid, thread, signal);
}
