#include "rare.h"

enum {
    FV_RARE_PERCENT = 70, /* of the visits, while there are rare places */
    FV_RARE_ONE_IN = 12,  /* timelines for one pass of a rare mark, */
    FV_RARE_HEAD = 64,    /* with so many timelines taken to have been barren */
    FV_RARE_WAYS = 32,    /* and as many more for each so many ways that were tried */
    FV_RARE_VISITS = 4,   /* children of one way to a rare state */
    FV_RARITY_MAX = (1 << 16) - 1
};

static uint64_t ways_tried(const struct fv_archive *a, uint32_t state) {
    uint32_t second = a->second_of_state[state];
    return second != FV_NOTHING ? a->places[second].ways : 0;
}

/* Timelines for one pass; 0: not rare, or not rare enough for what was tried. */
static uint64_t rarity_of(const struct fv_frontier *f, uint32_t state) {
    uint32_t mark = fv_known_state(f->header, state)->mark;
    uint64_t least = FV_RARE_ONE_IN * (1 + ways_tried(&f->archive, state) / FV_RARE_WAYS);
    uint64_t passes = fv_layout_marks(f->header, f->known)[mark].passes;
    uint64_t rarity = (f->known->totals.timelines + FV_RARE_HEAD) / (passes + 1);
    if (rarity < least) return 0;
    return rarity < FV_RARITY_MAX ? rarity : FV_RARITY_MAX;
}

uint64_t fv_rare_weigh(const struct fv_frontier *f, const struct fv_place *p) {
    if (p->is_closed || p->state == FV_NOTHING || p->visits >= FV_RARE_VISITS) return 0;
    uint64_t rarity = rarity_of(f, p->state);
    return rarity * rarity;
}

bool fv_rare_wants_another(const struct fv_frontier *f, const struct fv_place *p) {
    return p->state != FV_NOTHING && p->visits >= FV_RARE_VISITS && rarity_of(f, p->state) > 0;
}

bool fv_rare_is_of_root(const struct fv_archive *a, uint32_t place, uint64_t root) {
    return place != FV_NOTHING && a->nodes[a->places[place].node].root == root;
}

bool fv_rare_is_next(struct fv_frontier *f) {
    return f->rare.total > 0 && fv_luck_below(&f->luck, 100) < FV_RARE_PERCENT;
}
