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

/* As fv_map_class has it. From one class to the next two bits change, so each bound that a count
 * reaches changes these. Comparisons are signed: counts are moved down by half. */
FV_INLINE void classify(words *counters) {
    lanes n = (lanes)*counters ^ (int8_t)-128;
    lanes classes = (lanes)(n > (int8_t)(0 - 128)) & (int8_t)1;
    classes ^= (lanes)(n > (int8_t)(1 - 128)) & (int8_t)3;
    classes ^= (lanes)(n > (int8_t)(2 - 128)) & (int8_t)6;
    classes ^= (lanes)(n > (int8_t)(3 - 128)) & (int8_t)12;
    classes ^= (lanes)(n > (int8_t)(7 - 128)) & (int8_t)24;
    classes ^= (lanes)(n > (int8_t)(15 - 128)) & (int8_t)48;
    classes ^= (lanes)(n > (int8_t)(31 - 128)) & (int8_t)96;
    classes ^= (lanes)(n > (int8_t)(127 - 128)) & (int8_t)-64;
    *counters = (words)classes;
}

/* ---- what is rare: something fresh, or not yet seen three times in this job ------------------- */

static void tell(struct fv_sweep *s, uint64_t byte, uint8_t fresh) {
    for (; fresh != 0; fresh &= (uint8_t)(fresh - 1)) {
        uint64_t feature = 8 * (s->first + byte) + (uint64_t)__builtin_ctz(fresh);
        if (s->fresh_count < s->fresh_max) s->fresh[s->fresh_count] = (uint32_t)feature;
        s->fresh_count++;
    }
}

static __attribute__((noinline, cold)) void take(struct fv_sweep *s, const uint8_t *classes,
                                                 size_t at, size_t n) {
    for (size_t i = 0; i < n; i++) {
        uint8_t *one = s->seen + at + i, *two = one + s->seen_stride, *three = two + s->seen_stride;
        uint8_t class = classes[i], fresh = class & (uint8_t)~s->explored[at + i];
        *three |= *two & class;
        *two |= *one & class;
        *one |= class;
        if (fresh == 0) continue;
        s->explored[at + i] |= class;
        tell(s, at + i, fresh);
    }
}

/* ---- the pass -------------------------------------------------------------------------------- */

#define FV_AT(p) (*(const words *)(p))

/* One half of a block. Order counts in the hash, and so does the place. */
FV_INLINE void sweep_half(struct fv_sweep *s, uint8_t *counters, size_t at, words *hash) {
    const words zero = {0, 0, 0, 0};
    words classes = FV_AT(counters);
    classify(&classes);
    const uint8_t *three = s->seen + 2 * s->seen_stride;
    words news = classes & ~(FV_AT(s->explored + at) & FV_AT(three + at));
    *(words *)counters = zero;
    if (any_of(&news) != 0) take(s, (const uint8_t *)&classes, at, FV_SWEEP_LANES);
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

/* What is left is less than a block: a copy of it with blank counters behind. */
static void sweep_rest(struct fv_sweep *s, uint8_t *counters, size_t n, size_t at) {
    uint8_t any = 0, classes[FV_SWEEP_BLOCK];
    for (size_t i = 0; i < n; i++) any |= counters[i];
    if (any == 0) return;
    for (size_t i = 0; i < n; i++) {
        classes[i] = fv_map_class(counters[i]);
        if (classes[i] != 0) s->hash = fv_mix_into(s->hash, (at + i) << 8 | classes[i]);
    }
    memset(counters, 0, n);
    take(s, classes, at, n);
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

void fv_sweep_counters(struct fv_sweep *s, uint8_t *counters, size_t n, size_t at) {
    size_t whole = n / FV_SWEEP_BLOCK * FV_SWEEP_BLOCK;
    if (is_wide())
        sweep_widely(s, counters, whole, at);
    else
        sweep_plainly(s, counters, whole, at);
    sweep_rest(s, counters + whole, n - whole, at + whole);
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
