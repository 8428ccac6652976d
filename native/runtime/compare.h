/* What drawn values are compared with: clang's trace-cmp callbacks, in timelines that watch. In
 * all others a comparison costs a call, a count and a branch. */
#ifndef FV_RUNTIME_COMPARE_H
#define FV_RUNTIME_COMPARE_H

#include "operands.h"
#include "runtime.h"

/* This process now runs the slot's timeline; NULL: none. Forgets what was drawn before. */
void fv_compare_enter(const struct fv_slot *slot);
/* After draw number `draws` since the root, of a timeline that watches: it answered `value`, below
 * `bound` (0: all 64 bits), and the target sees `base + value`. */
void fv_compare_note_draw(uint64_t draws, uint64_t value, uint64_t base, uint64_t bound);

/* From here on the next `looks` comparisons go to `to`, whatever was drawn; NULL: no more. */
void fv_compare_note_all(struct fv_operands *to, uint32_t looks);
/* Texts that the target compares, where that is noted: `b` may be sought in `a`. */
void fv_compare_note_texts(const void *a, size_t a_size, const void *b, size_t b_size);
/* Whether it is. */
bool fv_compare_notes(void);

#endif
