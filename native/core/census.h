/* Inputs run to see what each of them has: every job begins with nothing known. */
#ifndef FV_CORE_CENSUS_H
#define FV_CORE_CENSUS_H

#include "campaign.h"

enum { FV_CENSUS_FEATURES_MAX = 200000 /* of one input; more are counted */ };

/* Tells of a job that has just been merged, so that c->mark_of holds. */
void fv_census_tell(struct fv_campaign *c, const struct fv_lane *lane);

#endif
