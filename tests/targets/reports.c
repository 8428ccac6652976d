/* What sanitizers report, each of them one bug with many ways there. */
#include <fuzzverse/fuzzverse.h>
#include <limits.h>
#include <stdlib.h>

static volatile int kept;
static int table[8];

__attribute__((noinline)) static void read_it(const volatile int *at) {
    kept = *at;
    fv_log("read");
}

__attribute__((noinline)) static void read_freed(int *at) {
    free(at);
    read_it(at);
    fv_log("read what was freed");
}

__attribute__((noinline)) static void use_heap(uint64_t way, uint64_t n) {
    int *room = calloc(4, sizeof *room);
    if (room == NULL) return;
    switch (way) {
    case 0: read_freed(room); return;
    case 1: read_it(room + 4 + n % 2); break;
    default:
        free(room);
        read_it(room);
        return;
    }
    free(room);
}

__attribute__((noinline)) static int add(int a, int b) { return a + b; }

FV_TARGET(reports) {
    uint64_t n = fv_below(100), way = fv_below(4);
#if __has_feature(address_sanitizer)
    if (way < 3) use_heap(way, n);
#else
    if (way == 0) kept = add(INT_MAX, (int)n + 1);
    if (way == 1) kept = table[8 + n];
    (void)use_heap;
#endif
}
