/* How many timelines may still be spent, in three levels. Only the turn takes and gives, so that
 * energy is spent in one order whatever runs at the same time. */
#ifndef FV_RUNTIME_ENERGY_H
#define FV_RUNTIME_ENERGY_H

#include "../common/layout.h"
#include "runtime.h"

struct fv_purse {
    struct fv_tree *tree;  /* global energy and reserve */
    int64_t *own;          /* the mark's, or the bucket's */
    uint32_t from_reserve; /* how many of the last takes the reserve paid */
};

/* One timeline: global first, then the mark's own, then the reserve. A failed level gives the
 * earlier ones back. */
bool fv_energy_take(struct fv_purse *purse);
/* The last take bought nothing. */
void fv_energy_undo(struct fv_purse *purse);
/* A barren mark gives what it has left to the reserve. */
void fv_energy_release(struct fv_purse *purse);

#endif
