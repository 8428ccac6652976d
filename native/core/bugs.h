/* How often each bug was seen. A target that fails in every timeline would flood its reader: only
 * the first sighting and better recipes are told, the others are counted. */
#ifndef FV_CORE_BUGS_H
#define FV_CORE_BUGS_H

#include <stdbool.h>
#include <stdint.h>

enum { FV_BUGS_MAX = 4096 }; /* identities; more are told each time and counted as overflow */

struct fv_bug {
    uint64_t key;
    uint64_t sightings;
    uint64_t draws;
    uint32_t segments;
};

struct fv_bugs {
    struct fv_bug *bugs;
    uint32_t count;
    uint64_t overflow;
};

uint64_t fv_bugs_key(uint32_t verdict, const void *identity, uint32_t n);
/* Counts it; returns whether it is the first, or has the best recipe so far. */
bool fv_bugs_note(struct fv_bugs *bugs, uint64_t key, uint32_t segments, uint64_t draws);
uint64_t fv_bugs_sightings(const struct fv_bugs *bugs, uint64_t key);

#endif
