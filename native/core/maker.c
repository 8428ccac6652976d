#include "maker.h"

#include <string.h>

#include "../common/mix.h"

enum {
    FV_FLOOR_PERCENT = 16,  /* of all children, shared by all makers whatever they yield */
    FV_MEMORY_TRIES = 4096, /* after so many, a maker's record is halved */
    FV_RESEED_PRIOR = 64,   /* yields in FV_TRIES_PRIOR tries */
    FV_OTHER_PRIOR = 8,
    FV_TRIES_PRIOR = 8,
    FV_EXTREMES_MAX = 3,
    FV_WILD_MIN = 4, /* draws to one at an extreme; doubled up to so many times less one */
    FV_WILD_STEPS = 6,
    FV_NUDGE_MAX = 4,
    FV_REPEATS_MAX = 3,
    FV_MUTATED_DRAWS = 48, /* of a stretch that is mutated; it may grow by */
    FV_MUTATED_MORE = 16,
    FV_MUTATED_EDITS = 40, /* draws of it that change, at most */
    FV_WATCHES_FREE = 64,  /* watched timelines, */
    FV_WATCHES_EARNED = 8, /* and more for each child that comparisons made and that yielded */
};

uint64_t fv_luck_below(struct fv_luck *l, uint64_t n) {
    return (uint64_t)(((unsigned __int128)fv_mix_draw(l->seed, l->count++) * n) >> 64);
}

static uint64_t luck_seed(struct fv_luck *l) { return fv_mix_draw(l->seed, l->count++); }

/* Near more often than far: uniform below a bound that is itself log-uniform. */
static uint64_t luck_near(struct fv_luck *l, uint64_t n) {
    uint32_t bits = n == 0 ? 0 : 64 - (uint32_t)__builtin_clzll(n);
    uint64_t most = UINT64_C(1) << fv_luck_below(l, bits + 1);
    return fv_luck_below(l, most < n ? most : n);
}

/* Both: what matters may be just ahead, or anywhere. */
static uint64_t luck_place(struct fv_luck *l, uint64_t n) {
    return fv_luck_below(l, 2) ? luck_near(l, n) : fv_luck_below(l, n);
}

/* ---- choosing -------------------------------------------------------------------------------- */

/* New luck is what to do as long as nothing is known to be better. */
static uint64_t rate(const struct fv_makers *m, int maker) {
    const struct fv_maker_record *r = &m->of[maker];
    uint64_t yields = r->yields + (maker == FV_MAKER_RESEED ? FV_RESEED_PRIOR : FV_OTHER_PRIOR);
    return UINT64_C(1000000) * yields / (r->tries + FV_TRIES_PRIOR);
}

static int maker_count(const struct fv_makers *m) {
    return m->mutator.mutate != NULL ? FV_MAKERS : FV_MAKER_MUTATE;
}

enum fv_maker fv_maker_choose(const struct fv_makers *m, struct fv_luck *luck) {
    if (fv_luck_below(luck, 100) < FV_FLOOR_PERCENT)
        return (enum fv_maker)fv_luck_below(luck, (uint64_t)maker_count(m));
    uint64_t sum = 0;
    for (int i = 0; i < maker_count(m); i++) sum += rate(m, i);
    uint64_t left = fv_luck_below(luck, sum);
    int i = 0;
    for (; left >= rate(m, i); i++) left -= rate(m, i);
    return (enum fv_maker)i;
}

void fv_maker_credit(struct fv_makers *m, enum fv_maker maker, uint32_t yield) {
    struct fv_maker_record *r = &m->of[maker];
    m->tries[maker]++;
    m->yields[maker] += yield > 0;
    r->tries++;
    r->yields += yield;
    if (r->tries < FV_MEMORY_TRIES) return;
    r->tries /= 2;
    r->yields /= 2;
}

/* A target may draw little that it compares. */
bool fv_maker_may_watch(const struct fv_makers *m, uint32_t watched) {
    return watched < FV_WATCHES_FREE + FV_WATCHES_EARNED * m->yields[FV_MAKER_COMPARE];
}

/* ---- making ---------------------------------------------------------------------------------- */

static struct fv_step reseed(uint64_t at, uint64_t seed, uint32_t offset) {
    return (struct fv_step){at, seed, FV_SEGMENT_RESEED, offset};
}

static struct fv_step answer(uint64_t at, uint64_t value) {
    return (struct fv_step){at, value, FV_SEGMENT_ANSWER, 0};
}

/* The least, the greatest, or next to the least: what bounded draws are lucky with. */
static uint64_t extreme(struct fv_luck *luck) {
    switch (fv_luck_below(luck, 8)) {
    case 0:
    case 1: return UINT64_MAX;
    case 2: return 1;
    case 3: return 2;
    default: return 0;
    }
}

static uint32_t make_reseed(const struct fv_splitpoint *at, struct fv_luck *luck,
                            struct fv_step *to) {
    to[0] = reseed(at->draws, luck_seed(luck), 0);
    return 1;
}

