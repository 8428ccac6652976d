/* Root jobs: what comes next, handing it to a worker, folding it when it has ended. */
#ifndef FV_CORE_JOB_H
#define FV_CORE_JOB_H

#include "campaign.h"

/* Fills the window. What it decides depends on the folded jobs alone. */
void fv_job_plan(struct fv_campaign *campaign);
/* Gives waiting jobs, in order, to idle workers. */
void fv_job_assign(struct fv_campaign *campaign);
/* Notices jobs that have ended. */
void fv_job_collect(struct fv_campaign *campaign);
/* Folds the ended jobs that are next in order, and plans after each. */
void fv_job_fold(struct fv_campaign *campaign);
/* Takes in what the jobs under way have brought so far; they are at an end. */
void fv_job_fold_unfinished(struct fv_campaign *campaign);
/* Whether the job's memory still says what the controller wrote there, as far as can be told. */
bool fv_job_is_sound(const struct fv_lane *lane);
/* After a worker's death: makes its jobs ready for another attempt. The one that it was at is given
 * up after a few. */
void fv_job_retry(struct fv_campaign *campaign, uint32_t worker);
bool fv_job_any_under_way(const struct fv_campaign *campaign);

#endif
