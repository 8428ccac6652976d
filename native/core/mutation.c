#include "mutation.h"

#include <stdlib.h>
#include <string.h>

#include "../common/mix.h"

enum {
    FV_LENGTH_AT_FIRST = 4,
    FV_LENGTH_PATIENCE = 100, /* as libFuzzer's len_control */
    FV_INPUTS_OF_PICK = 8,
    FV_WATCHED_OF_JOB = 4,
    FV_WEIGHT = 1 << 12,
    FV_RARITY_LOOKS_MAX = 16,   /* features of an entry that are looked at */
    FV_WEIGH_ALL_PERCENT = 125, /* of the samples when that was done last */
};

bool fv_mutation_open(struct fv_mutation *m, const struct fv_header *h, uint64_t campaign_seed,
                      uint32_t length_max) {
    *m = (struct fv_mutation){.header = h,
                              .luck = fv_mix(campaign_seed + FV_GOLDEN),
                              .length_max = length_max,
                              .length_now = length_max};
    if (m->length_now > FV_LENGTH_AT_FIRST) m->length_now = FV_LENGTH_AT_FIRST;
    m->merits = calloc(FV_ENTRIES_MAX, sizeof *m->merits);
    m->owned = calloc(1, h->map_size);
    m->hits = calloc(h->hits_size + 1, sizeof *m->hits);
    return m->merits != NULL && m->owned != NULL && m->hits != NULL &&
           fv_choice_open(&m->choice, FV_ENTRIES_MAX);
}

void fv_mutation_close(struct fv_mutation *m) {
    free(m->merits);
    free(m->owned);
    free(m->hits);
    fv_choice_close(&m->choice);
}

static uint64_t draw(struct fv_mutation *m) {
    m->luck += FV_GOLDEN;
    return fv_mix(m->luck);
}

static uint64_t below(struct fv_mutation *m, uint64_t n) {
    return (uint64_t)(((unsigned __int128)draw(m) * n) >> 64);
}

static uint32_t log2_of(uint64_t n) { return n == 0 ? 0 : 63 - (uint32_t)__builtin_clzll(n); }

/* ---- words ----------------------------------------------------------------------------------- */

static bool has_word(const struct fv_mutation *m, const uint8_t *bytes, uint32_t size) {
    for (uint32_t i = 0; i < m->word_count; i++) {
        const struct fv_word *w = fv_stock_word(m->header, i);
        if (w->size == size && memcmp(w->bytes, bytes, size) == 0) return true;
    }
    return false;
}

bool fv_mutation_add_word(struct fv_mutation *m, const uint8_t *bytes, uint32_t size) {
    if (size == 0 || size > FV_WORD_BYTES) return false;
    if (has_word(m, bytes, size)) return true;
    if (m->word_count == FV_WORDS_MAX) return false;
    struct fv_word *w = fv_stock_word(m->header, m->word_count++);
    w->size = (uint8_t)size;
    memcpy(w->bytes, bytes, size);
    return true;
}

/* ---- what an entry is worth ------------------------------------------------------------------ */

static uint32_t hits_of(const struct fv_mutation *m, uint32_t feature) {
    uint64_t first = 8 * m->header->map_edges;
    if (feature < first || m->header->hits_size == 0) return 0;
    return m->hits[(feature - first) % m->header->hits_size];
}

/* Of the features that an entry speaks for, the one that the fewest inputs have. */
static uint32_t rarest_of(const struct fv_mutation *m, const struct fv_entry *e) {
    const uint32_t *owned = (const uint32_t *)(const void *)fv_stock_bytes(m->header, e->owned_at);
    uint32_t step = 1 + e->owned_count / FV_RARITY_LOOKS_MAX, least = UINT32_MAX;
    for (uint32_t i = 0; i < e->owned_count; i += step) {
        uint32_t hits = hits_of(m, owned[i]);
        if (hits < least) least = hits;
    }
    return least;
}

/* What costs little has at most twice its share, and what costs much no more time than twice what
 * others have (AFL's calculate_score and libFuzzer's entropic_scale_per_exec_time, by the clock;
 * this is the same for the same input). */
static uint64_t by_cost(const struct fv_mutation *m, uint64_t weight, uint64_t cost) {
    if (m->cost_typical == 0 || cost == 0) return weight;
    return weight * 2 * m->cost_typical / (m->cost_typical + cost);
}