static uint32_t make_extreme(const struct fv_splitpoint *at, struct fv_luck *luck,
                             struct fv_step *to) {
    uint32_t n = make_reseed(at, luck, to);
    uint64_t next = at->draws;
    for (uint64_t edits = 1 + luck_near(luck, FV_EXTREMES_MAX); edits > 0; edits--) {
        next += luck_near(luck, 16);
        to[n++] = answer(next++, extreme(luck));
    }
    return n;
}

static uint32_t make_wild(const struct fv_splitpoint *at, struct fv_luck *luck,
                          struct fv_step *to) {
    uint32_t one_in = FV_WILD_MIN << fv_luck_below(luck, FV_WILD_STEPS);
    to[0] =
        (struct fv_step){at->draws, luck_seed(luck), FV_SEGMENT_WILD, fv_segment_wild(one_in, 0)};
    return 1;
}

static uint64_t future_length(const struct fv_splitpoint *at) {
    return at->node->draws > at->draws ? at->node->draws - at->draws : 0;
}

/* The known future with `edit` in its place; cut where it has too many steps. */
static uint32_t make_edited(const struct fv_splitpoint *at, struct fv_step edit,
                            struct fv_step *to) {
    struct fv_step future[FV_TAIL_MAX];
    uint32_t n = 0, steps = fv_archive_future(at->archive, at->node_index, at->draws, future,
                                              FV_TAIL_MAX - 1);
    uint32_t i = 0;
    for (; i < steps && future[i].at <= edit.at; i++)
        if (future[i].at < edit.at || fv_step_begins(&future[i])) to[n++] = future[i];
    to[n++] = edit;
    for (; i < steps; i++) to[n++] = future[i];
    return n;
}

static uint32_t make_edit(const struct fv_splitpoint *at, struct fv_luck *luck,
                          struct fv_step *to) {
    uint64_t length = future_length(at);
    if (length == 0) return 0;
    return make_edited(at, answer(at->draws + luck_place(luck, length), extreme(luck)), to);
}

static uint32_t make_nudge(const struct fv_splitpoint *at, struct fv_luck *luck,
                           struct fv_step *to) {
    uint64_t length = future_length(at);
    if (length == 0) return 0;
    uint64_t size = 1 + luck_near(luck, FV_NUDGE_MAX);
    struct fv_step edit = {at->draws + luck_place(luck, length),
                           fv_luck_below(luck, 2) ? size : -size, FV_SEGMENT_NUDGE, 0};
    return make_edited(at, edit, to);
}

static uint32_t make_compare(const struct fv_splitpoint *at, struct fv_luck *luck,
                             struct fv_step *to) {
    const struct fv_comparison *hints = at->archive->hints + at->node->hints_at;
    uint32_t first = 0, n = at->node->hint_count;
    while (first < n && hints[first].draws < at->draws) first++;
    if (first == n) return 0;
    const struct fv_comparison *hint = &hints[first + fv_luck_below(luck, n - first)];
    return make_edited(at, answer(hint->draws, hint->answer), to);
}

static uint32_t make_later(const struct fv_splitpoint *at, struct fv_luck *luck,
                           struct fv_step *to) {
    uint64_t length = future_length(at);
    if (length < 2) return 0;
    uint64_t until = at->draws + 1 + luck_place(luck, length - 1);
    uint32_t n = fv_archive_future(at->archive, at->node_index, at->draws, to, FV_TAIL_MAX - 1);
    while (n > 0 && to[n - 1].at >= until) n--;
    to[n++] = reseed(until, luck_seed(luck), 0);
    return n;
}

static uint32_t make_splice(const struct fv_splitpoint *at, struct fv_luck *luck,
                            struct fv_step *to) {
    uint64_t seed = 0, count = 0;
    if (at->other == FV_NOTHING) return 0;
    const struct fv_node *other = &at->archive->nodes[at->other];
    if (!fv_archive_stream(at->archive, at->other, at->other_draws, &seed, &count)) return 0;
    if (count > UINT32_MAX) return 0;
    to[0] = reseed(at->draws, seed, (uint32_t)count);
    uint64_t length = other->draws > at->other_draws ? other->draws - at->other_draws : 1;
    to[1] = reseed(at->draws + 1 + luck_near(luck, length), luck_seed(luck), 0);
    return 2;
}

