/* Trials: jobs whose timelines the caller chose, told one by one however they ended. */
#ifndef FV_CORE_TRIALS_H
#define FV_CORE_TRIALS_H

#include "frontier.h"

enum { FV_TRIALS_QUEUED_MAX = 64 };

/* Jobs that wait for a lane, first come, first served. Plans are kept and used again. */
struct fv_trials {
    struct fv_job_plan *plans[FV_TRIALS_QUEUED_MAX];
    uint32_t first, count;
};

/* Exchanges *plan for that of the next job; false: there is none. */
bool fv_trials_next(struct fv_trials *trials, struct fv_job_plan **plan);
void fv_trials_free(struct fv_trials *trials);

#endif