/* What few inputs reach is worth more, what was tried often in vain is worth less (Böhme, Pham and
 * Roychoudhury, "Coverage-based greybox fuzzing as Markov chain", 2016; Böhme, Manès and Cha,
 * "Boosting fuzzer efficiency: an information theoretic perspective", 2020). Whole numbers. */
static uint64_t weight_of(const struct fv_mutation *m, uint32_t number) {
    const struct fv_merit *merit = &m->merits[number];
    if (merit->is_gone) return 0;
    const struct fv_entry *e = fv_stock_entry(m->header, number);
    uint64_t rarity = log2_of(m->hit_samples / ((uint64_t)rarest_of(m, e) + 1) + 1);
    uint64_t weight = FV_WEIGHT * (1 + rarity * rarity) * 4 / (8 + merit->visits / 8);
    return by_cost(m, weight, merit->cost) + 1;
}

static void weigh(struct fv_mutation *m, uint32_t number) {
    fv_choice_set(&m->choice, number, weight_of(m, number));
}

static uint32_t *costs_like(struct fv_mutation *m, uint64_t cost) {
    return &m->costs[log2_of(cost)];
}

/* What the class begins with that the middle one is in. */
static void judge_costs(struct fv_mutation *m) {
    uint64_t all = 0, below = 0;
    uint32_t i = 0;
    for (uint32_t k = 1; k < FV_COST_CLASSES; k++) all += m->costs[k];
    while (all > 0 && below <= all / 2) below += m->costs[++i];
    m->cost_typical = all > 0 ? UINT64_C(1) << i : 0;
}

static void weigh_all(struct fv_mutation *m) {
    judge_costs(m);
    for (uint32_t i = 0; i < m->entry_count; i++) weigh(m, i);
    m->weighed_at = m->hit_samples;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static bool put(struct fv_mutation *m, const void *bytes, uint64_t size, uint64_t *at) {
    uint64_t whole = (size + 7) / 8 * 8;
    if (whole > m->header->stock_size - m->stock_used) return false;
    *at = m->stock_used;
    memcpy(fv_stock_bytes(m->header, *at), bytes, size);
    m->stock_used += whole;
    return true;
}

static void add_entry(struct fv_mutation *m, const struct fv_told *t, const uint32_t *owned,
                      uint32_t owned_count) {
    struct fv_entry e = {.size = t->tape_size, .owned_count = owned_count};
    if (m->entry_count == FV_ENTRIES_MAX || !put(m, t->tape, t->tape_size, &e.at) ||
        !put(m, owned, owned_count * sizeof *owned, &e.owned_at)) {
        m->overflow++;
        return;
    }
    uint32_t number = m->entry_count++;
    *fv_stock_entry(m->header, number) = e;
    m->merits[number] = (struct fv_merit){.cost = t->cost};
    ++*costs_like(m, t->cost);
    m->grown_at = t->now;
    if (t->tape_size > m->length_now) fv_mutation_expect(m, t->tape_size);
    weigh(m, number);
}

static void let_go(struct fv_mutation *m, uint32_t number) {
    m->merits[number].is_gone = 1;
    --*costs_like(m, m->merits[number].cost);
    fv_choice_set(&m->choice, number, 0);
}

/* Those of the features that nobody speaks for yet; now the entry to come does. */
static uint32_t claim(struct fv_mutation *m, const struct fv_told *t, uint32_t *claimed) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->owned_count && n < FV_OWNED_MAX; i++) {
        uint32_t feature = t->owned[i];
        if (feature / 8 >= m->header->map_size) continue;
        uint8_t *byte = &m->owned[feature / 8], bit = (uint8_t)(1u << feature % 8);
        if (*byte & bit) continue;
        *byte |= bit;
        claimed[n++] = feature;
    }
    return n;
}

/* Everything that the old one spoke for is the new one's. Another job may have been quicker. */
static bool takes_over(struct fv_mutation *m, const struct fv_told *t) {
    if (t->replaces >= m->entry_count || m->merits[t->replaces].is_gone) return false;
    return t->tape_size < fv_stock_entry(m->header, t->replaces)->size;
}

