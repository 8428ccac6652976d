/* The virtual clock: what libc's clocks answer in a target. Starts at one fixed moment, moves a
 * microsecond with every look, and by whatever the target sleeps. Real time is never seen. */
#include <errno.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "runtime.h"

#define FV_EPOCH_SECONDS INT64_C(1704067200) /* 2024-01-01 00:00:00 UTC */
#define FV_LOOK_NS 1000u
#define FV_SECOND_NS UINT64_C(1000000000)

static uint64_t virtual_ns(void) {
    if (fv_rt.slot == NULL) return 0;
    return fv_rt.slot->clock_ns += FV_LOOK_NS;
}

static void sleep_ns(uint64_t ns) {
    if (fv_rt.slot != NULL) fv_rt.slot->clock_ns += ns;
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
    if (left != NULL) *left = (struct timespec){0, 0};
    sleep_ns((uint64_t)want->tv_sec * FV_SECOND_NS + (uint64_t)want->tv_nsec);
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
