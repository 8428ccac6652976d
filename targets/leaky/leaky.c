/* Does what a simulation must not: takes something along from one timeline to the next, where
 * putting back private memory does not reach. LEAK says where. No mark fails; what is drawn
 * differs, and so only a comparison of two runs of a timeline can tell. */
#include <fuzzverse/fuzzverse.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#ifndef LEAK
#define LEAK NAME
#endif

enum { PENDING, SHARED, NAME };

enum {
    LEAK_ODDS = 8, /* one timeline in so many leaves something behind */
    STEPS = 20,
    WAYS = 6,
    NAME_BYTES = 16,
    PAGE_BYTES = 4096
};

static const char leaked_name[NAME_BYTES] = "leaked";
static volatile int *shared;

/* ---- a pending signal, blocked from the start so that it stays pending ----------------------- */

static void block_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static bool is_pending(void) {
    sigset_t set;
    return sigpending(&set) == 0 && sigismember(&set, SIGUSR1) == 1;
}

/* ---- shared memory --------------------------------------------------------------------------- */

static void share_memory(void) {
    void *memory =
        mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) abort();
    shared = memory;
}

/* ---- the name of the process ----------------------------------------------------------------- */

static bool is_renamed(void) {
    char name[NAME_BYTES];
    return prctl(PR_GET_NAME, name) == 0 && strcmp(name, leaked_name) == 0;
}

/* ---- whichever it is ------------------------------------------------------------------------- */

__attribute__((constructor)) static void prepare(void) {
    if (LEAK == PENDING) block_signal();
    if (LEAK == SHARED) share_memory();
}

static bool finds_leak(void) {
    switch (LEAK) {
    case PENDING: return is_pending();
    case SHARED: return *shared > 0;
    default: return is_renamed();
    }
}

static void leak(void) {
    switch (LEAK) {
    case PENDING: raise(SIGUSR1); break;
    case SHARED: ++*shared; break;
    default: prctl(PR_SET_NAME, leaked_name);
    }
}

/* Leaks behind its last draw: what is split off it on the way does not know yet. */
FV_TARGET(leaky) {
    bool is_pristine = !finds_leak();
    uint64_t ways = is_pristine ? WAYS : WAYS + 1, sum = 0;
    if (!is_pristine) sum += fv_below(WAYS);
    for (uint32_t step = 0; step < STEPS; step++) {
        sum += fv_below(ways);
        FV_SOMETIMES_EACH("gets so far", FV_KEYS({"step", step}, {"sum", sum / WAYS}),
                          FV_QUALITY());
    }
    if (fv_chance(1, LEAK_ODDS)) leak();
}
