/* The heap of a target: the malloc family over one region at a fixed address.
 *
 * Where blocks lie depends on the sequence of calls alone. The region is reserved once, at the
 * first call, and holds all that the allocator knows; after that there are no system calls, and no
 * memory is given back. So to rewind the heap is to put back the pages of one mapping. */
#ifndef FV_HEAP_HEAP_H
#define FV_HEAP_HEAP_H

#include <stdbool.h>
#include <stdint.h>

struct fv_heap_span {
    uint64_t start;
    uint64_t used; /* behind the last page that may ever have been touched */
    uint64_t end;
};

/* False while there is no region: nothing was allocated yet, or the kernel refused.
 *
 * What lies behind `used` reads as zero, and calloc relies on it: who takes the heap back to an
 * earlier moment clears what was touched behind the `used` of that moment. */
bool fv_heap_span(struct fv_heap_span *span);

/* What is handed out now, as malloc_usable_size counts. */
uint64_t fv_heap_bytes(void);

#endif
