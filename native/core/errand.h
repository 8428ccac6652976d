/* What the next job is to do, from what is known now. */
#ifndef FV_CORE_ERRAND_H
#define FV_CORE_ERRAND_H

#include <stdbool.h>

#include "campaign.h"

/* Writes the lane's orders, roots and grant. False: there is nothing to do. */
bool fv_errand_next(struct fv_campaign *c, struct fv_lane *lane);
/* Whether a job runs one of the inputs that the campaign began with. */
bool fv_errand_is_input(const struct fv_campaign *c, uint64_t job);

#endif
