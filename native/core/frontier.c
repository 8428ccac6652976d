#include "frontier.h"

#include <string.h>

#include "../common/mix.h"
#include "rare.h"
#include "weigh.h"

enum {
    FV_VISIT = 4, /* children of one visit */
    FV_ROOT_PERCENT_MIN = 2,
    FV_ROOT_PERCENT_MAX = 25,
    FV_ROOT_YIELDS_SURE = 8 * FV_YIELD_STATE,
    FV_STEPS_SPARE = 128, /* a recipe this near to its limit is no splitpoint any more */
};

/* ---- opening --------------------------------------------------------------------------------- */

bool fv_frontier_open(struct fv_frontier *f, const struct fv_header *h, struct fv_tree *known,
                      uint64_t campaign_seed) {
    *f = (struct fv_frontier){
        .header = h, .known = known, .campaign_seed = campaign_seed, .span = FV_WEIGH_SPAN_MIN};
    f->luck.seed = fv_mix(campaign_seed + FV_GOLDEN);
    return fv_archive_open(&f->archive) && fv_choice_open(&f->choice, FV_PLACES_MAX) &&
           fv_choice_open(&f->rare, FV_PLACES_MAX);
}

void fv_frontier_close(struct fv_frontier *f) {
    fv_archive_close(&f->archive);
    fv_choice_close(&f->choice);
    fv_choice_close(&f->rare);
}

/* ---- planning -------------------------------------------------------------------------------- */

static uint32_t min_u32(uint32_t a, uint32_t b) { return a < b ? a : b; }

static struct fv_order *open_order(struct fv_job_plan *p, uint32_t kind, uint32_t place) {
    p->errands[p->order_count] = (struct fv_errand){.place = place, .node = FV_NOTHING};
    p->orders[p->order_count] = (struct fv_order){
        .kind = kind, .segments_at = p->pool_count, .children_at = p->child_count};
    return &p->orders[p->order_count++];
}

static void plan_roots(struct fv_job_plan *p, uint32_t n, uint64_t first_root) {
    struct fv_order *o = open_order(p, FV_ORDER_ROOTS, FV_NOTHING);
    o->first_root = first_root;
    o->child_count = n;
    for (uint32_t i = 0; i < n; i++) p->makers[p->child_count + i] = FV_MAKERS;
    p->child_count += n;
    p->timelines += n;
}

/* A job has at most one tape. */
static bool tape_fits(const struct fv_job_plan *p, uint32_t tape) {
    return tape == FV_NOTHING || p->tape == FV_NOTHING || p->tape == tape;
}

static const struct fv_node *origin_of(const struct fv_archive *a, uint32_t node) {
    while (a->nodes[node].parent != FV_NOTHING) node = a->nodes[node].parent;
    return &a->nodes[node];
}

static uint64_t base_of(const struct fv_step *steps, uint32_t n) {
    uint64_t base = 0;
    for (uint32_t i = 0; i < n; i++)
        if (fv_step_begins(&steps[i])) base = steps[i].at;
    return base;
}

/* Entries do not know which of their draws mattered: anywhere in what was theirs. */
static uint64_t splitpoint_of(struct fv_frontier *f, const struct fv_place *place) {
    if (place->state != FV_NOTHING) return place->draws;
    const struct fv_node *node = &f->archive.nodes[place->node];
    uint64_t length = node->draws - place->draws;
    return place->draws + (length > 0 ? fv_luck_below(&f->luck, length) : 0);
}

static void plan_child(struct fv_frontier *f, struct fv_job_plan *p, const struct fv_splitpoint *at,
                       uint64_t base) {
    struct fv_step tail[FV_TAIL_MAX];
    enum fv_maker maker = fv_maker_choose(&f->makers, &f->luck);
    uint32_t n = fv_maker_make(at, &f->luck, &maker, tail);
    struct fv_child *child = &p->children[p->child_count];
    *child = (struct fv_child){p->pool_count, n, maker == FV_MAKER_WATCH, 0};
    fv_archive_relate(tail, n, p->pool + p->pool_count, &base);
    p->makers[p->child_count++] = (uint8_t)maker;
    p->pool_count += n;
    p->timelines++;
}

static uint32_t choose_among(struct fv_frontier *f, const struct fv_choice *choice) {
    return fv_choice_find(choice, fv_luck_below(&f->luck, choice->total));
}

/* Another place whose luck a splice may borrow. */
static void choose_other(struct fv_frontier *f, struct fv_splitpoint *at) {
    const struct fv_place *place = &f->archive.places[choose_among(f, &f->choice)];
    at->other = place->node;
    at->other_draws = place->draws;
}

/* Only a state has one splitpoint, so only there futures compare. */
static uint64_t longest_of(const struct fv_frontier *f, const struct fv_place *place) {
    return place->state != FV_NOTHING ? f->archive.nodes[place->node].draws : UINT64_MAX;
}

