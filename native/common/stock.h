/* The stock of the mutation strategy, in shared memory: entries, which inputs are made from, and
 * the words of the dictionary. The controller adds to it, targets map it read-only; what a job may
 * see of it is what there was when it was planned. Then what a job has in its own tree for that. */
#ifndef FV_COMMON_STOCK_H
#define FV_COMMON_STOCK_H

#include "layout.h"

enum {
    FV_ENTRIES_MAX = 1 << 17, /* of the stock, those that gave way included */
    FV_STOCK_BYTES = 1 << 28, /* of all of them and their features */
    FV_WORDS_MAX = 1 << 14,
    FV_HITS_MAX = 1 << 20,    /* features whose hits are counted; of more, several share a count */
    FV_FINDS_BYTES = 1 << 20, /* of the entries that a job finds itself and goes on from */
};

/* An input that the mutation strategy keeps: where its bytes and the features that it speaks for
 * are. Written once, and never changed: what it is worth is known to the controller alone. */
struct fv_entry {
    uint64_t at;       /* of the stock's bytes */
    uint64_t owned_at; /* u32 each, sorted */
    uint32_t size;
    uint32_t owned_count;
};

/* A word of the dictionary. */
struct fv_word {
    uint8_t size;
    uint8_t bytes[FV_WORD_BYTES];
};

static_assert(sizeof(struct fv_word) == 128, "layout");

static inline struct fv_pick *fv_stock_picks(const struct fv_header *h, struct fv_tree *t) {
    return (struct fv_pick *)((uint8_t *)t + h->tree_picks);
}
static inline uint8_t *fv_stock_finds(const struct fv_header *h, struct fv_tree *t) {
    return (uint8_t *)t + h->tree_finds;
}
/* How often the sampled inputs of a job had each feature, up to 255 times. */
static inline uint8_t *fv_stock_hits(const struct fv_header *h, struct fv_tree *t) {
    return (uint8_t *)t + h->tree_hits;
}
static inline struct fv_entry *fv_stock_entry(const struct fv_header *h, uint32_t i) {
    return (struct fv_entry *)fv_layout_at(h, h->known_at + h->stock_entries) + i;
}
static inline struct fv_word *fv_stock_word(const struct fv_header *h, uint32_t i) {
    return (struct fv_word *)fv_layout_at(h, h->known_at + h->stock_words) + i;
}
static inline uint8_t *fv_stock_bytes(const struct fv_header *h, uint64_t at) {
    return fv_layout_at(h, h->known_at + h->stock_bytes + at);
}

#endif
