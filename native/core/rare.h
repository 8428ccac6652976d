/* Rare states: those of marks that few timelines pass. Every other way to one of them is worth a
 * few children of its own, as in multilevel splitting (Villen-Altamirano, "RESTART", 1991): what
 * leads on from there may need another configuration than the first that came by had. */
#ifndef FV_CORE_RARE_H
#define FV_CORE_RARE_H

#include "frontier.h"

/* What a place weighs in the choice among rare ones; 0 once it has had its share. */
uint64_t fv_rare_weigh(const struct fv_frontier *frontier, const struct fv_place *place);
/* Whether another way to the place's state is welcome, for this one has had its share. */
bool fv_rare_wants_another(const struct fv_frontier *frontier, const struct fv_place *place);
/* Whether the place is there and its way has this root. */
bool fv_rare_is_of_root(const struct fv_archive *archive, uint32_t place, uint64_t root);
/* Most of the visits go to rare places, as long as there are some. */
bool fv_rare_is_next(struct fv_frontier *frontier);

#endif
