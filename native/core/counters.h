/* Features as the counters of another fuzzer: which counter stands for which feature, and what is
 * written there. */
#ifndef FV_CORE_COUNTERS_H
#define FV_CORE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FV_COUNTERS_MAX = 1 << 18,   /* more would alias: libFuzzer takes 8 times as many modulo 2^21 */
    FV_COUNTERS_CHUNK = 1 << 12, /* they are registered by so many */
};

/* A feature gets a counter when it is first seen, the next one that is free, and says 1 there, so a
 * hit-count class of an edge is a feature of its own. When all counters are taken, the features
 * after that get the same counters with their other classes, 2, 3, 4, 8 and so on: no two features
 * are ever one for libFuzzer, but where an input has several on one counter, the latest is told. */
struct fv_counters {
    uint8_t *counters; /* FV_COUNTERS_MAX */
    uint32_t *places;  /* of each feature, from 1; 0: not seen yet */
    size_t map_size;   /* bytes, eight features each */
    uint32_t counter_max;
    uint32_t place_count;
    uint32_t left_out; /* features that found no place */
};

/* Counter 0 is nobody's: it says that the input was run. False: there is no memory. */
bool fv_counters_open(struct fv_counters *counters, size_t map_size, uint32_t counter_max);
void fv_counters_close(struct fv_counters *counters);
/* Adds the features of a map to the counters, which are blank before an input; returns how many
 * counters are in use from the first on. */
uint32_t fv_counters_write(struct fv_counters *counters, const uint8_t *map);

#endif
