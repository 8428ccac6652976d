#include "series.h"

#include <stdlib.h>
#include <string.h>

#include "../common/map.h"
#include "../common/mix.h"
#include "answers.h"
#include "compare.h"
#include "edges.h"
#include "fold.h"
#include "mutate.h"
#include "split.h"

enum {
    FV_FINDS_MAX = 256,      /* entries of a job's own, */
    FV_FIND_ONE_IN = 3,      /* and how often one of them is gone on from */
    FV_VISIT_INPUTS = 5,     /* made of an entry, each out of the one before */
    FV_WATCH_ONE_IN = 8,     /* inputs whose comparisons are noted, */
    FV_LOOKS_OF_INPUT = 512, /* so many of them, */
    FV_LOOKS_OF_ENTRY = 1 << 14,
    FV_HIT_ONE_IN = 32,       /* inputs whose features are counted */
    FV_CROSS_ONE_IN = 2,      /* of the target's own mutators */
    FV_ANSWERS_RUN_MAX = 128, /* of one entry */
};

/* What inputs are made from. */
struct base {
    const uint8_t *bytes;
    const uint32_t *owned;
    uint32_t size, owned_count;
    uint32_t entry; /* FV_NOTHING: the job's own */
    uint64_t cost;  /* of the job's own */
};

enum stage { FV_STAGE_CHOOSE, FV_STAGE_WHOLE, FV_STAGE_ANSWER, FV_STAGE_MUTATE };

/* In a runner it is kept from job to job, so each begins with all of it anew. */
static struct FV_KEPT_TYPE {
    bool is_on;
    bool is_settled; /* the draws of this input have begun */
    struct fv_series plan;
    uint32_t done;
    enum stage stage;
    uint32_t left;    /* of the stage */
    uint32_t pick_at; /* ever taken */
    struct base base;
    uint8_t *block;    /* what the harness has */
    uint64_t compared; /* before it had it */
    uint32_t find_count, finds_size;
    struct base finds[FV_FINDS_MAX];
    struct fv_mutator mutator;
    struct fv_operands operands;
    struct fv_answers answers;
    uint32_t fresh[FV_OWNED_MAX];
} series FV_KEPT;

/* Of the target's own; absent in most. */
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                                                     unsigned int seed);
__attribute__((weak)) size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                                                       const uint8_t *data2, size_t size2,
                                                       uint8_t *out, size_t max_out_size,
                                                       unsigned int seed);

static uint32_t below(uint32_t n) { return (uint32_t)fv_mutator_below(&series.mutator, n); }
static uint8_t *tape(void) { return fv_layout_tape(fv_rt.header, fv_rt.tree); }

/* ---- beginning and end ----------------------------------------------------------------------- */

static uint32_t at_most(uint32_t n, uint32_t max) { return n < max ? n : max; }

void fv_series_open(struct fv_slot *s) {
    const struct fv_header *h = fv_rt.header;
    series.plan = fv_rt.tree->series;
    series.plan.pick_count = at_most(series.plan.pick_count, FV_PICKS_MAX);
    series.plan.entry_count = at_most(series.plan.entry_count, FV_ENTRIES_MAX);
    series.plan.word_count = at_most(series.plan.word_count, FV_WORDS_MAX);
    series.plan.length_max = at_most(series.plan.length_max, FV_TAPE_BYTES_MAX);
    series.done = series.left = series.pick_at = series.find_count = series.finds_size = 0;
    series.stage = FV_STAGE_CHOOSE;
    series.block = NULL;
    series.mutator = (struct fv_mutator){.luck = series.plan.seed,
                                         .words = fv_stock_word(h, 0),
                                         .word_count = series.plan.word_count,
                                         .operands = &series.operands};
    fv_operands_clear(&series.operands);
    s->recipe.has_tape = 1;
    series.is_on = true;
}

void fv_series_close(void) { series.is_on = false; }
bool fv_series_is_on(void) { return series.is_on && fv_rt.tree != NULL; }

/* ---- what inputs are made from --------------------------------------------------------------- */

static struct base nothing(void) { return (struct base){.bytes = tape(), .entry = FV_NOTHING}; }

static struct base entry(uint32_t number) {
    const struct fv_header *h = fv_rt.header;
    if (number >= series.plan.entry_count) return nothing();
    const struct fv_entry *e = fv_stock_entry(h, number);
    return (struct base){.bytes = fv_stock_bytes(h, e->at),
                         .size = e->size,
                         .owned = (const uint32_t *)(const void *)fv_stock_bytes(h, e->owned_at),
                         .owned_count = e->owned_count,
                         .entry = number};
}

