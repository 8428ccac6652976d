#include "sweep.h"

#include <string.h>

#include "map.h"
#include "mix.h"

enum { FV_SWEEP_LANES = 32, FV_SWEEP_BLOCK = 2 * FV_SWEEP_LANES };

typedef int8_t lanes __attribute__((vector_size(FV_SWEEP_LANES), aligned(1), may_alias));
typedef uint64_t words __attribute__((vector_size(FV_SWEEP_LANES), aligned(1), may_alias));

/* The same source, compiled for what every machine has and for what most have. */
#if defined(__x86_64__)
#define FV_WIDE __attribute__((target("avx2")))
#endif
#define FV_INLINE static inline __attribute__((always_inline))

/* Vectors go by address: as values they would be another ABI on each of these machines. */
FV_INLINE uint64_t any_of(const words *w) { return (*w)[0] | (*w)[1] | (*w)[2] | (*w)[3]; }

/* The largest count of each class but the last, moved down by half because comparisons are signed;
 * and the two bits that change from one class to the next. */
#define FV_ALL(x) {[0 ... FV_SWEEP_LANES - 1] = (int8_t)(x)}
static const struct bounds {
    int8_t half[FV_SWEEP_LANES], past[7][FV_SWEEP_LANES], bits[7][FV_SWEEP_LANES];
    int8_t last[FV_SWEEP_LANES];
} bounds __attribute__((aligned(FV_SWEEP_LANES))) = {
    FV_ALL(128),
    {FV_ALL(0 - 128), FV_ALL(1 - 128), FV_ALL(2 - 128), FV_ALL(3 - 128), FV_ALL(7 - 128),
     FV_ALL(15 - 128), FV_ALL(31 - 128)},
    {FV_ALL(1), FV_ALL(3), FV_ALL(6), FV_ALL(12), FV_ALL(24), FV_ALL(48), FV_ALL(96)},
    FV_ALL(192),
};

#define FV_LANES(p) (*(const lanes *)(p))

/* As fv_map_class has it. */
FV_INLINE void classify(words *counters) {
    const struct bounds *b = &bounds;
    __asm__("" : "+r"(b)); /* loads cost less than making sixteen constants again and again */
    lanes n = (lanes)*counters ^ FV_LANES(b->half), classes = (lanes)(n >= 0) & FV_LANES(b->last);
    for (int i = 0; i < 7; i++) classes ^= (lanes)(n > FV_LANES(b->past[i])) & FV_LANES(b->bits[i]);
    *counters = (words)classes;
}

/* ---- what is rare: something fresh, or not yet seen three times in this job ------------------ */

#define FV_AT(p) (*(const words *)(p))

static void tell(struct fv_sweep *s, uint64_t byte, uint8_t fresh) {
    for (; fresh != 0; fresh &= (uint8_t)(fresh - 1)) {
        uint64_t feature = 8 * (s->first + byte) + (uint64_t)__builtin_ctz(fresh);
        if (s->fresh_count < s->fresh_max) s->fresh[s->fresh_count] = (uint32_t)feature;
        s->fresh_count++;
    }
}

static __attribute__((noinline, cold)) void take_fresh(struct fv_sweep *s, const uint8_t *classes,
                                                       size_t at) {
    for (size_t i = 0; i < FV_SWEEP_LANES; i++) {
        uint8_t fresh = classes[i] & (uint8_t)~s->explored[at + i];
        s->explored[at + i] |= fresh;
        tell(s, at + i, fresh);
    }
}

FV_INLINE void take(struct fv_sweep *s, const words *classes, size_t at) {
    uint8_t *one = s->seen + at, *two = one + s->seen_stride, *three = two + s->seen_stride;
    words fresh = *classes & ~FV_AT(s->explored + at);
    *(words *)three |= FV_AT(two) & *classes;
    *(words *)two |= FV_AT(one) & *classes;
    *(words *)one |= *classes;
    if (any_of(&fresh) != 0) take_fresh(s, (const uint8_t *)classes, at);
}

/* ---- the pass -------------------------------------------------------------------------------- */

/* One half of a block. Order counts in the hash, and so does the place. */
FV_INLINE void sweep_half(struct fv_sweep *s, uint8_t *counters, size_t at, words *hash) {
    const words zero = {0, 0, 0, 0};
    words classes = FV_AT(counters);
    classify(&classes);
    const uint8_t *three = s->seen + 2 * s->seen_stride;
    words news = classes & ~(FV_AT(s->explored + at) & FV_AT(three + at));
    *(words *)counters = zero;
    if (any_of(&news) != 0) take(s, &classes, at);
    *hash = (*hash << 7 | *hash >> 57) + classes;
}

FV_INLINE void sweep(struct fv_sweep *s, uint8_t *counters, size_t n, size_t at) {
    words hash = {s->hash, 0, 0, 0};
    for (size_t i = 0; i < n; i += FV_SWEEP_BLOCK) {
        words any = FV_AT(counters + i) | FV_AT(counters + i + FV_SWEEP_LANES);
        if (any_of(&any) == 0) continue;
        hash[0] += (at + i) * FV_GOLDEN;
        sweep_half(s, counters + i, at + i, &hash);
        sweep_half(s, counters + i + FV_SWEEP_LANES, at + i + FV_SWEEP_LANES, &hash);
    }
    s->hash = FV_GOLDEN;
    for (int i = 0; i < 4; i++) s->hash = fv_mix_into(s->hash, hash[i]);
}

static void sweep_plainly(struct fv_sweep *s, uint8_t *counters, size_t n, size_t at) {
    sweep(s, counters, n, at);
}

#ifdef FV_WIDE
FV_WIDE static void sweep_widely(struct fv_sweep *s, uint8_t *counters, size_t n, size_t at) {
    sweep(s, counters, n, at);
}
static int is_wide(void) { return __builtin_cpu_supports("avx2"); }
#else
#define sweep_widely sweep_plainly
static int is_wide(void) { return 0; }
#endif

static void sweep_blocks(struct fv_sweep *s, uint8_t *counters, size_t n, size_t at) {
    if (is_wide())
        sweep_widely(s, counters, n, at);
    else
        sweep_plainly(s, counters, n, at);
}

void fv_sweep_counters(struct fv_sweep *s, uint8_t *counters, size_t n, size_t at) {
    size_t whole = n / FV_SWEEP_BLOCK * FV_SWEEP_BLOCK;
    uint8_t rest[FV_SWEEP_BLOCK] = {0};
    sweep_blocks(s, counters, whole, at);
    if (whole == n) return;
    memcpy(rest, counters + whole, n - whole);
    memset(counters + whole, 0, n - whole);
    sweep_blocks(s, rest, FV_SWEEP_BLOCK, at + whole);
}

void fv_sweep_hits(uint8_t *hits, size_t size, const uint8_t *counters, size_t n, size_t at) {
    for (size_t i = 0; i < n;) {
        uint64_t word = 0;
        if (i + sizeof word <= n) memcpy(&word, counters + i, sizeof word);
        if (word == 0 && i + sizeof word <= n) {
            i += sizeof word;
            continue;
        }
        if (counters[i] != 0) {
            uint32_t bit = (uint32_t)__builtin_ctz(fv_map_class(counters[i]));
            uint8_t *hit = hits + (8 * (at + i) + bit) % size;
            *hit += *hit < UINT8_MAX;
        }
        i++;
    }
}
