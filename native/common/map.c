#include "map.h"

#include <string.h>

#include "mix.h"

static const uint8_t hit_class[256] = {
    [0] = 0,          [1] = 1,           [2] = 2,
    [3] = 4,          [4 ... 7] = 8,     [8 ... 15] = 16,
    [16 ... 31] = 32, [32 ... 127] = 64, [128 ... 255] = 128,
};

uint8_t fv_map_class(uint8_t hit_count) { return hit_class[hit_count]; }

uint8_t fv_map_class_least(uint32_t class) {
    static const uint8_t least[FV_MAP_CLASSES] = {1, 2, 3, 4, 8, 16, 32, 128};
    return least[class];
}

static inline uint64_t classify_word(uint64_t word) {
    uint64_t classes = 0;
    for (int shift = 0; shift < 64; shift += 8)
        classes |= (uint64_t)hit_class[(word >> shift) & 0xff] << shift;
    return classes;
}

static inline uint64_t hash_word(uint64_t word, size_t place) {
    return word != 0 ? fv_mix(word + place * FV_GOLDEN) : 0;
}

typedef uint8_t lanes __attribute__((vector_size(16)));

/* As hit_class has it, sixteen at once: comparisons of lanes are all ones where they hold. */
static inline lanes classify_lanes(lanes n) {
    lanes classes = (lanes)(n == 1) & 1;
    classes |= (lanes)(n == 2) & 2;
    classes |= (lanes)(n == 3) & 4;
    classes |= (lanes)((n >= 4) & (n < 8)) & 8;
    classes |= (lanes)((n >= 8) & (n < 16)) & 16;
    classes |= (lanes)((n >= 16) & (n < 32)) & 32;
    classes |= (lanes)((n >= 32) & (n < 128)) & 64;
    return classes | ((lanes)(n >= 128) & 128);
}

static uint64_t classify_block(uint8_t *to, const uint8_t *counters, size_t first) {
    uint64_t hash = 0;
    for (size_t i = 0; i < FV_MAP_BLOCK; i += sizeof(lanes)) {
        lanes n;
        memcpy(&n, counters + i, sizeof n);
        n = classify_lanes(n);
        memcpy(to + i, &n, sizeof n);
    }
    for (size_t i = 0; i < FV_MAP_BLOCK; i += FV_MAP_WORD)
        hash += hash_word(fv_map_load(to + i), first + i);
    return hash;
}

/* A stretch of less than a block. */
static uint64_t classify_part(uint8_t *to, const uint8_t *counters, size_t n, size_t first) {
    uint64_t hash = 0;
    size_t i = 0;
    for (; i + FV_MAP_WORD <= n; i += FV_MAP_WORD) {
        uint64_t word = fv_map_load(counters + i);
        if (word != 0) word = classify_word(word);
        hash += hash_word(word, first + i);
        memcpy(to + i, &word, sizeof word);
    }
    for (; i < n; i++) {
        to[i] = hit_class[counters[i]];
        hash += hash_word(to[i], first + i);
    }
    return hash;
}

uint64_t fv_map_classify(uint8_t *to, const uint8_t *counters, size_t n, size_t first) {
    uint64_t hash = 0;
    size_t i = 0;
    for (; i + FV_MAP_BLOCK <= n; i += FV_MAP_BLOCK)
        if (fv_map_is_blank(counters + i))
            memset(to + i, 0, FV_MAP_BLOCK);
        else
            hash += classify_block(to + i, counters + i, first + i);
    return hash + classify_part(to + i, counters + i, n - i, first + i);
}

static uint64_t hash_part(const uint8_t *map, size_t n, size_t first) {
    uint64_t hash = 0;
    size_t i = 0;
    for (; i + FV_MAP_WORD <= n; i += FV_MAP_WORD)
        hash += hash_word(fv_map_load(map + i), first + i);
    for (; i < n; i++) hash += hash_word(map[i], first + i);
    return hash;
}

uint64_t fv_map_hash(const uint8_t *map, size_t n, size_t first) {
    uint64_t hash = 0;
    size_t i = 0;
    for (; i + FV_MAP_BLOCK <= n; i += FV_MAP_BLOCK)
        if (!fv_map_is_blank(map + i)) hash += hash_part(map + i, FV_MAP_BLOCK, first + i);
    return hash + hash_part(map + i, n - i, first + i);
}

/* Most timelines bring nothing fresh: blocks without any are passed over at memory speed. */
static inline uint64_t block_fresh(const uint8_t *explored, const uint8_t *slot) {
    uint64_t any = 0;
    for (size_t k = 0; k < FV_MAP_BLOCK; k += FV_MAP_WORD)
        any |= fv_map_load(slot + k) & ~fv_map_load(explored + k);
    return any;
}

static inline unsigned ones(uint64_t word) { return (unsigned)__builtin_popcountll(word); }

