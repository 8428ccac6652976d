/* What the controller hears of: timelines that brought something, and discoveries. Written in
 * turn into the tree's ring; when the ring is full the writer waits, nothing is dropped. */
#ifndef FV_RUNTIME_RECORD_H
#define FV_RUNTIME_RECORD_H

#include "runtime.h"

/* A folded timeline: a bug, lost, or productive. */
void fv_record_timeline(struct fv_slot *slot, uint64_t ordinal, uint64_t fresh);
/* A trial that has ended, however it did. */
void fv_record_trial(struct fv_slot *slot);
/* This timeline, here and now, found that `mark` tells something the campaign did not know. */
void fv_record_discovery(uint32_t mark, const char *detail);

#endif
