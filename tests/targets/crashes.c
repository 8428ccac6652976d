/* Ends in one of several ways, each of them one bug, most by more than one way there. */
#include <assert.h>
#include <fuzzverse/fuzzverse.h>
#include <stdlib.h>
#include <string.h>

#ifdef MOVED
#line 1000 "crashes.c" /* as after an edit above */
#endif

enum { WAYS = 9 };

static char *volatile nowhere;
static volatile int zero;

__attribute__((noinline)) static void write_nowhere(void) { *nowhere = 1; }

__attribute__((noinline)) static void copy_nowhere(size_t n) {
    char from[64] = {0};
    memcpy(nowhere, from, n);
    fv_log("copied");
}

__attribute__((noinline)) static int divide(int n) {
    int quotient = n / zero;
    fv_log("divided");
    return quotient;
}

static inline int deeper(int n) { return n % 2 == 0 ? divide(n) : 1; }

__attribute__((noinline)) static void check(int n) {
    assert(n < 0);
    fv_log("checked");
}

__attribute__((noinline)) static void check_twice(int n) {
    if (n > 100) write_nowhere();
    if (n > 10)
        *nowhere = 2;
    else
        zero = nowhere[2];
    fv_log("never");
}

__attribute__((noinline)) static int descend(int n) {
    char room[4096];
    memset(room, n, sizeof room);
    int below = descend(n + 1);
    return below + room[n % 4096];
}

FV_TARGET(crashes) {
    int n = (int)fv_below(10);
    switch (fv_pick("way", WAYS)) {
    case 0: write_nowhere(); break;
    case 1: copy_nowhere((size_t)n * 3 + 1); break;
    case 2: deeper(n * 2); break;
    case 3: check(n); break;
    case 4: abort();
    case 5: check_twice(11); break;
    case 6: check_twice(1); break;
    case 7: descend(n); break;
    default: check_twice(101); break;
    }
    fv_log("the end");
}
