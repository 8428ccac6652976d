/* Chunks: what is too big for a class, or aligned, and the runs that classes carve. Neighbours that
 * are free are one, by boundary tags (Knuth, The Art of Computer Programming 1, 2.5); the free ones
 * are kept in bins by size.
 *
 * Handles are the addresses that are handed out. Sizes are multiples of FV_GRAIN, word included. */
#ifndef FV_HEAP_CHUNK_H
#define FV_HEAP_CHUNK_H

#include <stdbool.h>

#include "region.h"

enum { FV_CHUNK_MIN = 32 }; /* word, two links, size behind */

/* As they lie in memory while they are free. */
struct fv_chunk {
    struct fv_chunk *next, *previous;
};

/* The size of the chunk that holds `n` bytes. */
static inline size_t fv_chunk_fit(size_t n) {
    size_t size = (n + FV_WORD_BYTES + FV_GRAIN - 1) & ~(size_t)(FV_GRAIN - 1);
    return size < FV_CHUNK_MIN ? FV_CHUNK_MIN : size;
}

static inline size_t fv_chunk_size(const void *p) { return fv_word(p) & ~(uint64_t)FV_WORD_FLAGS; }

/* Whether this word is that of a chunk that is handed out. */
bool fv_chunk_is_live(const struct fv_region *r, const void *p, uint64_t word);

/* NULL when nothing is left that is as big. All but the first `dirty` bytes are zero. */
void *fv_chunk_take(struct fv_region *r, size_t size, size_t *dirty);
/* `align` is a power of two above FV_GRAIN. */
void *fv_chunk_take_aligned(struct fv_region *r, size_t size, size_t align);
void fv_chunk_give(struct fv_region *r, void *p);
/* Makes it `size` long where it is; false when there is no room behind it. */
bool fv_chunk_resize(struct fv_region *r, void *p, size_t size);

#endif
