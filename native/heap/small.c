#include "small.h"

#include "chunk.h"

enum { FV_RUN_BYTES_MIN = 512, FV_RUN_BYTES_MAX = 128 << 10 };

/* As much again as is live, so that a class with few members does not keep a page for itself. */
static size_t run_length(uint32_t live, size_t stride) {
    size_t few = FV_RUN_BYTES_MIN / stride, many = FV_RUN_BYTES_MAX / stride;
    size_t length = live < few ? few : live > many ? many : live;
    return length > 0 ? length : 1;
}

/* A run is a chunk whose first grain is lost to the words of both. */
static bool begin_run(struct fv_region *r, struct fv_class *c, size_t stride) {
    size_t dirty, length = run_length(c->live, stride);
    void *run = fv_chunk_take(r, FV_GRAIN + length * stride, &dirty);
    if (run == NULL) run = fv_chunk_take(r, FV_GRAIN + stride, &dirty);
    if (run == NULL) return false;
    size_t size = fv_chunk_size(run);
    r->run_bytes += size - FV_WORD_BYTES;
    c->bump = (uintptr_t)run + FV_GRAIN;
    c->bump_end = c->bump + (size - FV_GRAIN) / stride * stride;
    c->is_run_zero = dirty == 0;
    return true;
}

void *fv_small_carve(struct fv_region *r, unsigned class) {
    struct fv_class *c = &r->classes[class];
    size_t stride = fv_small_stride(class);
    if (c->bump == c->bump_end && !begin_run(r, c, stride)) return NULL;
    void *p = (void *)c->bump;
    c->bump += stride;
    c->live++;
    fv_word_set(p, (uint64_t)class * FV_GRAIN);
    return p;
}
