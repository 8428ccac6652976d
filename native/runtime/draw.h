/* Draws: values of the counter-based generator, or bytes of a tape while there are any. */
#ifndef FV_RUNTIME_DRAW_H
#define FV_RUNTIME_DRAW_H

#include "runtime.h"

/* From here on the timeline is driven by `seed`; the recipe gets the segment. */
void fv_draw_reseed(struct fv_slot *slot, uint64_t seed);
/* From here on the timeline follows these segments instead of what its recipe had ahead. False:
 * they are too many. */
bool fv_draw_follow(struct fv_slot *slot, const struct fv_segment *segments, uint32_t n);
/* Sets the generator to the start of the slot's recipe. */
void fv_draw_start(struct fv_slot *slot);
/* The draw count at which the slow path takes over; call after the recipe or tape changed. */
void fv_draw_arm(struct fv_slot *slot);

#endif
