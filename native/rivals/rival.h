/* A simulation driven by the bytes of another fuzzer, for `fuzzverse bench search`. Shipped as
 * sources, and compiled beside the target, uninstrumented, in place of the runtime. */
#ifndef FV_RIVALS_RIVAL_H
#define FV_RIVALS_RIVAL_H

#define FV_NO_SITES
#include <fuzzverse/fuzzverse.h>

enum { FV_RIVAL_COUNTERS = 1 << 16 };

/* Tells the fuzzer that this counter was touched in the timeline under way. Once or often is the
 * same: what a mark tells is a state, and how long a timeline stays there is not news. Defined by
 * extra.c for libFuzzer and by guards.c for AFL++. */
void fv_rival_tell(uint32_t counter);

/* Ends the process as a crash, which is how the fuzzer learns of a bug. */
_Noreturn void fv_rival_bug(const char *message);

/* What libFuzzer and AFL++'s driver for it call with every input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