/* The newest are the likeliest. */
static struct base find(void) {
    return series.finds[series.find_count - 1 - below(1 + below(series.find_count))];
}

static struct fv_pick pick(uint32_t number) {
    return fv_stock_picks(fv_rt.header, fv_rt.tree)[number % series.plan.pick_count];
}

static void choose_partner(void) {
    struct base other = nothing();
    if (series.find_count > 0 && below(FV_FIND_ONE_IN) == 0)
        other = find();
    else if (series.plan.pick_count > 0)
        other = entry(pick(below(series.plan.pick_count)).entry);
    series.mutator.partner = other.bytes;
    series.mutator.partner_size = other.size;
}

/* What takes longer than most has fewer turns, so that it has no more time than they have. */
static bool has_turn(uint64_t cost) {
    uint64_t typical = series.plan.cost_typical;
    return typical == 0 || cost <= typical || fv_mutator_below(&series.mutator, cost) < typical;
}

static bool choose_find(void) {
    bool has_picks = series.plan.pick_count > 0;
    if (series.find_count == 0 || (has_picks && below(FV_FIND_ONE_IN) != 0)) return false;
    series.base = find();
    return !has_picks || has_turn(series.base.cost);
}

/* An entry is run as it is the first time that a job has it, if the job says so. */
static void choose(void) {
    bool is_watched = false;
    series.base = nothing();
    if (!choose_find() && series.plan.pick_count > 0) {
        struct fv_pick p = pick(series.pick_at);
        is_watched = p.is_watched && series.pick_at < series.plan.pick_count;
        series.pick_at++;
        series.base = entry(p.entry);
    }
    choose_partner();
    series.stage = is_watched ? FV_STAGE_WHOLE : FV_STAGE_MUTATE;
    series.left = FV_VISIT_INPUTS;
}

static uint32_t longest(void) {
    return series.base.size > series.plan.length_max ? series.base.size : series.plan.length_max;
}

/* ---- making ---------------------------------------------------------------------------------- */

static size_t take_base(void) {
    memcpy(tape(), series.base.bytes, series.base.size);
    return series.base.size;
}

static void watch(uint32_t looks) { fv_compare_note_all(&series.operands, looks); }

static size_t make_whole(void) {
    fv_operands_clear(&series.operands);
    watch(FV_LOOKS_OF_ENTRY);
    return take_base();
}

static size_t make_answer(void) {
    while (series.left > 0) {
        const struct fv_suggestion *a = &series.answers.of[--series.left];
        size_t n = fv_answers_apply(a, tape(), take_base(), longest());
        if (n == 0) continue;
        series.mutator.used = a->word;
        return n;
    }
    series.stage = FV_STAGE_MUTATE;
    series.left = FV_VISIT_INPUTS;
    return 0;
}

/* Out of the target's own hands: in between, its edges count nothing. */
static size_t cross_by_target(size_t size, size_t max) {
    const struct fv_mutator *m = &series.mutator;
    uint8_t *out = malloc(max);
    if (out == NULL) return 0;
    size_t n = LLVMFuzzerCustomCrossOver(tape(), size, m->partner, m->partner_size, out, max,
                                         below(UINT32_MAX));
    n = n <= max ? n : 0;
    memcpy(tape(), out, n);
    free(out);
    return n;
}

static size_t mutate_by_target(size_t size, size_t max) {
    size_t n = 0;
    bool crosses = LLVMFuzzerCustomCrossOver != NULL &&
                   (LLVMFuzzerCustomMutator == NULL || below(FV_CROSS_ONE_IN) == 0);
    if (crosses) n = cross_by_target(size, max);
    if (n == 0 && LLVMFuzzerCustomMutator != NULL)
        n = LLVMFuzzerCustomMutator(tape(), size, max, below(UINT32_MAX));
    fv_edges_clear();
    return n <= max ? n : 0;
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
    if (max_size == 0) return 0;
    return fv_mutate(&series.mutator, data, size, max_size);
}