static void plan_order(struct fv_job_plan *p, const struct fv_node *origin,
                       const struct fv_step *prefix, uint32_t steps, uint64_t longest) {
    struct fv_order *o = &p->orders[p->order_count - 1];
    struct fv_errand *errand = &p->errands[p->order_count - 1];
    uint64_t base = 0;
    errand->base = base_of(prefix, steps);
    o->longest = longest;
    fv_archive_relate(prefix, steps, p->pool + p->pool_count, &base);
    p->pool_count += steps;
    o->segment_count = steps;
    o->count = errand->draws - errand->base;
    o->draws = errand->draws;
    o->root = origin->root;
    o->has_tape = origin->tape != FV_NOTHING;
    if (origin->tape != FV_NOTHING) p->tape = origin->tape;
}

static void plan_children(struct fv_frontier *f, struct fv_job_plan *p, uint32_t n) {
    const struct fv_errand *errand = &p->errands[p->order_count - 1];
    struct fv_splitpoint at = {.archive = &f->archive,
                               .node = &f->archive.nodes[errand->node],
                               .node_index = errand->node,
                               .draws = errand->draws,
                               .mutator = &f->makers.mutator};
    at.may_watch = !at.node->is_watched && fv_maker_may_watch(&f->makers, f->archive.watch_count);
    choose_other(f, &at);
    p->orders[p->order_count - 1].child_count = n;
    for (uint32_t i = 0; i < n; i++) plan_child(f, p, &at, errand->base);
}

enum visit { VISITED, NOT_NOW, NEVER };

static enum visit plan_visit(struct fv_frontier *f, struct fv_job_plan *p, uint32_t place_index,
                             uint32_t n) {
    const struct fv_place *place = &f->archive.places[place_index];
    const struct fv_node *origin = origin_of(&f->archive, place->node);
    struct fv_step prefix[FV_SEGMENTS_MAX];
    uint64_t draws = splitpoint_of(f, place);
    uint32_t steps = fv_archive_prefix(&f->archive, place->node, draws, prefix,
                                       FV_SEGMENTS_MAX - FV_STEPS_SPARE);
    if (steps == FV_NOTHING) return NEVER;
    if (!tape_fits(p, origin->tape)) return NOT_NOW;
    if (p->pool_count + steps + n * FV_TAIL_MAX > FV_POOL_MAX) return NOT_NOW;
    open_order(p, FV_ORDER_SPLIT, place_index);
    p->errands[p->order_count - 1].node = place->node;
    p->errands[p->order_count - 1].draws = draws;
    plan_order(p, origin, prefix, steps, longest_of(f, place));
    plan_children(f, p, n);
    return VISITED;
}

/* Visited places weigh less at once: a job does not go to the same place again and again. */
static void note_visit(struct fv_frontier *f, uint32_t place, uint32_t n) {
    f->archive.places[place].visits += n;
    fv_weigh_again(f, place);
}

/* New roots are worth a share of the visits that goes by what they bring of late, beside what known
 * places bring; little, unless they have brought something for sure. */
static bool wants_roots(struct fv_frontier *f) {
    if (f->choice.total == 0) return true;
    uint64_t yields = f->roots.yields;
    uint64_t rate = UINT64_C(1000000) * yields / (f->roots.visits + 1);
    uint64_t other = UINT64_C(1000000) * (f->places.yields + 1) / (f->places.visits + 1);
    uint64_t percent = 100 * rate / (rate + other);
    if (yields < FV_ROOT_YIELDS_SURE) percent = percent * yields / FV_ROOT_YIELDS_SURE;
    if (percent < FV_ROOT_PERCENT_MIN) percent = FV_ROOT_PERCENT_MIN;
    if (percent > FV_ROOT_PERCENT_MAX) percent = FV_ROOT_PERCENT_MAX;
    return fv_luck_below(&f->luck, 100) < percent;
}

uint64_t fv_frontier_plan(struct fv_frontier *f, struct fv_job_plan *p, uint32_t timelines,
                          uint64_t first_root, uint64_t roots_left) {
    p->order_count = p->child_count = p->pool_count = p->timelines = 0;
    p->tape = FV_NOTHING;
    memset(p->yields, 0, sizeof p->yields);
    uint64_t roots = 0;
    timelines = min_u32(timelines, FV_CHILDREN_MAX);
    for (uint32_t tries = 0; p->timelines < timelines && tries < FV_ORDERS_MAX; tries++) {
        uint32_t n = min_u32(FV_VISIT, timelines - p->timelines);
        if (wants_roots(f)) {
            uint32_t take = (uint32_t)(roots_left - roots < n ? roots_left - roots : n);
            if (take > 0) plan_roots(p, take, first_root + roots);
            roots += take;
            continue;
        }
        if (f->choice.total == 0) break;
        uint32_t place = choose_among(f, fv_rare_is_next(f) ? &f->rare : &f->choice);
        enum visit visit = plan_visit(f, p, place, n);
        if (visit == VISITED) note_visit(f, place, n);
        if (visit == NEVER) fv_weigh_close(f, place);
    }
    return roots;
}
