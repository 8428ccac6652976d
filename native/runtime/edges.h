/* Edge counters: one range of the feature map, put together from a table of modules. */
#ifndef FV_RUNTIME_EDGES_H
#define FV_RUNTIME_EDGES_H

#include <stdbool.h>
#include <stdint.h>

#include "../common/sweep.h"

enum { FV_MODULES_MAX = 512 };

struct fv_module {
    uint8_t *counters, *counters_end;
    const uintptr_t *pcs, *pcs_end; /* pairs of PC and flags; NULL without a table */
};

uint32_t fv_edges_count(void);
uint32_t fv_edges_module_count(void);
const struct fv_module *fv_edges_module(uint32_t i);
/* Modules that came after the table was full. */
uint32_t fv_edges_overflow(void);

/* Writes the edge range of a feature map, which begins at byte `first` of it; returns its hash. */
uint64_t fv_edges_collect(uint8_t *to, uint64_t first);

/* The same of an input of a series, which leaves the counters blank for the next; the sweep's maps
 * begin at the edges. */
void fv_edges_sweep(struct fv_sweep *sweep);
/* Blanks them without a look. */
void fv_edges_clear(void);
/* Counts what the counters say, as fv_sweep_hits. */
void fv_edges_hit(uint8_t *hits, uint64_t size);
/* Whether the counters say all of these features, numbered from the first edge on. */
bool fv_edges_have(const uint32_t *features, uint32_t count, uint64_t first);

#endif
