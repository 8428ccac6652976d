#include "chunk.h"

#include "../common/check.h"

enum {
    FV_BIN_STEPS = 8,     /* a doubling */
    FV_BIN_FIRST_BIT = 5, /* of FV_CHUNK_MIN */
    FV_BIN_LOOK_MAX = 32, /* chunks of a bin that are looked at for the best fit */
    FV_REST_SHIFT = 6,    /* a rest below 1/64 of a chunk stays with it */
};

static void *at(const void *p, size_t bytes) { return (char *)(uintptr_t)p + bytes; }

/* ---- bins ------------------------------------------------------------------------------------ */

static unsigned bin_of(size_t size) {
    unsigned bit = 63 - (unsigned)__builtin_clzll(size);
    return (bit - FV_BIN_FIRST_BIT) * FV_BIN_STEPS + ((size >> (bit - 3)) & (FV_BIN_STEPS - 1));
}

static void link_free(struct fv_region *r, struct fv_chunk *c, size_t size) {
    unsigned bin = bin_of(size);
    struct fv_chunk *head = r->bins[bin];
    *c = (struct fv_chunk){.next = head};
    if (head != NULL) head->previous = c;
    r->bins[bin] = c;
    r->bin_bits[bin / FV_BIN_BITS] |= UINT64_C(1) << bin % FV_BIN_BITS;
}

static void unlink_free(struct fv_region *r, struct fv_chunk *c) {
    if (c->next != NULL) c->next->previous = c->previous;
    if (c->previous != NULL) {
        c->previous->next = c->next;
        return;
    }
    unsigned bin = bin_of(fv_chunk_size(c));
    r->bins[bin] = c->next;
    if (c->next == NULL) r->bin_bits[bin / FV_BIN_BITS] &= ~(UINT64_C(1) << bin % FV_BIN_BITS);
}

/* The smallest among the first few that are big enough; chunks of one bin differ by an eighth. */
static struct fv_chunk *best_of_bin(struct fv_chunk *c, size_t size) {
    struct fv_chunk *best = NULL;
    size_t best_size = SIZE_MAX;
    for (unsigned looked = 0; c != NULL && looked < FV_BIN_LOOK_MAX; c = c->next, looked++) {
        size_t found = fv_chunk_size(c);
        if (found < size || found >= best_size) continue;
        best = c;
        best_size = found;
    }
    return best;
}

/* The first bin from `bin` on that has any; FV_BINS: none. */
static unsigned bin_from(const struct fv_region *r, unsigned bin) {
    if (bin >= FV_BINS) return FV_BINS;
    unsigned i = bin / FV_BIN_BITS;
    uint64_t bits = r->bin_bits[i] & (~UINT64_C(0) << bin % FV_BIN_BITS);
    while (bits == 0 && ++i < FV_BINS / FV_BIN_BITS) bits = r->bin_bits[i];
    return bits == 0 ? FV_BINS : i * FV_BIN_BITS + (unsigned)__builtin_ctzll(bits);
}

static struct fv_chunk *find(const struct fv_region *r, size_t size) {
    unsigned bin = bin_of(size);
    struct fv_chunk *found = best_of_bin(r->bins[bin], size);
    if (found != NULL) return found;
    bin = bin_from(r, bin + 1);
    return bin < FV_BINS ? best_of_bin(r->bins[bin], size) : NULL;
}

/* ---- tags ------------------------------------------------------------------------------------ */

bool fv_chunk_is_live(const struct fv_region *r, const void *p, uint64_t word) {
    uint64_t size = word & ~(uint64_t)FV_WORD_FLAGS;
    return (word & (FV_WORD_CHUNK | FV_WORD_FREE)) == FV_WORD_CHUNK && size >= FV_CHUNK_MIN &&
           (uintptr_t)p < r->top && size <= r->top - (uintptr_t)p;
}

/* Sets the size of one that is handed out. */
static void set_size(void *p, size_t size) {
    fv_word_set(p, size | FV_WORD_CHUNK | (fv_word(p) & FV_WORD_AFTER_FREE));
}

/* A free chunk repeats its size at its end, where the one behind it finds it. */
static void set_free(struct fv_region *r, void *p, size_t size) {
    uint64_t *behind = fv_word_at(at(p, size));
    fv_word_set(p, size | FV_WORD_CHUNK | FV_WORD_FREE);
    behind[-1] = size;
    *behind |= FV_WORD_AFTER_FREE;
    link_free(r, p, size);
}

