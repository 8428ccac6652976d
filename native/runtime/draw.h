/* Draws: values of the counter-based generator, or bytes of a tape while there are any. */
#ifndef FV_RUNTIME_DRAW_H
#define FV_RUNTIME_DRAW_H

#include "runtime.h"

/* From here on the timeline is driven by `seed`; the recipe gets the segment. */
void fv_draw_reseed(struct fv_slot *slot, uint64_t seed);
/* Sets the generator to the start of the slot's recipe. */
void fv_draw_start(struct fv_slot *slot);
/* The draw count at which the slow path takes over; call after the recipe or tape changed. */
void fv_draw_arm(struct fv_slot *slot);

#endif