static size_t make_mutant(void) {
    size_t max = longest(), size = fv_rt.slot->recipe.tape_size, n = 0;
    if (max == 0) max = 1;
    if (series.left-- == FV_VISIT_INPUTS || size > max) size = take_base();
    series.mutator.used.size = 0;
    if (LLVMFuzzerCustomMutator != NULL || LLVMFuzzerCustomCrossOver != NULL)
        n = mutate_by_target(size, max);
    if (n == 0) n = fv_mutate(&series.mutator, tape(), size, max);
    if (series.left == 0) series.stage = FV_STAGE_CHOOSE;
    if (series.done % FV_WATCH_ONE_IN == 0) watch(FV_LOOKS_OF_INPUT);
    return n;
}

static size_t make(void) {
    if (series.stage == FV_STAGE_CHOOSE) choose();
    if (series.stage == FV_STAGE_WHOLE) return make_whole();
    size_t n = series.stage == FV_STAGE_ANSWER ? make_answer() : 0;
    return n > 0 ? n : make_mutant();
}

/* ---- running --------------------------------------------------------------------------------- */

/* Whoever draws gets what it would get from this input alone, but few do: it waits until then. */
static void blank_draws(struct fv_slot *s) {
    s->fast_until = s->count = s->draws_before = s->draw_hash = 0;
    s->tape_at = s->recipe.tape_size;
    series.is_settled = false;
}

void fv_series_settle_draws(struct fv_slot *s) {
    if (!fv_series_is_on() || series.is_settled) return;
    s->seed = s->recipe.root = fv_recipe_tape_seed(tape(), s->recipe.tape_size);
    s->count = s->recipe.tape_size; /* each of its bytes is a draw where it is run alone */
    series.is_settled = true;
}

bool fv_series_next(const uint8_t **data, size_t *size) {
    struct fv_slot *s = fv_rt.slot;
    if (series.done >= series.plan.input_count || fv_split_must_stop()) return false;
    if (series.done == 0) fv_edges_clear();
    s->recipe.tape_size = (uint32_t)make();
    blank_draws(s);
    s->generation++; /* deadlines begin anew */
    *size = s->recipe.tape_size;
    *data = series.block = malloc(*size);
    if (series.block == NULL && *size > 0) return false;
    if (*size > 0) memcpy(series.block, tape(), *size);
    series.compared = fv_rt.compared;
    return true;
}

/* ---- what came of it ------------------------------------------------------------------------- */

/* Entries of the job's own: bytes, then features, in the job's memory. */
static void add_find(uint32_t size, const uint32_t *owned, uint32_t owned_count) {
    uint32_t bytes = (size + 7) / 8 * 8, features = owned_count * (uint32_t)sizeof *owned;
    uint32_t whole = bytes + (features + 7) / 8 * 8;
    if (series.find_count == FV_FINDS_MAX || whole > FV_FINDS_BYTES - series.finds_size) return;
    uint8_t *to = fv_stock_finds(fv_rt.header, fv_rt.tree) + series.finds_size;
    memcpy(to, tape(), size);
    memcpy(to + bytes, owned, features);
    series.finds[series.find_count++] =
        (struct base){.bytes = to,
                      .size = size,
                      .owned = (const uint32_t *)(const void *)(to + bytes),
                      .owned_count = owned_count,
                      .entry = FV_NOTHING,
                      .cost = fv_rt.slot->cost};
    series.finds_size += whole;
}

/* Smaller than what it was made of, and as good: everything that the entry speaks for is there. */
static bool reduces(uint32_t size) {
    const struct base *b = &series.base;
    return b->entry != FV_NOTHING && b->owned_count > 0 && size < b->size &&
           fv_edges_have(b->owned, b->owned_count, fv_rt.header->map_edges);
}

static void tell(struct fv_slot *s, uint64_t ordinal, uint64_t fresh, const struct fv_telling *t) {
    s->verdict = FV_VERDICT_OK;
    fv_record_telling(s, ordinal, fresh, t);
    s->verdict = FV_VERDICT_NONE;
}

static void keep(struct fv_slot *s, const struct fv_sweep *sweep, bool reduced, uint64_t ordinal,
                 uint64_t fresh) {
    uint32_t size = s->recipe.tape_size, owned = at_most(sweep->fresh_count, FV_OWNED_MAX);
    const struct fv_word *used = &series.mutator.used;
    bool helped = fresh > 0 && used->size >= 2;
    struct fv_telling t = {.tape = tape(),
                           .tape_size = size,
                           .owned = series.fresh,
                           .owned_count = owned,
                           .word = helped ? used : NULL,
                           .replaces = reduced ? series.base.entry : FV_NOTHING};
    tell(s, ordinal, fresh, &t);
    if (fresh > 0) add_find(size, series.fresh, owned);
    if (reduced) { /* the rest of the job goes on from here */
        struct base old = series.base;
        add_find(size, old.owned, old.owned_count);
        series.base.entry = FV_NOTHING;
    }
    if (series.stage == FV_STAGE_MUTATE && fresh > 0) series.stage = FV_STAGE_CHOOSE;
}

