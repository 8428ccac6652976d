/* The one door for system calls that a runner's guard leaves open: what the runtime itself asks of
 * the kernel while it is not the target that runs. Sets no errno: returns -errno. */
#ifndef FV_RUNTIME_RAW_H
#define FV_RUNTIME_RAW_H

#include <stdint.h>

#if defined(__x86_64__) || defined(__aarch64__)
#define FV_HAS_RAW 1
#else
#define FV_HAS_RAW 0
#endif

long fv_raw(long number, long a, long b, long c, long d, long e, long f);
/* What the kernel sees as the place of such a call. */
uint64_t fv_raw_gate(void);

static inline long fv_raw3(long number, long a, long b, long c) {
    return fv_raw(number, a, b, c, 0, 0, 0);
}

#endif
