/* What `fuzzverse bench sim` measures: a body that does OPERATIONS of one kind. The bench runs one
 * variant with many and one with few, and takes the difference. */
#ifndef SIMBENCH_H
#define SIMBENCH_H

#include <fuzzverse/sim.h>

#ifndef OPERATIONS
#define OPERATIONS 1000
#endif

/* An index in memory, compiled twice: as it is, and with a call for every load and store. */
void plain_index(uint32_t operations, bool is_shared);
void preempted_index(uint32_t operations, bool is_shared);

#endif
