/* Signals that a timeline blocks and that wait to be let through: they are the kernel's, so that
 * neither forking nor putting memory back takes them along. */
#ifndef FV_RUNTIME_PENDING_H
#define FV_RUNTIME_PENDING_H

#include <stdint.h>

/* All signals but SIGSYS, which a runner's guard speaks through, wait from now on. */
void fv_pending_hold(void);
/* Those that wait, a bit each, but for SIGCHLD: that one tells of our own children as well. */
uint64_t fv_pending_get(void);
/* The same, and none waits any more. The caller holds them. */
uint64_t fv_pending_take(void);
/* Makes them wait, once each; they must be blocked. */
void fv_pending_raise(uint64_t signals);

#endif
