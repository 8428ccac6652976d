/* Sixty draws, of which three decide; what minimising and explaining are tried on. */
#include <fuzzverse/fuzzverse.h>
#include <unistd.h>

enum { DRAWS = 60 };

static uint64_t drawn[DRAWS];

static bool is_fatal(void) { return drawn[10] >= 3 && drawn[30] >= 5 && drawn[50] == 7; }

static void crash(void) {
    volatile int *nowhere = (volatile int *)8;
    *nowhere = 1;
}

FV_TARGET(three_of_sixty) {
    for (int i = 0; i < DRAWS; i++) {
        drawn[i] = i % 7 == 5 ? (uint64_t)fv_chance(1, 2) : fv_below(8);
        fv_log("draw %d is %llu", i, (unsigned long long)drawn[i]);
    }
    FV_SOMETIMES(drawn[10] >= 3, "the first is large");
    if (!is_fatal()) return;
#if defined(CRASHES)
    crash();
#elif defined(EXITS)
    _exit(3);
#else
    (void)crash;
    fv_bug("three of %d draws", DRAWS);
#endif
}
