/* What the controller has to do with an engine: jobs that take its inputs, and their tapes for who
 * is told of timelines. The inputs themselves go from the engine to the worker. */
#ifndef FV_CORE_BRIDGE_H
#define FV_CORE_BRIDGE_H

#include "../common/ask.h"
#include "campaign.h"

/* Plans a job of at most so many inputs. */
void fv_bridge_order(struct fv_lane *lane, uint32_t inputs);
/* What a new tree has to know of it. */
void fv_bridge_begin(struct fv_campaign *campaign, struct fv_lane *lane);
/* How many inputs an ended job has taken. */
uint64_t fv_bridge_taken(const struct fv_lane *lane);
/* Before the first record of a job with a tape: tells the tape. */
void fv_bridge_tell_tape(struct fv_campaign *campaign, const struct fv_record *record);
/* As fv_mutate; `campaign` is a struct fv_campaign. */
uint32_t fv_bridge_mutate(void *campaign, uint8_t *bytes, uint32_t size, uint32_t max);
/* False: the engine is silent or offers garbage; the campaign's error says so. */
bool fv_bridge_look(struct fv_campaign *campaign);

#endif
