/* The generator and the hashes. Counter-based: draw `count` of `seed` is reached directly. */
#ifndef FV_COMMON_MIX_H
#define FV_COMMON_MIX_H

#include <stddef.h>
#include <stdint.h>

#define FV_GOLDEN UINT64_C(0x9e3779b97f4a7c15)

/* The finaliser of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014; variant 13 of Stafford's mixers). */
static inline uint64_t fv_mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Draw number `count` (from 0) of the segment that `seed` drives. */
static inline uint64_t fv_mix_draw(uint64_t seed, uint64_t count) {
    return fv_mix(seed + (count + 1) * FV_GOLDEN);
}

/* A running hash: order matters. */
static inline uint64_t fv_mix_into(uint64_t hash, uint64_t value) {
    return (hash ^ value) * UINT64_C(0x9fb21c651e98df25) + (hash >> 29);
}

/* The same for draws, a million of which must not wait for each other: what depends on the step
 * before is a rotation and a sum. */
static inline uint64_t fv_mix_step(uint64_t hash, uint64_t value, uint64_t place) {
    return (hash << 9 | hash >> 55) + (value + FV_GOLDEN) * ((place + 1) * FV_GOLDEN | 1);
}

/* 64-bit FNV-1a (Fowler, Noll, Vo). */
uint64_t fv_mix_bytes(const void *bytes, size_t n);
uint64_t fv_mix_text(uint64_t hash, const char *text);

/* The seed of child `index` of a splitpoint: FNV-1a over the mark's name, then the parent's seed
 * and the index as whole words. The formula of the document this project started from, bit for
 * bit; test vectors hold it. */
uint64_t fv_mix_child_seed(uint64_t parent_seed, const char *mark_name, uint32_t index);

/* Root seed number `ordinal` of a campaign. */
uint64_t fv_mix_root_seed(uint64_t campaign_seed, uint64_t ordinal);

#endif
