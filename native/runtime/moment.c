#include "moment.h"

#include <stddef.h>

#include "blocks.h"

struct entry {
    uint32_t page, block;
};

enum { FV_ENTRIES_OF_CHUNK = (FV_PAGE_BYTES - 8) / sizeof(struct entry) };

/* A block of a moment's list; FV_BLOCK_ZERO ends it. */
struct chunk {
    uint32_t next, count;
    struct entry of[FV_ENTRIES_OF_CHUNK];
};

static struct fv_moment *const moments = (struct fv_moment *)(FV_STORE_AT + FV_STORE_MOMENTS);

bool fv_moment_open(void) {
    return fv_store_map(FV_STORE_MOMENTS, FV_MOMENTS_MAX * sizeof *moments);
}

struct fv_moment *fv_moment_new(void) {
    for (uint32_t i = 0; i < FV_MOMENTS_MAX; i++) {
        if (moments[i].is_used) continue;
        moments[i] = (struct fv_moment){.is_used = 1};
        return &moments[i];
    }
    return NULL;
}

bool fv_moment_add(struct fv_moment *m, uint32_t page, uint32_t block) {
    struct chunk *c = m->chunks != FV_BLOCK_ZERO ? fv_block_bytes(m->chunks) : NULL;
    if (c == NULL || c->count == FV_ENTRIES_OF_CHUNK) {
        uint32_t next = fv_block_new();
        if (next == FV_BLOCK_NONE) {
            fv_block_drop(block);
            return false;
        }
        c = fv_block_bytes(next);
        c->next = m->chunks;
        c->count = 0;
        m->chunks = next;
    }
    c->of[c->count++] = (struct entry){page, block};
    m->count++;
    return true;
}

void fv_moment_free(struct fv_moment *m) {
    for (uint32_t at = m->chunks; at != FV_BLOCK_ZERO;) {
        const struct chunk *c = fv_block_bytes(at);
        uint32_t next = c->next;
        for (uint32_t i = 0; i < c->count; i++) fv_block_drop(c->of[i].block);
        fv_block_drop(at);
        at = next;
    }
    *m = (struct fv_moment){.is_used = 0};
}

void fv_moment_each(const struct fv_moment *m, void (*each)(uint32_t page, uint32_t block)) {
    if (m == NULL) return;
    for (uint32_t at = m->chunks; at != FV_BLOCK_ZERO;) {
        const struct chunk *c = fv_block_bytes(at);
        for (uint32_t i = 0; i < c->count; i++) each(c->of[i].page, c->of[i].block);
        at = c->next;
    }
}