static uint64_t bytes_fresh(const uint8_t *explored, const uint8_t *slot, size_t n) {
    uint64_t fresh = 0;
    size_t i = 0;
    for (; i + FV_MAP_WORD <= n; i += FV_MAP_WORD) {
        uint64_t word = fv_map_load(slot + i) & ~fv_map_load(explored + i);
        if (word != 0) fresh += ones(word);
    }
    for (; i < n; i++) fresh += ones(slot[i] & (uint8_t)~explored[i]);
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

uint32_t fv_map_list_fresh(const uint8_t *explored, const uint8_t *slot, size_t n, uint32_t *to,
                           uint32_t max) {
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t fresh = slot[i] & (uint8_t)~explored[i];
        for (; fresh != 0 && count < max; fresh &= (uint8_t)(fresh - 1))
            to[count++] = (uint32_t)(8 * i) + (uint32_t)__builtin_ctz(fresh);
    }
    return count;
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

void fv_map_join(uint8_t *to, const uint8_t *slot, size_t n) {
    size_t i = 0;
    for (; i + FV_MAP_BLOCK <= n; i += FV_MAP_BLOCK)
        if (!fv_map_is_blank(slot + i))
            for (size_t k = i; k < i + FV_MAP_BLOCK; k++) to[k] |= slot[k];
    for (; i < n; i++) to[i] |= slot[i];
}

static inline void store(uint8_t *p, uint64_t word) { memcpy(p, &word, sizeof word); }

/* seen += more, counting to three. */
static inline void tally_word(uint8_t *seen, size_t stride, const uint64_t more[3]) {
    uint64_t one = fv_map_load(seen), two = fv_map_load(seen + stride),
             three = fv_map_load(seen + 2 * stride);
    store(seen + 2 * stride, three | more[2] | (two & more[0]) | (one & more[1]));
    store(seen + stride, two | more[1] | (one & more[0]));
    store(seen, one | more[0]);
}

static inline void tally_one(uint8_t *seen, size_t stride, const uint8_t *slot,
                             const uint8_t *before) {
    uint64_t word = fv_map_load(slot);
    if (before != NULL) word &= ~fv_map_load(before);
    if (word != 0) tally_word(seen, stride, (uint64_t[3]){word, 0, 0});
}

/* Mostly not: what a few timelines have seen is counted to three already. */
static inline uint64_t block_counts(const uint8_t *seen, size_t stride, const uint8_t *slot) {
    return block_fresh(seen + 2 * stride, slot);
}

/* Maps are a multiple of eight bytes long. */
void fv_map_tally(uint8_t *seen, size_t stride, const uint8_t *slot, const uint8_t *before,
                  size_t n) {
    for (size_t i = 0; i + FV_MAP_WORD <= n;) {
        if (i % FV_MAP_BLOCK == 0 && i + FV_MAP_BLOCK <= n &&
            block_counts(seen + i, stride, slot + i) == 0) {
            i += FV_MAP_BLOCK;
            continue;
        }
        tally_one(seen + i, stride, slot + i, before != NULL ? before + i : NULL);
        i += FV_MAP_WORD;
    }
}

static void take_words(uint8_t *seen, uint8_t *more, size_t stride, size_t n) {
    for (size_t i = 0; i + FV_MAP_WORD <= n; i += FV_MAP_WORD) {
        uint64_t one = fv_map_load(more + i);
        if (one == 0) continue;
        tally_word(
            seen + i, stride,
            (uint64_t[3]){one, fv_map_load(more + i + stride), fv_map_load(more + i + 2 * stride)});
        for (size_t k = 0; k < 3; k++) store(more + i + k * stride, 0);
    }
}

void fv_map_tally_take(uint8_t *seen, uint8_t *more, size_t stride, size_t n) {
    size_t i = 0;
    for (; i + FV_MAP_BLOCK <= n; i += FV_MAP_BLOCK)
        if (!fv_map_is_blank(more + i)) take_words(seen + i, more + i, stride, FV_MAP_BLOCK);
    take_words(seen + i, more + i, stride, n - i);
}

uint64_t fv_map_count(const uint8_t *map, size_t n) {
    uint64_t count = 0;
    size_t i = 0;
    for (; i + FV_MAP_WORD <= n; i += FV_MAP_WORD)
        if (fv_map_load(map + i) != 0) count += ones(fv_map_load(map + i));
    for (; i < n; i++) count += ones(map[i]);
    return count;
}

uint64_t fv_map_count_bytes(const uint8_t *map, size_t n) {
    uint64_t count = 0;
    for (size_t i = 0; i < n; i++) count += map[i] != 0;
    return count;
}

uint64_t fv_map_set(uint8_t *map, size_t bit, size_t first) {
    size_t at = bit / 64 * FV_MAP_WORD;
    uint64_t before = fv_map_load(map + at), after = before | UINT64_C(1) << bit % 64;
    if (before == after) return 0;
    store(map + at, after);
    return hash_word(after, first + at) - hash_word(before, first + at);
}
