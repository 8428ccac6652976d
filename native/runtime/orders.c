#include "orders.h"

#include <string.h>

#include "../common/mix.h"
#include "asked.h"
#include "cache.h"
#include "layers.h"
#include "series.h"
#include "split.h"
#include "timeline.h"

static void prepare_root(struct fv_slot *s, uint32_t index, uint64_t root) {
    s->recipe.root = root;
    s->recipe.segment_count = s->recipe.has_tape = s->recipe.tape_size = 0;
    fv_timeline_prepare_root(s, index);
}

void fv_orders_prepare_input(struct fv_slot *s) {
    const struct fv_recipe *r = &fv_rt.tree->recipe;
    uint32_t n = r->segment_count < FV_SEGMENTS_MAX ? r->segment_count : FV_SEGMENTS_MAX;
    memcpy(&s->recipe, r, offsetof(struct fv_recipe, segments) + n * sizeof *r->segments);
    s->recipe.segment_count = n;
    fv_timeline_prepare_root(s, 0);
}

enum fv_side fv_orders_run_input(void) {
    struct fv_batch batch;
    fv_split_open(&batch, 0, 1);
    fv_orders_prepare_input(batch.slots[0]);
    return fv_split_run(&batch);
}

static enum fv_side run_roots(const struct fv_order *o, uint32_t at, uint32_t n) {
    struct fv_batch batch;
    fv_split_open(&batch, 0, n);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t ordinal = o->first_root + at + i;
        prepare_root(batch.slots[i], i, fv_mix_root_seed(fv_rt.tree->campaign_seed, ordinal));
        batch.slots[i]->order = (uint32_t)(o - fv_layout_orders(fv_rt.header, fv_rt.tree));
        batch.slots[i]->child = at + i;
    }
    return fv_split_run(&batch);
}

static enum fv_side run_all_roots(const struct fv_order *o) {
    for (uint32_t done = 0; done < o->child_count;) {
        if (fv_split_must_stop()) break;
        uint32_t left = o->child_count - done, most = fv_rt.header->policy.batch_size;
        uint32_t n = left < most ? left : most;
        if (run_roots(o, done, n) == FV_CHILD) return FV_CHILD;
        done += n;
    }
    return FV_PARENT;
}

static enum fv_side run_series(void) {
    struct fv_batch batch;
    fv_split_open(&batch, 0, 1);
    prepare_root(batch.slots[0], 0, fv_rt.tree->series.seed);
    fv_series_open(batch.slots[0]);
    if (fv_split_run(&batch) == FV_CHILD) return FV_CHILD;
    fv_series_close();
    return FV_PARENT;
}

static enum fv_side run_order(uint32_t number) {
    const struct fv_order *o = &fv_layout_orders(fv_rt.header, fv_rt.tree)[number];
    switch (o->kind) {
    case FV_ORDER_INPUT: return fv_orders_run_input();
    case FV_ORDER_ROOTS: return run_all_roots(o);
    case FV_ORDER_SERIES: return run_series();
    case FV_ORDER_ASKED: return fv_asked_run(o);
    default: break;
    }
    if (!fv_rt.in_runner) return fv_cache_serve(number);
    fv_layers_serve(number);
    return FV_PARENT;
}

enum fv_side fv_orders_run(void) {
    for (uint32_t i = 0; i < fv_rt.tree->order_count && i < FV_ORDERS_MAX; i++)
        if (!fv_split_must_stop() && run_order(i) == FV_CHILD) return FV_CHILD;
    return FV_PARENT;
}
