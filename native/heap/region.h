/* The region that all of the heap lives in. It begins with what the allocator knows; chunks follow
 * on the same page, so that a small heap is few pages. */
#ifndef FV_HEAP_REGION_H
#define FV_HEAP_REGION_H

#include <stddef.h>
#include <stdint.h>

enum {
    FV_GRAIN = 16,       /* alignment of what is handed out, and the unit of sizes */
    FV_WORD_BYTES = 8,   /* the word before everything that is handed out */
    FV_CLASS_SLOTS = 46, /* small.h; classes count from 1 */
    FV_BINS = 256,       /* chunk.c */
    FV_BIN_BITS = 64,
};

/* One size of small things. */
struct fv_class {
    struct fv_small *free; /* last freed, first out */
    uintptr_t bump;        /* next in the run that is being carved */
    uintptr_t bump_end;
    uint32_t live;
    uint32_t is_run_zero; /* what is left of the run was never touched */
};

struct fv_region {
    uintptr_t end;
    uintptr_t top;   /* where the next chunk from the top is handed out */
    uintptr_t fresh; /* the highest top ever: zeros from here on */
    uint64_t chunk_bytes;
    uint64_t run_bytes; /* of those, what small things are carved from */
    uint32_t lock;
    uint64_t bin_bits[FV_BINS / FV_BIN_BITS];
    struct fv_class classes[FV_CLASS_SLOTS];
    struct fv_chunk *bins[FV_BINS];
};

_Static_assert(sizeof(struct fv_region) <= 4096, "what every call writes is on one page");

/* Reserves the region; NULL when the kernel refuses every size. Once a process. */
struct fv_region *fv_region_open(void);

/* ---- the word before everything that is handed out ------------------------------------------- */

/* Size of a chunk, or class of a small thing in units of FV_GRAIN; the flags below; and in the
 * upper 16 bits a seal that depends on the address: hardly anything else looks like such a word. */
enum fv_word_flag {
    FV_WORD_FREE = 1,
    FV_WORD_AFTER_FREE = 2, /* the chunk before this one is free */
    FV_WORD_CHUNK = 4,
    FV_WORD_FLAGS = FV_GRAIN - 1,
};

#define FV_SEAL_SHIFT 48
#define FV_SEAL_KEY (UINT64_C(0xa5f7) << FV_SEAL_SHIFT)

static inline uint64_t fv_word_seal(const void *p) {
    return ((uint64_t)(uintptr_t)p << (FV_SEAL_SHIFT - 4)) ^ FV_SEAL_KEY;
}

static inline uint64_t *fv_word_at(const void *p) { return (uint64_t *)(uintptr_t)p - 1; }

/* Below 2^48 when the seal is right. */
static inline uint64_t fv_word(const void *p) { return *fv_word_at(p) ^ fv_word_seal(p); }

static inline void fv_word_set(const void *p, uint64_t word) {
    *fv_word_at(p) = word ^ fv_word_seal(p);
}

#endif
