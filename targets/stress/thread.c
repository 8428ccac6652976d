#include "thread.h"

#include <errno.h>
#include <fenv.h>
#include <fuzzverse/fuzzverse.h>
#include <signal.h>
#include <string.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include "digest.h"

enum { ERRNO_AT_START = 101, ERRNO_MAX = 133, QUOTIENTS = 8 };

/* ---- errno ----------------------------------------------------------------------------------- */

void thread_build_errno(void) { errno = ERRNO_AT_START; }
uint64_t thread_digest_errno(void) { return (uint64_t)errno; }

uint32_t thread_set_errno(void) {
    int number = (int)fv_below(ERRNO_MAX + 1);
    errno = number;
    return (uint32_t)number;
}

/* ---- the signal mask ------------------------------------------------------------------------- */

/* None that ends a process by default is ever sent. */
static const int maskable[] = {SIGUSR1, SIGUSR2, SIGWINCH, SIGHUP, SIGURG, SIGIO, SIGALRM, SIGTERM};

/* The kernel knows of 64 signals and writes no more of a set. */
enum { MASKABLE = sizeof maskable / sizeof *maskable, KERNEL_MASK_BYTES = 8 };

void thread_build_mask(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGWINCH);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

uint64_t thread_digest_mask(void) {
    sigset_t set;
    sigemptyset(&set);
    sigprocmask(SIG_BLOCK, NULL, &set);
    return digest_bytes(0, &set, KERNEL_MASK_BYTES);
}

uint32_t thread_change_mask(void) {
    static const int ways[] = {SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK};
    sigset_t set;
    uint64_t chosen = fv_below(UINT64_C(1) << MASKABLE);
    sigemptyset(&set);
    for (uint32_t i = 0; i < MASKABLE; i++)
        if (chosen >> i & 1) sigaddset(&set, maskable[i]);
    sigprocmask(ways[fv_below(3)], &set, NULL);
    return (uint32_t)__builtin_popcountll(chosen);
}

/* ---- rounding -------------------------------------------------------------------------------- */

static volatile double quotient = 1;

static void calculate(double divisor) { quotient = (quotient + 1) / divisor; }

#ifdef __SSE__
static uint64_t control_word(void) { return _mm_getcsr(); }
static void flush_to_zero(bool on) {
    _MM_SET_FLUSH_ZERO_MODE(on ? _MM_FLUSH_ZERO_ON : _MM_FLUSH_ZERO_OFF);
}
#else
static uint64_t control_word(void) { return 0; }
static void flush_to_zero(bool on) { (void)on; }
#endif

void thread_build_rounding(void) {
    fesetround(FE_DOWNWARD);
    flush_to_zero(true);
    feclearexcept(FE_ALL_EXCEPT);
    calculate(3);
}

/* Does not calculate, which would set flags. */
uint64_t thread_digest_rounding(void) {
    double value = quotient;
    uint64_t hash = digest_word((uint64_t)fegetround(), (uint64_t)fetestexcept(FE_ALL_EXCEPT));
    return digest_bytes(digest_word(hash, control_word()), &value, sizeof value);
}

uint32_t thread_change_rounding(void) {
    static const int modes[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    uint64_t luck = fv_below(16);
    fesetround(modes[luck % 4]);
    flush_to_zero(luck & 4);
    if (luck & 8) feclearexcept(FE_ALL_EXCEPT);
    return (uint32_t)luck;
}

uint32_t thread_calculate(void) {
    uint64_t divisor = 2 + fv_below(1000);
    for (int i = 0; i < QUOTIENTS; i++) calculate((double)divisor);
    return (uint32_t)divisor;
}
