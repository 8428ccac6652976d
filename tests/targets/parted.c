/* In one timeline of ODDS the target asks the kernel for something that outlasts a timeline, and
 * THEN says how that one goes on: nearly always to its end, by force. */
#include <fuzzverse/fuzzverse.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#ifndef ODDS
#define ODDS 30
#endif

enum { STEPS = 5, WAYS = 4, CODE = 5 };

static int handled;

static void open_something(void) {
    if (open("/dev/null", O_RDONLY) < 0) abort();
}

static void on_signal(int signal) {
    (void)signal;
    open_something();
    handled++;
}

__attribute__((constructor)) static void prepare(void) { signal(SIGUSR1, on_signal); }

static void then_touch_nothing(void) {
    open_something();
    *(volatile int *)8 = 1;
}

static void then_abort(void) {
    open_something();
    abort();
}

static void then_leave(void) {
    open_something();
    exit(CODE);
}

static void then_tell(void) {
    open_something();
    fv_bug("in a process of its own");
}

/* No call but the signal that others are made known by. */
static void then_pretend(void) { raise(SIGSYS); }

/* These go on. */
static void then_handle(void) {
    raise(SIGUSR1);
    FV_ALWAYS(handled == 1, "a signal is handled once");
}

static void then_mask(void) {
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    open_something();
    sigprocmask(SIG_SETMASK, &before, NULL);
}

#define THEN_(name) then_##name
#define THEN_NAME(name) THEN_(name)

static void walk(uint32_t from, uint32_t to) {
    for (uint32_t step = from; step < to; step++)
        FV_SOMETIMES_EACH("on the way", FV_KEYS({"step", step}, {"way", fv_below(WAYS)}),
                          FV_QUALITY());
}

FV_TARGET(parted) {
    (void)then_touch_nothing, (void)then_abort, (void)then_leave, (void)then_tell;
    (void)then_pretend, (void)then_handle, (void)then_mask;
    walk(0, STEPS);
    bool strikes = fv_chance(1, ODDS);
    if (strikes) THEN_NAME(THEN)();
    FV_SOMETIMES(strikes, "went on after it");
    walk(STEPS, 2 * STEPS);
}
