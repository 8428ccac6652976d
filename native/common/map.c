#include "map.h"

#include <string.h>

#include "mix.h"

enum { FV_MAP_WORD = sizeof(uint64_t), FV_MAP_BLOCK = 64 };

static inline uint64_t load(const uint8_t *p) {
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

static const uint8_t hit_class[256] = {
    [0] = 0,          [1] = 1,           [2] = 2,
    [3] = 4,          [4 ... 7] = 8,     [8 ... 15] = 16,
    [16 ... 31] = 32, [32 ... 127] = 64, [128 ... 255] = 128,
};

uint8_t fv_map_class(uint8_t hit_count) { return hit_class[hit_count]; }

static inline uint64_t classify_word(uint64_t word) {
    uint64_t classes = 0;
    for (int shift = 0; shift < 64; shift += 8)
        classes |= (uint64_t)hit_class[(word >> shift) & 0xff] << shift;
    return classes;
}

uint64_t fv_map_classify(uint8_t *to, const uint8_t *counters, size_t n, size_t first) {
    uint64_t hash = 0;
    size_t i = 0;
    for (; i + FV_MAP_WORD <= n; i += FV_MAP_WORD) {
        uint64_t word = load(counters + i);
        if (word != 0) {
            word = classify_word(word);
            hash += fv_mix(word + (first + i) * FV_GOLDEN);
        }
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < n; i++) {
        to[i] = hit_class[counters[i]];
        if (to[i] != 0) hash += fv_mix(to[i] + (first + i) * FV_GOLDEN);
    }
    return hash;
}

uint64_t fv_map_hash(const uint8_t *map, size_t n, size_t first) {
    uint64_t hash = 0;
    size_t i = 0;
    for (; i + FV_MAP_WORD <= n; i += FV_MAP_WORD) {
        uint64_t word = load(map + i);
        if (word != 0) hash += fv_mix(word + (first + i) * FV_GOLDEN);
    }
    for (; i < n; i++)
        if (map[i] != 0) hash += fv_mix(map[i] + (first + i) * FV_GOLDEN);
    return hash;
}

/* Most timelines bring nothing fresh: blocks without any are passed over at memory speed. */
static inline uint64_t block_fresh(const uint8_t *explored, const uint8_t *slot) {
    uint64_t any = 0;
    for (size_t k = 0; k < FV_MAP_BLOCK; k += FV_MAP_WORD)
        any |= load(slot + k) & ~load(explored + k);
    return any;
}

static uint64_t bytes_fresh(const uint8_t *explored, const uint8_t *slot, size_t n) {
    uint64_t fresh = 0;
    for (size_t i = 0; i < n; i++)
        fresh += (unsigned)__builtin_popcount(slot[i] & (uint8_t)~explored[i]);
    return fresh;
}

uint64_t fv_map_fresh(const uint8_t *explored, const uint8_t *slot, size_t n) {
    uint64_t fresh = 0;
    size_t i = 0;
    for (; i + FV_MAP_BLOCK <= n; i += FV_MAP_BLOCK)
        if (block_fresh(explored + i, slot + i) != 0)
            fresh += bytes_fresh(explored + i, slot + i, FV_MAP_BLOCK);
    return fresh + bytes_fresh(explored + i, slot + i, n - i);
}

uint64_t fv_map_merge(uint8_t *explored, const uint8_t *slot, size_t n) {
    uint64_t fresh = 0;
    for (size_t i = 0; i < n; i += FV_MAP_BLOCK) {
        size_t length = n - i < FV_MAP_BLOCK ? n - i : FV_MAP_BLOCK;
        if (length == FV_MAP_BLOCK && block_fresh(explored + i, slot + i) == 0) continue;
        fresh += bytes_fresh(explored + i, slot + i, length);
        for (size_t k = i; k < i + length; k++) explored[k] |= slot[k];
    }
    return fresh;
}

static inline void store(uint8_t *p, uint64_t word) { memcpy(p, &word, sizeof word); }

/* seen += more, counting to three. */
static inline void tally_word(uint8_t *seen, size_t stride, const uint64_t more[3]) {
    uint64_t one = load(seen), two = load(seen + stride), three = load(seen + 2 * stride);
    store(seen + 2 * stride, three | more[2] | (two & more[0]) | (one & more[1]));
    store(seen + stride, two | more[1] | (one & more[0]));
    store(seen, one | more[0]);
}

/* Maps are a multiple of eight bytes long. */
void fv_map_tally(uint8_t *seen, size_t stride, const uint8_t *slot, const uint8_t *before,
                  size_t n) {
    for (size_t i = 0; i + FV_MAP_WORD <= n; i += FV_MAP_WORD) {
        uint64_t word = load(slot + i);
        if (word == 0) continue;
        if (before != NULL) word &= ~load(before + i);
        if (word != 0) tally_word(seen + i, stride, (uint64_t[3]){word, 0, 0});
    }
}

void fv_map_tally_add(uint8_t *seen, const uint8_t *more, size_t stride, size_t n) {
    for (size_t i = 0; i + FV_MAP_WORD <= n; i += FV_MAP_WORD) {
        uint64_t one = load(more + i);
        if (one != 0)
            tally_word(seen + i, stride,
                       (uint64_t[3]){one, load(more + i + stride), load(more + i + 2 * stride)});
    }
}

uint64_t fv_map_count(const uint8_t *map, size_t n) {
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++) count += (unsigned)__builtin_popcount(map[i]);
    return count;
}

uint64_t fv_map_count_bytes(const uint8_t *map, size_t n) {
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++) count += map[i] != 0;
    return count;
}
