/* The map's algebra, on every length around a word and a block and with unaligned maps. */
#include "map.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "expect.h"
#include "mix.h"

enum { LENGTH_MAX = 200, FILLS = 50, TALLY_BYTES = 152, TALLY_STRIDE = 192, SLOTS = 6 };

static void fill(uint8_t *bytes, size_t n, uint64_t seed) {
    for (size_t i = 0; i < n; i++) {
        uint64_t draw = fv_mix_draw(seed, i);
        bytes[i] = draw % 3 == 0 ? (uint8_t)(draw >> 32) : 0;
    }
}

static uint64_t fresh_slowly(const uint8_t *explored, const uint8_t *slot, size_t n) {
    uint64_t count = 0;
    for (size_t bit = 0; bit < n * 8; bit++)
        count += slot[bit / 8] >> bit % 8 & ~(explored[bit / 8] >> bit % 8) & 1;
    return count;
}

static void classes_are_those_of_libfuzzer(void) {
    static const struct {
        uint8_t least, most, class;
    } rows[] = {{0, 0, 0},   {1, 1, 1},    {2, 2, 2},     {3, 3, 4},      {4, 7, 8},
                {8, 15, 16}, {16, 31, 32}, {32, 127, 64}, {128, 255, 128}};
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
        for (unsigned count = rows[row].least; count <= rows[row].most; count++)
            EXPECT(fv_map_class((uint8_t)count) == rows[row].class);
}

static void classifying_is_byte_by_byte(size_t n, size_t offset, uint64_t seed) {
    uint8_t counters[LENGTH_MAX + 8], classes[LENGTH_MAX + 8];
    fill(counters + offset, n, seed);
    uint64_t hash = fv_map_classify(classes + offset, counters + offset, n, 1000);
    for (size_t i = offset; i < offset + n; i++) EXPECT(classes[i] == fv_map_class(counters[i]));
    EXPECT(hash == fv_map_hash(classes + offset, n, 1000));
}

static void merging_takes_what_is_fresh(size_t n, size_t offset, uint64_t seed) {
    uint8_t explored[LENGTH_MAX + 8], before[LENGTH_MAX + 8], slot[LENGTH_MAX + 8];
    fill(explored + offset, n, seed);
    fill(slot + offset, n, ~seed);
    memcpy(before + offset, explored + offset, n);
    uint64_t known = fv_map_count(explored + offset, n);
    uint64_t fresh = fv_map_fresh(explored + offset, slot + offset, n);
    EXPECT(fresh == fresh_slowly(explored + offset, slot + offset, n));
    EXPECT(memcmp(before + offset, explored + offset, n) == 0);
    EXPECT(fv_map_merge(explored + offset, slot + offset, n) == fresh);
    EXPECT(fv_map_count(explored + offset, n) == known + fresh);
    EXPECT(fv_map_fresh(explored + offset, slot + offset, n) == 0);
    EXPECT(fv_map_merge(explored + offset, slot + offset, n) == 0);
}

/* Three maps of a wider stride, whose gaps nobody touches. */
struct tally {
    uint8_t seen[3 * TALLY_STRIDE];
    uint32_t counts[TALLY_BYTES * 8];
};

static void tally_one(struct tally *t, uint64_t seed, bool has_before) {
    uint8_t slot[TALLY_BYTES], before[TALLY_BYTES];
    fill(slot, sizeof slot, seed);
    fill(before, sizeof before, ~seed);
    fv_map_tally(t->seen, TALLY_STRIDE, slot, has_before ? before : NULL, TALLY_BYTES);
    for (size_t bit = 0; bit < TALLY_BYTES * 8; bit++) {
        bool is_old = has_before && before[bit / 8] >> bit % 8 & 1;
        t->counts[bit] += slot[bit / 8] >> bit % 8 & !is_old;
    }
}

static void tally_is_right(const struct tally *t) {
    for (uint32_t least = 1; least <= 3; least++)
        for (size_t i = 0; i < TALLY_STRIDE; i++) {
            uint8_t expected = 0;
            for (size_t bit = i * 8; bit < i * 8 + 8 && i < TALLY_BYTES; bit++)
                expected |= (uint8_t)((t->counts[bit] >= least) << bit % 8);
            EXPECT(t->seen[(least - 1) * TALLY_STRIDE + i] == expected);
        }
    uint64_t once = 0, twice = 0;
    for (size_t bit = 0; bit < TALLY_BYTES * 8; bit++) {
        once += t->counts[bit] == 1;
        twice += t->counts[bit] == 2;
    }
    const uint8_t *seen = t->seen;
    EXPECT(fv_map_fresh(seen + TALLY_STRIDE, seen, TALLY_STRIDE) == once);
    EXPECT(fv_map_fresh(seen + 2 * TALLY_STRIDE, seen + TALLY_STRIDE, TALLY_STRIDE) == twice);
}

static void tallies_count_to_three(uint64_t seed) {
    struct tally all = {0};
    for (uint64_t i = 0; i < 2 * SLOTS; i += SLOTS) {
        struct tally more = {0};
        for (uint64_t k = 0; k < seed % (SLOTS + 1); k++) {
            tally_one(&more, seed * 100 + i + k, k % 2 == 0);
            tally_is_right(&more);
        }
        fv_map_tally_take(all.seen, more.seen, TALLY_STRIDE, TALLY_BYTES);
        for (size_t i = 0; i < sizeof more.seen; i++) EXPECT(more.seen[i] == 0);
        for (size_t bit = 0; bit < TALLY_BYTES * 8; bit++) all.counts[bit] += more.counts[bit];
        tally_is_right(&all);
    }
}

static void setting_tells_what_the_hash_grows_by(uint64_t seed) {
    uint8_t map[TALLY_BYTES] = {0};
    uint64_t hash = 0;
    for (uint64_t i = 0; i < 200; i++) {
        size_t bit = fv_mix(seed * 1000 + i) % (TALLY_BYTES * 8);
        hash += fv_map_set(map, bit, 640);
        EXPECT(map[bit / 8] >> bit % 8 & 1);
    }
    EXPECT(hash == fv_map_hash(map, sizeof map, 640));
}

int main(void) {
    classes_are_those_of_libfuzzer();
    for (size_t n = 0; n <= LENGTH_MAX; n++)
        for (uint64_t seed = 0; seed < FILLS; seed++) {
            classifying_is_byte_by_byte(n, seed % 8, seed * LENGTH_MAX + n);
            merging_takes_what_is_fresh(n, seed % 8, seed * LENGTH_MAX + n);
        }
    for (uint64_t seed = 0; seed < FILLS; seed++) {
        tallies_count_to_three(seed);
        setting_tells_what_the_hash_grows_by(seed);
    }
    return 0;
}