static uint32_t make_repeat(const struct fv_splitpoint *at, struct fv_luck *luck,
                            struct fv_step *to) {
    uint64_t seed = 0, count = 0, begin = 0, before = 0;
    uint64_t stretch = 1 + luck_near(luck, at->draws);
    if (at->draws < stretch || stretch > UINT32_MAX) return 0;
    if (!fv_archive_stream(at->archive, at->node_index, at->draws - stretch, &seed, &count))
        return 0;
    if (!fv_archive_stream(at->archive, at->node_index, at->draws - 1, &before, &begin)) return 0;
    if (before != seed || begin - count != stretch - 1 || count > UINT32_MAX) return 0;
    uint32_t n = 0;
    uint64_t next = at->draws;
    for (uint64_t times = 1 + luck_near(luck, FV_REPEATS_MAX); times > 0; times--, next += stretch)
        to[n++] = reseed(next, seed, (uint32_t)count);
    to[n++] = reseed(next, luck_seed(luck), 0);
    return n;
}

/* What the known future has in a stretch, a byte a draw. The controller knows words and not bounds:
 * it is the answer itself where the bound is 256, and as near to it as can be told elsewhere. */
static void known_bytes(const struct fv_splitpoint *at, uint64_t from, uint8_t *to, uint32_t n) {
    struct fv_step future[FV_TAIL_MAX];
    uint32_t steps = fv_archive_future(at->archive, at->node_index, at->draws, future, FV_TAIL_MAX);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t seed = 0, count = 0;
        bool is_known = fv_archive_stream(at->archive, at->node_index, from + i, &seed, &count);
        to[i] = is_known ? (uint8_t)(fv_mix_draw(seed, count) >> 56) : 0;
    }
    for (uint32_t i = 0; i < steps; i++)
        if (future[i].kind == FV_SEGMENT_ANSWER && future[i].at - from < n)
            to[future[i].at - from] = (uint8_t)future[i].seed;
}

/* The known future with several answers in their places, which are in order. */
static uint32_t make_answered(const struct fv_splitpoint *at, const struct fv_step *answers,
                              uint32_t n, struct fv_step *to) {
    struct fv_step future[FV_TAIL_MAX];
    uint32_t made = 0, done = 0,
             steps =
                 fv_archive_future(at->archive, at->node_index, at->draws, future, FV_TAIL_MAX - n);
    for (uint32_t i = 0; i < steps; i++) {
        while (done < n && answers[done].at < future[i].at) to[made++] = answers[done++];
        bool is_replaced = done < n && answers[done].at == future[i].at;
        if (!is_replaced || fv_step_begins(&future[i])) to[made++] = future[i];
    }
    while (done < n) to[made++] = answers[done++];
    return made;
}

/* A stretch of the known future as bytes of a tape; those that the engine changed are answers. */
static uint32_t make_mutated(const struct fv_splitpoint *at, struct fv_luck *luck,
                             struct fv_step *to) {
    uint8_t before[FV_MUTATED_DRAWS + FV_MUTATED_MORE], bytes[sizeof before];
    struct fv_step answers[FV_MUTATED_EDITS];
    uint64_t length = future_length(at), from = at->draws;
    if (at->mutator == NULL || at->mutator->mutate == NULL || length == 0) return 0;
    if (length > FV_MUTATED_DRAWS) from += luck_place(luck, length - FV_MUTATED_DRAWS);
    uint32_t size = length < FV_MUTATED_DRAWS ? (uint32_t)length : FV_MUTATED_DRAWS, changed = 0;
    known_bytes(at, from, before, size);
    memcpy(bytes, before, size);
    uint32_t n = at->mutator->mutate(at->mutator->with, bytes, size, size + FV_MUTATED_MORE);
    for (uint32_t i = 0; i < n && i < sizeof bytes && changed < FV_MUTATED_EDITS; i++)
        if (i >= size || bytes[i] != before[i]) answers[changed++] = answer(from + i, bytes[i]);
    return changed > 0 ? make_answered(at, answers, changed, to) : 0;
}

uint32_t fv_maker_make(const struct fv_splitpoint *at, struct fv_luck *luck, enum fv_maker *maker,
                       struct fv_step to[FV_TAIL_MAX]) {
    static uint32_t (*const makers[FV_MAKERS])(const struct fv_splitpoint *, struct fv_luck *,
                                               struct fv_step *) = {
        [FV_MAKER_RESEED] = make_reseed,   [FV_MAKER_EXTREME] = make_extreme,
        [FV_MAKER_EDIT] = make_edit,       [FV_MAKER_NUDGE] = make_nudge,
        [FV_MAKER_COMPARE] = make_compare, [FV_MAKER_LATER] = make_later,
        [FV_MAKER_SPLICE] = make_splice,   [FV_MAKER_REPEAT] = make_repeat,
        [FV_MAKER_WILD] = make_wild,       [FV_MAKER_MUTATE] = make_mutated,
    };
    if (*maker == FV_MAKER_COMPARE && at->may_watch && future_length(at) > 0) {
        *maker = FV_MAKER_WATCH;
        return fv_archive_future(at->archive, at->node_index, at->draws, to, FV_TAIL_MAX);
    }
    uint32_t n = makers[*maker](at, luck, to);
    if (n > 0) return n;
    *maker = FV_MAKER_RESEED;
    return make_reseed(at, luck, to);
}
