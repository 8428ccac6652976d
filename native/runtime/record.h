/* What the controller hears of: timelines that brought something, and discoveries. Written in
 * turn into the tree's ring; when the ring is full the writer waits, nothing is dropped. */
#ifndef FV_RUNTIME_RECORD_H
#define FV_RUNTIME_RECORD_H

#include "../common/stock.h"
#include "runtime.h"

/* A folded timeline: a bug, lost, or productive. */
void fv_record_timeline(struct fv_slot *slot, uint64_t ordinal, uint64_t fresh);
/* What the strategy mutation hears of a timeline besides. */
struct fv_telling {
    const uint8_t *tape; /* NULL: it is the one of the job's input, or there is none */
    uint32_t tape_size;
    const uint32_t *owned; /* fresh features */
    uint32_t owned_count;
    const struct fv_word *word; /* NULL: none made the difference */
    uint32_t replaces;
};
void fv_record_telling(struct fv_slot *slot, uint64_t ordinal, uint64_t fresh,
                       const struct fv_telling *telling);
/* A trial that has ended, however it did. */
void fv_record_trial(struct fv_slot *slot);
/* This timeline, here and now, found that `mark` tells something the campaign did not know. */
void fv_record_discovery(uint32_t mark, const char *detail);

#endif
