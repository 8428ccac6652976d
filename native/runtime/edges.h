/* Edge counters: one range of the feature map, put together from a table of modules. */
#ifndef FV_RUNTIME_EDGES_H
#define FV_RUNTIME_EDGES_H

#include <stdint.h>

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

#endif
