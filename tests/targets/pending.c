/* Signals that are blocked when they are raised, wait for a while, and are let through or never: in
 * all that, a timeline must find what it raised itself, wherever it was split. MAY says which other
 * thing it may do in between. */
#include <fuzzverse/fuzzverse.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#ifndef MAY
#define MAY nothing
#endif

enum { STEPS = 12, WAYS = 3, ODDS = 6, MAY_ODDS = 120 };

static const int signals[] = {SIGUSR1, SIGUSR2, SIGSEGV};

enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t handled;

static void on_signal(int signal) {
    (void)signal;
    handled++;
}

static void may_do_nothing(void) {}

/* It goes on in a process of its own. */
static void may_do_open(void) {
    if (open("/dev/null", O_RDONLY) < 0) abort();
}

#define MAY_(name) may_do_##name
#define MAY_NAME(name) MAY_(name)

__attribute__((constructor)) static void prepare(void) {
    for (int i = 0; i < SIGNALS - 1; i++) signal(signals[i], on_signal);
}

static void set_blocked(int how) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < SIGNALS; i++) sigaddset(&set, signals[i]);
    sigprocmask(how, &set, NULL);
}

static bool is_waiting(int signal) {
    sigset_t set;
    return sigpending(&set) == 0 && sigismember(&set, signal) == 1;
}

FV_TARGET(pending) {
    (void)may_do_nothing, (void)may_do_open;
    bool raised[SIGNALS] = {false};
    int expected = 0;
    set_blocked(SIG_BLOCK);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint64_t which = fv_below(SIGNALS);
        bool raises = fv_chance(1, ODDS);
        FV_SOMETIMES_EACH("on the way", FV_KEYS({"step", step}, {"raised", raised[0] + raised[1]}),
                          FV_QUALITY());
        if (raises) raise(signals[which]);
        raised[which] |= raises;
        if (fv_chance(1, MAY_ODDS)) MAY_NAME(MAY)();
        for (int i = 0; i < SIGNALS; i++)
            FV_ALWAYS(is_waiting(signals[i]) == raised[i],
                      "what was raised waits, and nothing else");
    }
    if (raised[2] || fv_chance(1, 2)) return; /* some are left behind */
    for (int i = 0; i < SIGNALS; i++) expected += raised[i];
    set_blocked(SIG_UNBLOCK);
    FV_ALWAYS(handled == expected, "each is handled once");
}
