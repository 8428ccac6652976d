/* Small things come in classes: sixteen bytes apart at first, then four steps a doubling, so that
 * at most a fifth is wasted. A class carves its runs as they are needed and takes back what is
 * freed, last in first out: what was touched last is touched next. */
#ifndef FV_HEAP_SMALL_H
#define FV_HEAP_SMALL_H

#include "../common/check.h"
#include "region.h"

enum {
    FV_SMALL_MAX = 32 << 10, /* bytes asked for */
    FV_FINE_CLASSES = 17,    /* those sixteen bytes apart */
    FV_COARSE_BIT = 8,       /* where steps begin to double */
};

_Static_assert(FV_CLASS_SLOTS == 1 + FV_FINE_CLASSES + 4 * (15 - FV_COARSE_BIT), "all classes");

/* As they lie in memory while they are free. */
struct fv_small {
    struct fv_small *next;
};

/* The coarse strides have one grain more than a round number: room for the word, as most sizes that
 * are asked for are round. */
static inline unsigned fv_small_class(size_t n) {
    size_t stride = (n + FV_WORD_BYTES + FV_GRAIN - 1) & ~(size_t)(FV_GRAIN - 1);
    if (stride <= FV_FINE_CLASSES * FV_GRAIN) return (unsigned)(stride / FV_GRAIN);
    size_t last = stride - FV_GRAIN - 1;
    unsigned bit = 63 - (unsigned)__builtin_clzll(last);
    return FV_FINE_CLASSES + 1 + (bit - FV_COARSE_BIT) * 4 + ((last >> (bit - 2)) & 3);
}

static inline size_t fv_small_stride(unsigned class) {
    if (class <= FV_FINE_CLASSES) return (size_t)class * FV_GRAIN;
    unsigned i = class - FV_FINE_CLASSES - 1;
    return ((size_t)(5 + i % 4) << (FV_COARSE_BIT - 2 + i / 4)) + FV_GRAIN;
}

static inline size_t fv_small_usable(unsigned class) {
    return fv_small_stride(class) - FV_WORD_BYTES;
}

/* The class that this word names; 0 when it is not the word of a small thing that is handed out. */
static inline unsigned fv_small_of_word(uint64_t word) {
    uint64_t class = word >> 4 | word << 60;
    return class < FV_CLASS_SLOTS ? (unsigned)class : 0;
}

/* The next of the run that is being carved, or of a new run; zero where `is_run_zero` says so.
 * NULL: no memory is left. */
void *fv_small_carve(struct fv_region *r, unsigned class);

static inline void *fv_small_take(struct fv_region *r, unsigned class) {
    struct fv_class *c = &r->classes[class];
    struct fv_small *p = c->free;
    if (FV_UNLIKELY(p == NULL)) return fv_small_carve(r, class);
    c->free = p->next;
    c->live++;
    fv_word_set(p, (uint64_t)class * FV_GRAIN);
    return p;
}

static inline void fv_small_give(struct fv_region *r, void *given, unsigned class) {
    struct fv_class *c = &r->classes[class];
    struct fv_small *p = given;
    fv_word_set(p, (uint64_t)class * FV_GRAIN | FV_WORD_FREE);
    p->next = c->free;
    c->free = p;
    c->live--;
}

#endif
