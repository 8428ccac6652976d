/* Takes something along that no rewinding puts back: the most memory that its process has had. A
 * forked timeline starts without. No mark fails; what is drawn differs. */
#include <fuzzverse/fuzzverse.h>

#include <string.h>
#include <sys/resource.h>

enum { ODDS = 8, STEPS = 20, WAYS = 6, BYTES = 16 << 20 };

static long peak_kb(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

char memory[BYTES]; /* not static: what is written there counts */

FV_TARGET(peak) {
    bool is_pristine = peak_kb() < BYTES >> 10;
    uint64_t ways = is_pristine ? WAYS : WAYS + 1, sum = 0;
    if (!is_pristine) sum += fv_below(WAYS);
    for (uint32_t step = 0; step < STEPS; step++) {
        sum += fv_below(ways);
        FV_SOMETIMES_EACH("gets so far", FV_KEYS({"step", step}, {"sum", sum / WAYS}),
                          FV_QUALITY());
    }
    if (fv_chance(1, ODDS)) memset(memory, 1, sizeof memory);
}
