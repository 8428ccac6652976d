/* Features as counters: each its own, always the same; and when there are too many. */
/* links: core/counters */
#include "counters.h"

#include <string.h>

#include "expect.h"
#include "mix.h"

enum { MAP = 200, FEATURES = MAP * 8, SMALL = 64 };

/* What libFuzzer makes of a counter: one feature for its class. */
static uint32_t class_of(uint8_t value) {
    if (value >= 128) return 7;
    if (value >= 32) return 6;
    if (value >= 16) return 5;
    if (value >= 8) return 4;
    if (value >= 4) return 3;
    return value - 1u;
}

static struct fv_counters counters;
static uint8_t map[MAP];

static uint32_t run(void) {
    memset(counters.counters, 0, counters.counter_max);
    return fv_counters_write(&counters, map);
}

/* The one libFuzzer feature besides that of counter 0, or UINT32_MAX. */
static uint32_t told(void) {
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 1; i < counters.counter_max; i++) {
        if (counters.counters[i] == 0) continue;
        EXPECT(found == UINT32_MAX);
        found = i * 8 + class_of(counters.counters[i]);
    }
    return found;
}

static uint32_t told_of(uint32_t feature) {
    memset(map, 0, sizeof map);
    map[feature / 8] = (uint8_t)(1u << feature % 8);
    run();
    EXPECT(counters.counters[0] == 1);
    return told();
}

/* All features of all inputs differ for libFuzzer, and an input has the same whenever it is run. */
static void no_two_features_are_one(uint32_t counter_max, uint32_t kept) {
    static uint32_t first[FEATURES], seen[1 << 16];
    EXPECT(fv_counters_open(&counters, MAP, counter_max));
    memset(seen, 0, sizeof seen);
    for (uint32_t f = 0; f < FEATURES; f++) first[f] = told_of(f * 7 % FEATURES);
    for (uint32_t f = 0; f < FEATURES; f++) {
        EXPECT(told_of(f * 7 % FEATURES) == first[f]);
        EXPECT((first[f] != UINT32_MAX) == (f < kept));
        if (first[f] == UINT32_MAX) continue;
        EXPECT(first[f] < sizeof seen / sizeof *seen && seen[first[f]] == 0);
        seen[first[f]] = 1;
    }
    EXPECT((counters.left_out > 0) == (kept < FEATURES));
    fv_counters_close(&counters);
}

/* Where several are on one counter, the one that came last. */
static void the_latest_is_told(void) {
    EXPECT(fv_counters_open(&counters, MAP, SMALL));
    for (uint32_t f = 0; f < 2 * (SMALL - 1); f++) told_of(f);
    uint32_t later = told_of(SMALL - 1);
    memset(map, 0, sizeof map);
    map[0] = 1;
    map[(SMALL - 1) / 8] |= (uint8_t)(1u << (SMALL - 1) % 8);
    EXPECT(run() == SMALL);
    EXPECT(told() == later);
    fv_counters_close(&counters);
}

/* Several hit-count classes of one edge, as the timelines of a tree have them, all count. */
static void every_class_of_an_edge_counts(void) {
    EXPECT(fv_counters_open(&counters, MAP, FV_COUNTERS_MAX));
    memset(map, 0, sizeof map);
    map[MAP - 1] = 0xff;
    EXPECT(run() == 9);
    for (uint32_t i = 0; i < 9; i++) EXPECT(counters.counters[i] == 1);
    fv_counters_close(&counters);
}

int main(void) {
    no_two_features_are_one(FV_COUNTERS_MAX, FEATURES);
    no_two_features_are_one(512, FEATURES);
    no_two_features_are_one(SMALL, 8 * (SMALL - 1));
    the_latest_is_told();
    every_class_of_an_edge_counts();
    return 0;
}
