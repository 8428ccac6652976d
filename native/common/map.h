/* The feature map: pure algebra over bytes, eight features a byte. */
#ifndef FV_COMMON_MAP_H
#define FV_COMMON_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { FV_MAP_WORD = sizeof(uint64_t), FV_MAP_BLOCK = 64, FV_MAP_CLASSES = 8 };

static inline uint64_t fv_map_load(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Most of a map is empty: blocks without anything are passed over at memory speed. */
static inline bool fv_map_is_blank(const uint8_t *block) {
    uint64_t any = 0;
    for (size_t k = 0; k < FV_MAP_BLOCK; k += FV_MAP_WORD) any |= fv_map_load(block + k);
    return any == 0;
}

/* Hit counts as libFuzzer and AFL++ class them: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128+; a
 * counter of zero is no feature. */
uint8_t fv_map_class(uint8_t hit_count);
/* The least hit count of the class whose bit is number `class`. */
uint8_t fv_map_class_least(uint32_t class);

/* Writes the class of every counter; returns a hash of them that does not depend on order.
 * `first` is the index of the first counter in the whole map. */
uint64_t fv_map_classify(uint8_t *to, const uint8_t *counters, size_t n, size_t first);

/* A hash of feature bytes, of the same kind as the one above. */
uint64_t fv_map_hash(const uint8_t *map, size_t n, size_t first);

/* How many features of `slot` are not in `explored`. Changes nothing. */
uint64_t fv_map_fresh(const uint8_t *explored, const uint8_t *slot, size_t n);

/* The indices of the first `max` of them go to `to`; returns how many those are. */
uint32_t fv_map_list_fresh(const uint8_t *explored, const uint8_t *slot, size_t n, uint32_t *to,
                           uint32_t max);

/* explored |= slot; returns how many features were fresh. */
uint64_t fv_map_merge(uint8_t *explored, const uint8_t *slot, size_t n);

/* to |= slot, where most of `slot` is blank. */
void fv_map_join(uint8_t *to, const uint8_t *slot, size_t n);

/* Three maps of `stride` bytes, one after the other: what was seen at least once, twice, three
 * times. Counts the features of `slot` that are not in `before` (NULL: none) once more. */
void fv_map_tally(uint8_t *seen, size_t stride, const uint8_t *slot, const uint8_t *before,
                  size_t n);
/* Moves the counts of `more`, which has none then, to those of `seen`; both are three maps of
 * `stride` bytes. */
void fv_map_tally_take(uint8_t *seen, uint8_t *more, size_t stride, size_t n);
/* Sets one bit of a map whose first byte has the index `first` in the whole map; returns what that
 * adds to its fv_map_hash. */
uint64_t fv_map_set(uint8_t *map, size_t bit, size_t first);

/* How many features, and how many bytes with any. */
uint64_t fv_map_count(const uint8_t *map, size_t n);
uint64_t fv_map_count_bytes(const uint8_t *map, size_t n);

#endif
