#include "weigh.h"

#include "rare.h"

enum {
    FV_ENTRY_SHARE = 4, /* entries weigh so much less than states that marks name */
    FV_VISITS_FREE = 4, /* visits that cost a place little */
    FV_YIELDS_FREE = 8 * FV_YIELD_STATE,
};

enum { FV_FIXED_BITS = 20, FV_WEIGHT_BITS = 42 };

static uint64_t times(uint64_t a, uint64_t b) { return (a * b) >> FV_FIXED_BITS; }

/* How new a place is among all: 1 for the newest, falling with the sixth power of its rank. */
static uint64_t newness(uint32_t index, uint32_t span) {
    uint64_t rank = (((uint64_t)index + 1) << FV_FIXED_BITS) / span;
    uint64_t square = times(rank, rank);
    return times(times(square, square), square);
}

/* New places first, as they lie deepest; then those least visited, as steeply as the fourth power;
 * what has yielded is worth another look. Whole numbers: every machine chooses alike. */
static uint64_t weigh(const struct fv_frontier *f, uint32_t index) {
    const struct fv_place *p = &f->archive.places[index];
    if (p->is_closed) return 0;
    uint64_t visits = FV_VISITS_FREE + p->visits + p->visits_before;
    uint64_t share = (UINT64_C(1) << FV_FIXED_BITS) * FV_VISITS_FREE / visits;
    uint64_t seldom = times(times(share, share), times(share, share));
    uint64_t worth = times(newness(index, f->span), seldom) * (FV_YIELDS_FREE + p->yields);
    uint64_t weight = (worth << (FV_WEIGHT_BITS - FV_FIXED_BITS)) / FV_YIELDS_FREE;
    bool is_first = p->state != FV_NOTHING && !p->is_second;
    return 1 + (is_first ? weight : weight / FV_ENTRY_SHARE);
}

void fv_weigh_again(struct fv_frontier *f, uint32_t index) {
    fv_choice_set(&f->choice, index, weigh(f, index));
    fv_choice_set(&f->rare, index, fv_rare_weigh(f, &f->archive.places[index]));
}

/* Newness is relative to a span that doubles: then all are weighed anew. */
void fv_weigh_new(struct fv_frontier *f, uint32_t index) {
    uint32_t first = index < f->span ? index : 0;
    while (f->span <= index) f->span *= 2;
    for (uint32_t i = first; i <= index; i++) fv_weigh_again(f, i);
}

void fv_weigh_close(struct fv_frontier *f, uint32_t index) {
    f->archive.places[index].is_closed = 1;
    fv_weigh_again(f, index);
}
