/* Draws that take a while, along a path with many marks: checkpoints are worth keeping, and worth
 * forking from. With FORK_MS every eighth fork takes so long, as it may on a busy machine. */
#include <fuzzverse/fuzzverse.h>

#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { STEPS = 40, WORK = 20000, DIRECTIONS = 4, GOAL = 12 };

#ifdef FORK_MS
enum { NS_OF_MS = 1000000, SLOW_FORK_OF = 8 };

pid_t _Fork(void);

/* What libc and fuzzverse fork with. No coverage: forks are no part of the simulation. */
__attribute__((no_sanitize("coverage"))) pid_t _Fork(void) {
    static unsigned forks;
    const struct timespec pause = {0, FORK_MS * NS_OF_MS};
    if (forks++ % SLOW_FORK_OF == 0) syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
#endif

static volatile uint32_t sink;

static void work(void) {
    for (uint32_t i = 0; i < WORK; i++) sink += i;
}

FV_TARGET(slow) {
    int at = 0;
    for (int step = 0; step < STEPS; step++) {
        work();
        at += fv_pick("direction", DIRECTIONS) == 0 ? 1 : 0;
        FV_SOMETIMES_EACH("a place", FV_KEYS({"at", at}), FV_QUALITY({"early", -step}));
    }
    FV_SOMETIMES_GT(at, GOAL, "far from the start");
}
