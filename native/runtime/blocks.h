/* Contents of pages, counted: moments that agree on a page share one. Lives in the store, a region
 * of a runner that no rewinding touches. */
#ifndef FV_RUNTIME_BLOCKS_H
#define FV_RUNTIME_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "places.h"

enum {
    FV_PAGE_BYTES = 4096,
    FV_BLOCKS_MAX = 1 << 22, /* 16 GiB of contents */
    FV_BLOCK_ZERO = 0,       /* a page full of zeros takes no memory */
};

#define FV_BLOCK_NONE UINT32_MAX

/* Maps `size` bytes of the store at `offset`: private, empty, backed by nothing until written. */
bool fv_store_map(uint64_t offset, uint64_t size);

/* Has the kernel back `size` bytes at once: one by one, each page would cost a fault. */
void fv_store_fill(const void *at, uint64_t size);

bool fv_blocks_open(void);
/* A copy of the page at `from`, with one reference; FV_BLOCK_NONE when there is no room. */
uint32_t fv_block_save(const void *from);
/* Room for a page that the caller writes. */
uint32_t fv_block_new(void);
void *fv_block_bytes(uint32_t block);
void fv_block_hold(uint32_t block);
void fv_block_drop(uint32_t block);
void fv_block_load(void *to, uint32_t block);
bool fv_block_equals(uint32_t block, const void *page);
/* Whether the page at `from` is all zeros. */
bool fv_block_is_blank(const void *from);
uint64_t fv_blocks_bytes(void);

/* Offsets in the store. */
#define FV_STORE_BLOCKS UINT64_C(0)
#define FV_STORE_BLOCK_HEADS (UINT64_C(1) << 35)
#define FV_STORE_PAGES (UINT64_C(1) << 36)
#define FV_STORE_MOMENTS (UINT64_C(3) << 35)
#define FV_STORE_RUNNER (UINT64_C(1) << 37)
#define FV_STORE_END (UINT64_C(1) << 38)

#endif
