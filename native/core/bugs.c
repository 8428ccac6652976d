#include "bugs.h"

#include <stdlib.h>

#include "../common/mix.h"

uint64_t fv_bugs_key(uint32_t verdict, const void *identity, uint32_t n) {
    return fv_mix(fv_mix_bytes(identity, n) + verdict * FV_GOLDEN);
}

static struct fv_bug *find(const struct fv_bugs *b, uint64_t key) {
    for (uint32_t i = 0; i < b->count; i++)
        if (b->bugs[i].key == key) return &b->bugs[i];
    return NULL;
}

static bool add(struct fv_bugs *b, uint64_t key, uint32_t segments, uint64_t draws) {
    if (b->bugs == NULL) b->bugs = calloc(FV_BUGS_MAX, sizeof *b->bugs);
    if (b->bugs == NULL || b->count == FV_BUGS_MAX)
        b->overflow++;
    else
        b->bugs[b->count++] = (struct fv_bug){key, 1, draws, segments};
    return true;
}

bool fv_bugs_note(struct fv_bugs *b, uint64_t key, uint32_t segments, uint64_t draws) {
    struct fv_bug *bug = find(b, key);
    if (bug == NULL) return add(b, key, segments, draws);
    bug->sightings++;
    if (segments > bug->segments || (segments == bug->segments && draws >= bug->draws))
        return false;
    bug->segments = segments;
    bug->draws = draws;
    return true;
}

uint64_t fv_bugs_sightings(const struct fv_bugs *b, uint64_t key) {
    const struct fv_bug *bug = find(b, key);
    return bug != NULL ? bug->sightings : 0;
}
