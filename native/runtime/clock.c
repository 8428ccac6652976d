/* The virtual clock: what libc's clocks answer in a target. Starts at one fixed moment, moves a
 * microsecond with every look, and by whatever the target sleeps, until the target keeps time
 * itself. Real time is never seen. */
#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "runtime.h"

#define FV_EPOCH_SECONDS INT64_C(1704067200) /* 2024-01-01 00:00:00 UTC */
#define FV_LOOK_NS 1000u
#define FV_SECOND_NS UINT64_C(1000000000)

/* Of the target: put back with its memory. */
static struct {
    uint64_t base;
    uint64_t (*now)(void); /* NULL: the clock is the runtime's */
    void (*sleep)(uint64_t ns);
} kept;

void fv_clock_from(uint64_t (*now)(void), void (*sleep)(uint64_t ns)) {
    kept.base = fv_rt.slot == NULL ? 0 : fv_rt.slot->clock_ns;
    kept.now = now;
    kept.sleep = sleep;
}

static uint64_t virtual_ns(void) {
    if (fv_rt.slot == NULL) return 0;
    if (kept.now != NULL) return kept.base + kept.now();
    return fv_rt.slot->clock_ns += FV_LOOK_NS;
}

static void sleep_ns(uint64_t ns) {
    if (fv_rt.slot == NULL) return;
    if (kept.sleep != NULL)
        kept.sleep(ns);
    else
        fv_rt.slot->clock_ns += ns;
}

int clock_gettime(clockid_t clock, struct timespec *to) {
    uint64_t ns = virtual_ns();
    int64_t base = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? FV_EPOCH_SECONDS : 0;
    to->tv_sec = (time_t)(base + (int64_t)(ns / FV_SECOND_NS));
    to->tv_nsec = (long)(ns % FV_SECOND_NS);
    return 0;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    to->tv_sec = now.tv_sec;
    to->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *to) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (to != NULL) *to = now.tv_sec;
    return now.tv_sec;
}

int nanosleep(const struct timespec *want, struct timespec *left) {
    uint64_t ns = (uint64_t)want->tv_sec * FV_SECOND_NS + (uint64_t)want->tv_nsec;
    if (left != NULL) *left = (struct timespec){0, 0}; /* which may be `want` */
    sleep_ns(ns);
    return 0;
}

/* Until a moment, where it is not over. */
static void sleep_until(clockid_t clock, const struct timespec *until) {
    struct timespec now;
    clock_gettime(clock, &now);
    int64_t left = (int64_t)(until->tv_sec - now.tv_sec) * (int64_t)FV_SECOND_NS +
                   (until->tv_nsec - now.tv_nsec);
    if (left > 0) sleep_ns((uint64_t)left);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *want,
                    struct timespec *left) {
    if (!(flags & TIMER_ABSTIME)) return nanosleep(want, left);
    sleep_until(clock, want);
    return 0;
}

int usleep(useconds_t us) {
    sleep_ns((uint64_t)us * 1000);
    return 0;
}

unsigned sleep(unsigned seconds) {
    sleep_ns(seconds * FV_SECOND_NS);
    return 0;
}
