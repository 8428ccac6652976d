/* What a place is worth in the choice among all of them. */
#ifndef FV_CORE_WEIGH_H
#define FV_CORE_WEIGH_H

#include "frontier.h"

enum {
    FV_WEIGH_SPAN_MIN = 64,
    FV_YIELD_STATE = 8, /* what a child is credited with for a state that marks name, */
    FV_YIELD_EDGES = 1, /* and for edges in another order */
};

/* After its visits, its yields or its exemplar changed. */
void fv_weigh_again(struct fv_frontier *frontier, uint32_t place);
/* When it has just come into the archive. */
void fv_weigh_new(struct fv_frontier *frontier, uint32_t place);
/* Takes it out of the choice until it has another exemplar. */
void fv_weigh_close(struct fv_frontier *frontier, uint32_t place);

#endif
