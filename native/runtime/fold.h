/* Folding: what an ended timeline leaves is taken into its tree, in spawn order. */
#ifndef FV_RUNTIME_FOLD_H
#define FV_RUNTIME_FOLD_H

#include "runtime.h"

/* Returns how many fresh features it brought, those of the timelines below it included. */
uint64_t fv_fold_timeline(struct fv_slot *slot);

/* The same for one input of a series that has ended well: edges aside, which are `fresh` already;
 * leaves the slot as the next input needs it. Returns all that was fresh. */
uint64_t fv_fold_input(struct fv_slot *slot, uint64_t fresh, uint64_t digest);

#endif
