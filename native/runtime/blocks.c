#include "blocks.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "../common/check.h"
#include "raw.h"

/* Younger than some headers. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { FV_BLOCKS_AT_ONCE = 64 };

struct heads {
    uint32_t made; /* blocks ever in use; number 0 is none */
    uint32_t free; /* the first of a list, linked through `next` */
    uint32_t live;
    uint32_t reserved;
    struct {
        uint32_t references, next;
    } of[FV_BLOCKS_MAX];
};

static struct heads *const heads = (struct heads *)(FV_STORE_AT + FV_STORE_BLOCK_HEADS);

bool fv_store_map(uint64_t offset, uint64_t size) {
    long at = (long)(FV_STORE_AT + offset);
    long flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
    return fv_raw(SYS_mmap, at, (long)size, PROT_READ | PROT_WRITE, flags, -1, 0) == at;
}

void fv_store_fill(const void *at, uint64_t size) {
    fv_raw3(SYS_madvise, (long)at, (long)size, MADV_POPULATE_WRITE);
}

bool fv_blocks_open(void) {
    if (!fv_store_map(FV_STORE_BLOCKS, (uint64_t)FV_BLOCKS_MAX * FV_PAGE_BYTES)) return false;
    if (!fv_store_map(FV_STORE_BLOCK_HEADS, sizeof *heads)) return false;
    heads->made = 1;
    return true;
}

void *fv_block_bytes(uint32_t block) {
    return (void *)(uintptr_t)(FV_STORE_AT + FV_STORE_BLOCKS + (uint64_t)block * FV_PAGE_BYTES);
}

static uint32_t make(void) {
    if (heads->made % FV_BLOCKS_AT_ONCE == 1)
        fv_store_fill(fv_block_bytes(heads->made), FV_BLOCKS_AT_ONCE * FV_PAGE_BYTES);
    return heads->made++;
}

uint32_t fv_block_new(void) {
    uint32_t block = heads->free;
    if (block != 0)
        heads->free = heads->of[block].next;
    else if (heads->made < FV_BLOCKS_MAX)
        block = make();
    else
        return FV_BLOCK_NONE;
    heads->of[block].references = 1;
    heads->live++;
    return block;
}

bool fv_block_is_blank(const void *from) {
    const uint64_t *words = from;
    if (words[0] != 0) return false;
    return memcmp(words, words + 1, FV_PAGE_BYTES - sizeof *words) == 0;
}

uint32_t fv_block_save(const void *from) {
    if (fv_block_is_blank(from)) return FV_BLOCK_ZERO;
    uint32_t block = fv_block_new();
    if (block != FV_BLOCK_NONE) memcpy(fv_block_bytes(block), from, FV_PAGE_BYTES);
    return block;
}

void fv_block_hold(uint32_t block) {
    if (block != FV_BLOCK_ZERO) heads->of[block].references++;
}

void fv_block_drop(uint32_t block) {
    if (block == FV_BLOCK_ZERO) return;
    FV_CHECK(heads->of[block].references > 0);
    if (--heads->of[block].references > 0) return;
    heads->of[block].next = heads->free;
    heads->free = block;
    heads->live--;
}

void fv_block_load(void *to, uint32_t block) {
    if (block == FV_BLOCK_ZERO)
        memset(to, 0, FV_PAGE_BYTES);
    else
        memcpy(to, fv_block_bytes(block), FV_PAGE_BYTES);
}

bool fv_block_equals(uint32_t block, const void *page) {
    if (block == FV_BLOCK_ZERO) return fv_block_is_blank(page);
    return memcmp(fv_block_bytes(block), page, FV_PAGE_BYTES) == 0;
}

uint64_t fv_blocks_bytes(void) { return (uint64_t)heads->live * FV_PAGE_BYTES; }
