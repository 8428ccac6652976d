/* Claims: a timeline that saw something new waits for its turn and, if it is still new then,
 * takes it for itself: it becomes a discovery, and under depth-first a splitpoint. */
#ifndef FV_RUNTIME_CLAIM_H
#define FV_RUNTIME_CLAIM_H

#include "runtime.h"

/* Returns once every elder sibling has ended. Gives the right to run back while waiting. */
void fv_claim_turn(void);

/* The first pass of a Sometimes or Reachable. */
void fv_claim_pass(const struct fv_site *site);
/* A fault that struck; matters to the frontier alone. */
void fv_claim_fault(const struct fv_site *site);
/* A margin that is the best of this timeline, and the step of its logarithm that it is in. */
void fv_claim_margin(const struct fv_site *site, int64_t margin, uint32_t step);
/* More conditions true at once than before in this timeline. */
void fv_claim_width(const struct fv_site *site, uint32_t width, uint32_t condition_count);
/* A bucket, by its keys and qualities. */
void fv_claim_bucket(const struct fv_site *site, const struct fv_pair *keys, uint32_t key_count,
                     const struct fv_pair *qualities, uint32_t quality_count);

#endif
