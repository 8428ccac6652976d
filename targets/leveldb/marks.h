/* Where the search returns to: what a tester would call a delicate situation of a store on a disk
 * that may lose power. Marks are passed when a situation begins. */
#ifndef FV_LEVELDB_MARKS_H
#define FV_LEVELDB_MARKS_H

#include "store.h"

enum Phase { PHASE_OPENING, PHASE_WORKING, PHASE_CLOSING };

/* A new timeline or a new life of the process: whatever is there begins. */
void marks_begin();
/* What a power loss or the end of the process would meet now. */
void marks_look(const Model &model, Phase phase);
/* What it has met. */
void marks_ended(const Model &model, Phase phase, Ending ending);
/* What the next life is about to find. */
void marks_found(const Shape &shape, Ending ending);
/* What RepairDB() has just gone through. */
void marks_repaired(const Model &model);
/* How much a recovery had to do, and what was lost on the way. */
void marks_recovered(const Model &model, const Opening &opening, uint32_t position);
/* How the tables lie on the levels. */
void marks_shape(const Shape &shape);
/* A disk that has lied, and what nothing but a power loss would show. */
void marks_stake(Phase phase, bool is_synced);
/* A snapshot or an iterator that has seen compactions. */
void marks_held(const Shape &shape, uint32_t held, uint32_t compactions);

#endif
