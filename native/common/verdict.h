/* How a timeline ended, put together from what its slot says and what the kernel says. */
#ifndef FV_COMMON_VERDICT_H
#define FV_COMMON_VERDICT_H

#include "layout.h"

/* `status` is waitpid's. */
void fv_verdict_from_status(struct fv_slot *slot, int status);
/* Names everything that two equal timelines have in common: draws, features, verdict. */
uint64_t fv_verdict_digest(const struct fv_slot *slot);

#endif
