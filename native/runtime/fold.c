#include "fold.h"

#include <string.h>

#include "../common/ask.h"
#include "../common/map.h"
#include "../common/mix.h"
#include "../common/verdict.h"
#include "record.h"
#include "series.h"

static uint64_t fold_features(struct fv_slot *s) {
    const struct fv_header *h = fv_rt.header;
    uint8_t *explored = fv_layout_explored(h, fv_rt.tree);
    const uint8_t *features = fv_layout_features(h, s);
    uint64_t used = fv_layout_map_used(h, fv_rt.tree);
    if (s->has_edges) return fv_map_merge(explored, features, used);
    return fv_map_merge(explored, features, h->map_edges) +
           fv_map_merge(explored + h->map_each, features + h->map_each, used - h->map_each);
}

/* Features that were there already when a checkpoint was taken say nothing of its children. */
static const uint8_t *features_before(void) {
    bool is_host = fv_rt.slot != NULL && fv_rt.slot->state == FV_SLOT_FROZEN;
    return is_host ? fv_rt.features : NULL;
}

static void fold_seen(struct fv_slot *s) {
    const struct fv_header *h = fv_rt.header;
    if (!s->has_edges) return;
    fv_map_tally(fv_layout_seen(h, fv_rt.tree), h->map_size, fv_layout_features(h, s),
                 features_before(), fv_layout_map_used(h, fv_rt.tree));
}

/* What an engine is told of its input. */
static void fold_hits(struct fv_slot *s) {
    const struct fv_header *h = fv_rt.header;
    if (h->engine != FV_ENGINE_ASKS || !s->has_edges) return;
    fv_map_join(fv_layout_told(h, fv_rt.tree), fv_layout_features(h, s),
                fv_layout_map_used(h, fv_rt.tree));
}

static void fold_margin(struct fv_mark *m, const struct fv_tally *tally) {
    if (m->kind != FV_KIND_ALWAYS_NUMERIC || !tally->has_margin) return;
    if (!m->has_watermark || tally->margin < m->watermark) m->watermark = tally->margin;
    m->has_watermark = 1;
}

static void fold_tally(struct fv_mark *m, const struct fv_tally *tally, uint64_t ordinal) {
    if (tally->passes > 0 && m->passes == 0) m->first_ordinal = ordinal + 1;
    m->passes += tally->passes;
    m->failures += tally->failures;
    fold_margin(m, tally);
}

static void fold_tallies(struct fv_slot *s, uint64_t ordinal) {
    const struct fv_header *h = fv_rt.header;
    struct fv_mark *marks = fv_layout_marks(h, fv_rt.tree);
    const struct fv_tally *tallies = fv_layout_tallies(h, s);
    uint32_t n = h->site_count + fv_rt.tree->dynamic_count;
    for (uint32_t i = 0; i < n; i++)
        if (tallies[i].passes | tallies[i].failures) fold_tally(&marks[i], &tallies[i], ordinal);
}

static void fold_totals(struct fv_totals *t, const struct fv_slot *s, uint64_t fresh) {
    t->timelines++;
    t->draws += fv_layout_draws(s) - s->draws_at_fork;
    t->productive += fresh > 0;
    t->verdicts[s->verdict]++;
    t->digest = fv_mix_into(t->digest, fv_verdict_digest(s));
    t->digest = fv_mix_into(t->digest, s->seed);
    t->digest = fv_mix_into(t->digest, fresh);
}

static bool is_bug(uint32_t verdict) {
    return verdict != FV_VERDICT_OK && verdict != FV_VERDICT_LOST;
}

/* A future longer than any known from its splitpoint is worth telling: there is more to edit. */
static bool outlasts(const struct fv_slot *s) {
    if (s->order >= fv_rt.tree->order_count || s->order >= FV_ORDERS_MAX) return false;
    struct fv_order *o = &fv_layout_orders(fv_rt.header, fv_rt.tree)[s->order];
    uint64_t draws = fv_layout_draws(s);
    if (o->kind != FV_ORDER_SPLIT || draws <= o->longest) return false;
    o->longest = draws;
    return true;
}

uint64_t fv_fold_timeline(struct fv_slot *s) {
    if (s->verdict == FV_VERDICT_NONE) return 0; /* its fork was refused */
    struct fv_totals *totals = &fv_rt.tree->totals;
    if (fv_series_has_told(s)) return 0;
    uint64_t ordinal = totals->timelines;
    struct fv_telling telling = fv_series_telling(s);
    uint64_t fresh = fold_features(s);
    fold_seen(s);
    fold_hits(s);
    fold_tallies(s, ordinal);
    fold_totals(totals, s, fresh);
    if (is_bug(s->verdict) && fv_rt.header->policy.stop_on_bug) fv_rt.tree->is_halted = 1;
    if (fv_rt.header->policy.strategy == FV_STRATEGY_TRIALS) {
        fv_record_trial(s);
        return fresh;
    }
    bool is_telling = fresh > 0 || s->verdict != FV_VERDICT_OK;
    if (outlasts(s) || is_telling || s->journal_count > 0 || s->compare_count > 0)
        fv_record_telling(s, ordinal, fresh, &telling);
    return fresh + s->fresh_below;
}

/* ---- series ---------------------------------------------------------------------------------- */

/* Most of what runs in series has no marks. */
static uint64_t fold_marks(struct fv_slot *s, uint64_t ordinal) {
    const struct fv_header *h = fv_rt.header;
    uint8_t *explored = fv_layout_explored(h, fv_rt.tree), *features = fv_layout_features(h, s);
    uint64_t used = fv_layout_map_used(h, fv_rt.tree),
             marks = h->site_count + fv_rt.tree->dynamic_count;
    if (marks == 0) return 0;
    uint64_t fresh =
        fv_map_merge(explored, features, h->map_edges) +
        fv_map_merge(explored + h->map_each, features + h->map_each, used - h->map_each);
    fold_tallies(s, ordinal);
    memset(features, 0, h->map_edges);
    memset(features + h->map_each, 0, used - h->map_each);
    memset(fv_layout_tallies(h, s), 0, marks * sizeof(struct fv_tally));
    s->each_hash = 0;
    return fresh;
}

uint64_t fv_fold_input(struct fv_slot *s, uint64_t fresh, uint64_t digest) {
    struct fv_totals *t = &fv_rt.tree->totals;
    fresh += fold_marks(s, t->timelines);
    t->timelines++;
    t->draws += s->count;
    t->productive += fresh > 0;
    t->verdicts[FV_VERDICT_OK]++;
    t->digest = fv_mix_into(fv_mix_into(t->digest, digest), s->draw_hash + fresh);
    return fresh;
}
