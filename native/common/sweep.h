/* Counters after one input: what they tell is taken, and they are blank again, in one pass. */
#ifndef FV_COMMON_SWEEP_H
#define FV_COMMON_SWEEP_H

#include <stddef.h>
#include <stdint.h>

/* What a pass compares with, and where it puts what it finds. Maps have a byte a counter. */
struct fv_sweep {
    uint8_t *explored;  /* fresh features are added */
    uint8_t *seen;      /* as in fv_map_tally; */
    size_t seen_stride; /* counted once more */
    uint64_t first;     /* the index of the first counter in the whole map */
    uint64_t hash;      /* of all features, in order; goes on over several ranges */
    uint32_t *fresh;    /* indices of features in the whole map */
    uint32_t fresh_max;
    uint32_t fresh_count; /* all of them; the first `fresh_max` are told */
};

/* Takes `n` counters, whose features are those of `explored` and `seen` from byte `at` on; these
 * have 64 bytes more than they need. */
void fv_sweep_counters(struct fv_sweep *sweep, uint8_t *counters, size_t n, size_t at);
/* Counts the features of the counters, saturating: bit b of counter i is counted at
 * 8 * (at + i) + b modulo `size`. */
void fv_sweep_hits(uint8_t *hits, size_t size, const uint8_t *counters, size_t n, size_t at);

#endif