static void succeed(struct fv_mutation *m, const struct fv_told *t, uint32_t *claimed, uint32_t n) {
    const struct fv_entry *old = fv_stock_entry(m->header, t->replaces);
    const uint8_t *owned = fv_stock_bytes(m->header, old->owned_at);
    struct fv_merit merit = m->merits[t->replaces];
    uint32_t more = old->owned_count < FV_OWNED_MAX - n ? old->owned_count : FV_OWNED_MAX - n;
    uint32_t before = m->entry_count;
    memcpy(claimed + n, owned, more * sizeof *claimed);
    add_entry(m, t, claimed, n + more);
    if (m->entry_count == before) return;
    let_go(m, t->replaces);
    m->merits[before].visits = merit.visits;
    m->merits[before].was_watched = merit.was_watched;
    weigh(m, before);
}

uint32_t fv_mutation_learn(struct fv_mutation *m, const struct fv_told *t) {
    uint32_t claimed[FV_OWNED_MAX];
    uint32_t n = claim(m, t, claimed);
    if (n > 0) fv_mutation_add_word(m, t->word, t->word_size);
    if (takes_over(m, t))
        succeed(m, t, claimed, n);
    else if (n > 0)
        add_entry(m, t, claimed, n);
    return n;
}

/* ---- planning -------------------------------------------------------------------------------- */

void fv_mutation_expect(struct fv_mutation *m, uint32_t size) {
    if (size > m->length_now) m->length_now = size < m->length_max ? size : m->length_max;
}

/* Longer inputs are tried when shorter ones have nothing more to tell (libFuzzer's len_control). */
static void grow_length(struct fv_mutation *m, uint64_t timelines) {
    uint32_t step = log2_of(m->length_now) + 1;
    while (m->length_now < m->length_max &&
           timelines > m->grown_at + FV_LENGTH_PATIENCE * (uint64_t)step) {
        uint32_t room = m->length_max - m->length_now;
        m->length_now += step < room ? step : room;
        m->grown_at += FV_LENGTH_PATIENCE * (uint64_t)step;
        step = log2_of(m->length_now) + 1;
    }
}

static void choose_picks(struct fv_mutation *m, struct fv_job_plan *p, uint32_t count) {
    uint32_t watched = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = fv_choice_find(&m->choice, below(m, m->choice.total));
        struct fv_merit *merit = &m->merits[number];
        bool watch = !merit->was_watched && watched < FV_WATCHED_OF_JOB;
        p->picks[i] = (struct fv_pick){.entry = number, .is_watched = watch};
        watched += watch;
        merit->was_watched |= watch;
        merit->visits++;
    }
    p->series.pick_count = count;
}

void fv_mutation_plan(struct fv_mutation *m, struct fv_job_plan *p, uint32_t inputs,
                      uint64_t timelines) {
    grow_length(m, timelines);
    p->order_count = 1;
    p->child_count = p->pool_count = 0;
    p->timelines = inputs;
    p->orders[0] = (struct fv_order){.kind = FV_ORDER_SERIES, .child_count = inputs};
    p->series = (struct fv_series){.seed = draw(m),
                                   .input_count = inputs,
                                   .entry_count = m->entry_count,
                                   .word_count = m->word_count,
                                   .length_max = m->length_now,
                                   .cost_typical = m->cost_typical};
    uint32_t picks = 1 + inputs / FV_INPUTS_OF_PICK;
    if (m->choice.total > 0) choose_picks(m, p, picks < FV_PICKS_MAX ? picks : FV_PICKS_MAX);
}

/* ---- after a job ----------------------------------------------------------------------------- */

/* Most of a job's hits are blank. */
static void take_hits(struct fv_mutation *m, struct fv_tree *job) {
    uint8_t *hits = fv_stock_hits(m->header, job);
    for (uint64_t i = 0; i + 8 <= m->header->hits_size; i += 8) {
        uint64_t word;
        memcpy(&word, hits + i, sizeof word);
        if (word == 0) continue;
        for (uint32_t k = 0; k < 8; k++) m->hits[i + k] += hits[i + k];
        memset(hits + i, 0, 8);
    }
    m->hit_samples += job->hit_samples < job->series.input_count ? job->hit_samples : 0;
    job->hit_samples = 0;
}

void fv_mutation_settle(struct fv_mutation *m, struct fv_tree *job, const struct fv_job_plan *p) {
    take_hits(m, job);
    if (m->hit_samples * 100 >= m->weighed_at * FV_WEIGH_ALL_PERCENT) {
        weigh_all(m);
        return;
    }
    for (uint32_t i = 0; i < p->series.pick_count; i++) weigh(m, p->picks[i].entry);
}