static void count_hits(void) {
    struct fv_tree *t = fv_rt.tree;
    if (series.done % FV_HIT_ONE_IN != 0) return;
    fv_edges_hit(fv_stock_hits(fv_rt.header, t), fv_rt.header->hits_size);
    t->hit_samples++;
}

static void end_whole(void) {
    fv_answers_find(&series.answers, &series.operands, series.base.bytes, series.base.size);
    series.left = at_most(series.answers.count, FV_ANSWERS_RUN_MAX);
    series.stage = FV_STAGE_ANSWER;
}

static struct fv_sweep sweep(void) {
    const struct fv_header *h = fv_rt.header;
    struct fv_sweep sweep = {.explored = fv_layout_explored(h, fv_rt.tree) + h->map_edges,
                             .seen = fv_layout_seen(h, fv_rt.tree) + h->map_edges,
                             .seen_stride = h->map_size,
                             .first = h->map_edges,
                             .fresh = series.fresh,
                             .fresh_max = FV_OWNED_MAX};
    fv_edges_sweep(&sweep);
    return sweep;
}

/* What marks told that is fresh, behind the edges' features. */
static void list_range(struct fv_sweep *swept, struct fv_slot *s, uint64_t from, uint64_t to) {
    const struct fv_header *h = fv_rt.header;
    uint32_t told = at_most(swept->fresh_count, FV_OWNED_MAX);
    uint32_t n =
        fv_map_list_fresh(fv_layout_explored(h, fv_rt.tree) + from, fv_layout_features(h, s) + from,
                          to - from, swept->fresh + told, FV_OWNED_MAX - told);
    for (uint32_t i = 0; i < n; i++) swept->fresh[told + i] += (uint32_t)(8 * from);
    swept->fresh_count += n;
}

static void list_marks(struct fv_sweep *swept, struct fv_slot *s) {
    const struct fv_header *h = fv_rt.header;
    if (h->site_count + fv_rt.tree->dynamic_count == 0) return;
    list_range(swept, s, 0, h->map_edges);
    list_range(swept, s, h->map_each, fv_layout_map_used(h, fv_rt.tree));
}

void fv_series_end(bool is_kept) {
    struct fv_slot *s = fv_rt.slot;
    struct fv_sweep swept = {.fresh = series.fresh};
    bool reduced = false;
    s->cost = fv_rt.compared - series.compared;
    fv_compare_note_all(NULL, 0);
    free(series.block);
    if (is_kept) {
        count_hits();
        reduced = reduces(s->recipe.tape_size);
        swept = sweep();
    } else {
        fv_edges_clear();
    }
    uint64_t ordinal = fv_rt.tree->totals.timelines, edges = swept.fresh_count;
    list_marks(&swept, s);
    uint64_t fresh = fv_fold_input(s, edges, swept.hash);
    series.done++;
    if (series.stage == FV_STAGE_WHOLE) end_whole();
    if (fresh > 0 || reduced) keep(s, &swept, reduced, ordinal, fresh);
}

/* ---- for who folds the timeline -------------------------------------------------------------- */

bool fv_series_has_told(const struct fv_slot *s) {
    return fv_series_is_on() && s->verdict == FV_VERDICT_OK;
}

struct fv_telling fv_series_telling(struct fv_slot *s) {
    const struct fv_header *h = fv_rt.header;
    struct fv_telling t = {.replaces = FV_NOTHING, .owned = series.fresh};
    if (h->policy.strategy != FV_STRATEGY_MUTATION) return t;
    t.owned_count = fv_map_list_fresh(fv_layout_explored(h, fv_rt.tree), fv_layout_features(h, s),
                                      h->map_each, series.fresh, FV_OWNED_MAX);
    if (!fv_series_is_on()) return t;
    t.tape = tape();
    t.tape_size = at_most(s->recipe.tape_size, FV_TAPE_BYTES_MAX);
    return t;
}