/* Takes a free chunk out of its bin; the one behind it follows nothing free any more. */
static void take_out(struct fv_region *r, void *p, size_t size) {
    unlink_free(r, p);
    *fv_word_at(at(p, size)) &= ~(uint64_t)FV_WORD_AFTER_FREE;
}

static void set_top(struct fv_region *r, uintptr_t top) {
    r->top = top;
    if (top > r->fresh) r->fresh = top;
}

/* ---- giving ---------------------------------------------------------------------------------- */

/* Frees it together with free neighbours. Words that end up inside of another chunk stay as they
 * are, marked as free: a second free of the same is noticed. */
static void join(struct fv_region *r, void *p, size_t size) {
    void *behind = at(p, size);
    uint64_t word = fv_word(p);
    fv_word_set(p, word | FV_WORD_FREE);
    if ((uintptr_t)behind != r->top && (fv_word(behind) & FV_WORD_FREE)) {
        size += fv_chunk_size(behind);
        unlink_free(r, behind);
    }
    if (word & FV_WORD_AFTER_FREE) {
        uint64_t before = fv_word_at(p)[-1];
        p = (char *)p - before;
        size += before;
        unlink_free(r, p);
    }
    if ((uintptr_t)p + size == r->top)
        r->top = (uintptr_t)p;
    else
        set_free(r, p, size);
}

void fv_chunk_give(struct fv_region *r, void *p) {
    size_t size = fv_chunk_size(p);
    r->chunk_bytes -= size - FV_WORD_BYTES;
    join(r, p, size);
}

/* Cuts what is handed out down to `size`, when it is worth it. Returns the size that is left. */
static size_t cut(struct fv_region *r, void *p, size_t total, size_t size) {
    size_t rest = total - size;
    if (rest < FV_CHUNK_MIN || rest < size >> FV_REST_SHIFT) return total;
    set_size(p, size);
    fv_word_set(at(p, size), rest | FV_WORD_CHUNK);
    join(r, at(p, size), rest);
    return size;
}

/* ---- taking ---------------------------------------------------------------------------------- */

static void *take_top(struct fv_region *r, size_t size, size_t *dirty) {
    void *p = (void *)r->top;
    if (size > r->end - r->top) return NULL;
    *dirty = r->fresh - r->top;
    set_top(r, r->top + size);
    fv_word_set(p, size | FV_WORD_CHUNK);
    r->chunk_bytes += size - FV_WORD_BYTES;
    return p;
}

void *fv_chunk_take(struct fv_region *r, size_t size, size_t *dirty) {
    struct fv_chunk *p = find(r, size);
    if (p == NULL) return take_top(r, size, dirty);
    size_t total = fv_chunk_size(p);
    take_out(r, p, total);
    fv_word_set(p, total | FV_WORD_CHUNK);
    *dirty = total;
    r->chunk_bytes += cut(r, p, total, size) - FV_WORD_BYTES;
    return p;
}

void *fv_chunk_take_aligned(struct fv_region *r, size_t size, size_t align) {
    size_t dirty;
    void *p = fv_chunk_take(r, size + align + FV_GRAIN, &dirty);
    if (p == NULL) return NULL;
    size_t total = fv_chunk_size(p);
    size_t lead = -(uintptr_t)p & (align - 1);
    if (lead > 0 && lead < FV_CHUNK_MIN) lead += align;
    r->chunk_bytes -= total;
    if (lead > 0) {
        fv_word_set(at(p, lead), (total - lead) | FV_WORD_CHUNK);
        set_size(p, lead);
        join(r, p, lead);
    }
    p = at(p, lead);
    r->chunk_bytes += cut(r, p, total - lead, size);
    return p;
}

/* Lengthens it by what is free behind it. Returns its size, unchanged where that does not do. */
static size_t extend(struct fv_region *r, void *p, size_t total, size_t size) {
    void *behind = at(p, total);
    if ((uintptr_t)behind == r->top) {
        if (size - total > r->end - r->top) return total;
        set_top(r, r->top + size - total);
        set_size(p, size);
        return size;
    }
    size_t more = fv_chunk_size(behind);
    if (!(fv_word(behind) & FV_WORD_FREE) || total + more < size) return total;
    take_out(r, behind, more);
    set_size(p, total + more);
    return total + more;
}

bool fv_chunk_resize(struct fv_region *r, void *p, size_t size) {
    size_t before = fv_chunk_size(p);
    size_t total = before < size ? extend(r, p, before, size) : before;
    if (total < size) return false;
    r->chunk_bytes += cut(r, p, total, size) - before;
    return true;
}
