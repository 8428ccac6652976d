/* Virtual time and timers. Nanoseconds since the start of the timeline, everywhere. */
#ifndef FUZZVERSE_SIM_CLOCK_H
#define FUZZVERSE_SIM_CLOCK_H

#include "../fuzzverse.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FV_US(n) ((uint64_t)(n) * UINT64_C(1000))
#define FV_MS(n) ((uint64_t)(n) * UINT64_C(1000000))
#define FV_SECONDS(n) ((uint64_t)(n) * UINT64_C(1000000000))
#define FV_FOREVER UINT64_MAX

/* True time, which no node can see; moves when no task can run at the present moment. */
uint64_t fv_now(void);
/* What the current node's clock shows: with its skew and drift. True time outside of nodes. */
uint64_t fv_local_now(void);

/* A timer fires once, in a task of the node that started it; the delay is
 * measured by that node's clock. Timers of the same moment fire in the order in which they were
 * started. It goes with its node. */
struct fv_timer {
    uint64_t id; /* 0: none */
};
struct fv_timer fv_timer_start(uint64_t delay_ns, void (*then)(void *with), void *with);
/* False: it has fired already, or was none. */
bool fv_timer_stop(struct fv_timer timer);

#ifdef __cplusplus
}
#endif

#endif
