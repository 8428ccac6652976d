#include "crash.h"

#include <fuzzverse/fuzzverse.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

enum { FRAME_BYTES = 1 << 12, EXIT_CODE = 3 };

static volatile int sink, zero, number = 1;
static volatile int *volatile nowhere;

static void touch_nothing(void) { *nowhere = 1; }
static void give_up(void) { abort(); }
static void leave(void) { exit(EXIT_CODE); }
static void trap(void) { __builtin_trap(); }
static void divide(void) { sink = number / zero; }
static void fail_in_sort(void) { numbers_sort_until(touch_nothing); }
static void leave_in_sort(void) { numbers_sort_until(leave); }
static void tell(void) { fv_bug("a bug, for a change"); }

static __attribute__((noinline)) int descend(int depth) {
    volatile char frame[FRAME_BYTES];
    memset((void *)frame, depth, sizeof frame);
    return depth < 0 ? 0 : descend(depth + 1) + frame[0];
}

static void overflow(void) { sink = descend(0); }

void crash_somehow(void) {
    static void (*const ways[])(void) = {touch_nothing, give_up,       leave, trap,    divide,
                                         fail_in_sort,  leave_in_sort, tell,  overflow};
    ways[fv_pick("crash", sizeof ways / sizeof *ways)]();
}

void crash_never_end(void) {
    for (;;) sink++;
}
