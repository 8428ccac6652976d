/* Counters for libFuzzer, which clears and reads this section around every input
 * (FuzzerExtraCounters.cpp). */
#include "rival.h"

#define FV_EXTRA_COUNTERS __attribute__((section("__libfuzzer_extra_counters"), used))

FV_EXTRA_COUNTERS static uint8_t counters[FV_RIVAL_COUNTERS];

void fv_rival_tell(uint32_t counter) { counters[counter] = 1; }
