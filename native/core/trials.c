#include "trials.h"

#include <stdlib.h>
#include <string.h>

#include "campaign.h"

static_assert(sizeof(struct fv_segment) == 24, "native.py packs segments");

static struct fv_job_plan *free_plan(struct fv_trials *t) {
    if (t->count == FV_TRIALS_QUEUED_MAX) return NULL;
    struct fv_job_plan **place = &t->plans[(t->first + t->count) % FV_TRIALS_QUEUED_MAX];
    if (*place == NULL) *place = calloc(1, sizeof **place);
    return *place;
}

bool fv_trials_next(struct fv_trials *t, struct fv_job_plan **plan) {
    if (t->count == 0) return false;
    struct fv_job_plan *used = *plan;
    *plan = t->plans[t->first];
    t->plans[t->first] = used;
    t->first = (t->first + 1) % FV_TRIALS_QUEUED_MAX;
    t->count--;
    return true;
}

void fv_trials_free(struct fv_trials *t) {
    for (uint32_t i = 0; i < FV_TRIALS_QUEUED_MAX; i++) free(t->plans[i]);
}

/* ---- what the caller asks for ---------------------------------------------------------------- */

/* Segments of the pool, in the order in which they are named. */
static bool take_segments(struct fv_job_plan *p, uint32_t n, uint32_t *at) {
    *at = p->pool_count;
    if (n > FV_SEGMENTS_MAX || n > FV_POOL_MAX - p->pool_count) return false;
    p->pool_count += n;
    return true;
}

static bool add_children(struct fv_job_plan *p, struct fv_order *o, const uint32_t *tails,
                         uint32_t tail_count) {
    o->children_at = p->child_count;
    if (o->child_count == 0 || o->child_count > tail_count - p->child_count) return false;
    for (uint32_t i = 0; i < o->child_count; i++) {
        struct fv_child *child = &p->children[p->child_count];
        *child = (struct fv_child){.segment_count = tails[p->child_count]};
        if (!take_segments(p, child->segment_count, &child->segments_at)) return false;
        if (o->segment_count + child->segment_count > FV_SEGMENTS_MAX) return false;
        p->child_count++;
    }
    return true;
}

static bool add_order(struct fv_job_plan *p, const struct fv_trial_order *wish,
                      const uint32_t *tails, uint32_t tail_count) {
    struct fv_order *o = &p->orders[p->order_count++];
    *o = (struct fv_order){.kind = FV_ORDER_SPLIT,
                           .root = wish->root,
                           .count = wish->count,
                           .has_tape = wish->has_tape != 0,
                           .segment_count = wish->segment_count,
                           .child_count = wish->child_count};
    if (o->has_tape) p->tape = 0;
    return take_segments(p, o->segment_count, &o->segments_at) &&
           add_children(p, o, tails, tail_count);
}

static bool segments_are_sound(const struct fv_job_plan *p) {
    for (uint32_t i = 0; i < p->pool_count; i++)
        if (p->pool[i].kind >= FV_SEGMENT_KINDS) return false;
    return true;
}

static bool fill(struct fv_job_plan *p, const struct fv_trial_order *orders, uint32_t order_count,
                 const uint32_t *tails, uint32_t tail_count) {
    p->order_count = p->child_count = p->pool_count = 0;
    p->tape = FV_NOTHING;
    for (uint32_t i = 0; i < order_count; i++)
        if (!add_order(p, &orders[i], tails, tail_count)) return false;
    p->timelines = p->child_count;
    return p->child_count == tail_count;
}

int fv_campaign_add_trials(fv_campaign *c, const struct fv_trial_order *orders,
                           uint32_t order_count, const uint32_t *tails, uint32_t tail_count,
                           const uint8_t *segments, uint32_t segment_count, uint64_t draws_max) {
    if (c->plan.strategy != FV_STRATEGY_TRIALS || order_count == 0 || order_count > FV_ORDERS_MAX ||
        tail_count > FV_CHILDREN_MAX || segment_count > FV_POOL_MAX)
        return -1;
    struct fv_job_plan *p = free_plan(&c->trials);
    if (p == NULL || !fill(p, orders, order_count, tails, tail_count)) return -1;
    if (p->pool_count != segment_count || (p->tape != FV_NOTHING && c->input_count == 0)) return -1;
    memcpy(p->pool, segments, segment_count * sizeof *p->pool);
    if (!segments_are_sound(p)) return -1;
    p->draws_max = draws_max;
    c->trials.count++;
    return 0;
}
