/* From the rings to Python: every record read once, checked, and told in campaign order. */
#ifndef FV_CORE_DRAIN_H
#define FV_CORE_DRAIN_H

#include "campaign.h"

/* Empties the rings of all lanes under way. */
void fv_drain_rings(struct fv_campaign *campaign);
/* Tells what the lane holds; `base` is the ordinal of the job's first timeline. */
void fv_drain_tell(struct fv_campaign *campaign, struct fv_lane *lane, uint64_t base);
/* Under frontier, when a job is folded: learns what it found, known from `stamp` on, and tells
 * it. */
void fv_drain_learn(struct fv_campaign *campaign, struct fv_lane *lane, uint64_t base,
                    uint64_t stamp);
/* Under mutation, when a job is folded: keeps what is worth it, and tells it. */
void fv_drain_adopt(struct fv_campaign *campaign, struct fv_lane *lane, uint64_t base);
/* Tells that a job, whose first root seed is `root`, was given up. */
void fv_drain_tell_lost(struct fv_campaign *campaign, uint64_t ordinal, uint64_t root,
                        const char *why);

#endif
