/* One primitive: from this splitpoint, run a batch of timelines, as many at a time as there are
 * tokens; and the loop around it that spends a mark's energy. */
#ifndef FV_RUNTIME_SPLIT_H
#define FV_RUNTIME_SPLIT_H

#include "runtime.h"

struct fv_batch {
    uint32_t depth; /* of its timelines */
    uint32_t size;
    uint32_t started;
    uint32_t ended;
    uint32_t failed; /* forks that the kernel refused */
    uint64_t fresh;  /* features that it brought, all timelines below included */
    struct fv_slot *slots[FV_BATCH_MAX];
};

/* Takes `size` slots at `depth`; the caller prepares each of them. */
void fv_split_open(struct fv_batch *batch, uint32_t depth, uint32_t size);
/* Forks, reaps and folds, in spawn order. FV_CHILD in each of the timelines. */
enum fv_side fv_split_run(struct fv_batch *batch);

/* Why this process must not be split, in words; NULL: it may. */
const char *fv_split_refusal(void);
/* The controller wants the end, or this tree has found the bug that it was to stop at. */
bool fv_split_must_stop(void);

/* The loop of a split, in the process that the timelines are to come from. */
enum fv_side fv_split_here(const char *name, int64_t *mark_energy);
/* Called in turn, at a discovery of the mark called `name`: spends what its energy allows. Returns
 * in the parent when the splitpoint is exhausted, and in each child to go on from here. */
enum fv_side fv_split(const char *name, int64_t *mark_energy);

#endif
