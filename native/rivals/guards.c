/* Counters for AFL++: a module of guards of our own, to which its runtime gives places in the
 * coverage map behind those of the instrumented edges, as it does for a shared library. */
#include "rival.h"

extern uint8_t *__afl_area_ptr;
void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop);

static uint32_t guards[FV_RIVAL_COUNTERS];

/* Before the driver's main starts the fork server, which tells the size of the map. */
__attribute__((constructor)) static void announce(void) {
    __sanitizer_cov_trace_pc_guard_init(guards, guards + FV_RIVAL_COUNTERS);
}

void fv_rival_tell(uint32_t counter) { __afl_area_ptr[guards[counter]] = 1; }
