#include "draw.h"

#include <errno.h>
#include <string.h>

#include "../common/mix.h"
#include "canary.h"
#include "compare.h"
#include "ending.h"
#include "host.h"
#include "log.h"
#include "series.h"
#include "swarm.h"

static bool tape_left(const struct fv_slot *s) {
    return s->recipe.has_tape && s->tape_at < s->recipe.tape_size;
}

/* In the current segment, before the job has the timeline end. */
static uint64_t draws_left(const struct fv_slot *s) {
    uint64_t most = fv_rt.tree != NULL ? fv_rt.tree->draws_max : 0;
    if (most == 0) return UINT64_MAX;
    return most > s->draws_before ? most - s->draws_before : 0;
}

void fv_draw_arm(struct fv_slot *s) {
    bool slow = tape_left(s) || s->watches || s->wild_one_in > 0 || s->is_plain || s->is_traced ||
                fv_rt.header->trace_draws;
    bool last = s->segment_at >= s->recipe.segment_count;
    uint64_t next = !last         ? s->recipe.segments[s->segment_at].count
                    : s->is_pilot ? s->stop_at
                                  : UINT64_MAX;
    uint64_t left = draws_left(s);
    s->fast_until = slow ? 0 : next < left ? next : left;
}

static void begin_segment(struct fv_slot *s, const struct fv_segment *segment) {
    s->draws_before += s->count;
    s->count = 0;
    s->seed = segment->seed;
    s->offset = fv_segment_skips(segment->kind, segment->offset);
    s->wild_one_in = fv_segment_one_in(segment->kind, segment->offset);
    s->is_plain = segment->kind == FV_SEGMENT_PLAIN;
    s->tape_at = s->recipe.tape_size; /* a reseeded timeline has left its tape */
}

/* What the recipe still had ahead is not this timeline's any more, and a segment without a draw
 * is no segment: the path stays as short as what happened. */
static struct fv_segment *next_segment(struct fv_slot *s) {
    struct fv_recipe *r = &s->recipe;
    r->segment_count = s->segment_at;
    if (s->count == 0 && r->segment_count > 0) return &r->segments[--r->segment_count];
    FV_CHECK(r->segment_count < FV_SEGMENTS_MAX);
    r->segments[r->segment_count].count = s->count;
    return &r->segments[r->segment_count];
}

void fv_draw_reseed(struct fv_slot *s, uint64_t seed) {
    struct fv_segment *segment = next_segment(s);
    segment->seed = seed;
    segment->kind = FV_SEGMENT_RESEED;
    segment->offset = 0;
    s->recipe.segment_count++;
    s->segment_at = s->recipe.segment_count;
    begin_segment(s, segment);
    fv_draw_arm(s);
}

bool fv_draw_follow(struct fv_slot *s, const struct fv_segment *segments, uint32_t n) {
    struct fv_recipe *r = &s->recipe;
    r->segment_count = s->segment_at;
    if (n > FV_SEGMENTS_MAX - r->segment_count) return false;
    memcpy(r->segments + r->segment_count, segments, n * sizeof *segments);
    r->segment_count += n;
    fv_draw_arm(s);
    return true;
}

void fv_draw_start(struct fv_slot *s) {
    s->seed = s->recipe.root;
    s->count = s->draws_before = s->draw_hash = 0;
    s->offset = s->wild_one_in = 0;
    s->tape_at = s->segment_at = s->is_plain = 0;
    fv_draw_arm(s);
}

/* Uniform in [0, n) by multiplication, without bias (Lemire, "Fast random integer generation in
 * an interval", 2019); a rejected value is mixed again, so that a draw stays one draw. */
static __attribute__((noinline, cold)) uint64_t reduce_fairly(uint64_t value, uint64_t n) {
    unsigned __int128 product = (unsigned __int128)value * n;
    uint64_t threshold = -n % n;
    while ((uint64_t)product < threshold)
        product = (unsigned __int128)(value = fv_mix(value + FV_GOLDEN)) * n;
    return (uint64_t)(product >> 64);
}

static inline uint64_t reduce(uint64_t value, uint64_t n) {
    if (n == 0) return value;
    unsigned __int128 product = (unsigned __int128)value * n;
    if (FV_UNLIKELY((uint64_t)product < n)) return reduce_fairly(value, n);
    return (uint64_t)(product >> 64);
}

static uint32_t bytes_for(uint64_t n) {
    if (n == 0) return 8;
    uint32_t bytes = 1;
    for (uint64_t largest = n - 1; largest > 0xff; largest >>= 8) bytes++;
    return bytes;
}

static uint64_t from_tape(struct fv_slot *s, uint64_t n) {
    uint64_t value = 0;
    for (uint32_t i = 0, want = bytes_for(n); i < want && tape_left(s); i++)
        value |= (uint64_t)fv_rt.tape[s->tape_at++] << (8 * i);
    return n == 0 ? value : value % n;
}

/* Options with weights, some of which a root may not allow. */
struct odds {
    const uint32_t *weights;
    uint32_t count;
    const struct fv_swarm *swarm; /* NULL: all are allowed */
};

/* What the target asks for: a number below `bound` (0: all 64 bits), which it sees plus `base` or,
 * where it is a choice or a chance, not at all. Below `hits` a chance says yes; other draws have
 * none. */
struct question {
    uint64_t bound, base, hits;
    const char *label;
    bool is_hidden;
    const struct odds *odds; /* NULL: all values are as likely */
};

static uint64_t weight_of(const struct odds *o, uint32_t option) {
    return o->swarm == NULL || fv_swarm_allows(o->swarm, option) ? o->weights[option] : 0;
}

/* Any option, however little it weighs: the first value that stands for it. */
static uint64_t any_option(const struct odds *o, uint64_t word) {
    uint32_t likely = 0;
    for (uint32_t i = 0; i < o->count; i++) likely += weight_of(o, i) > 0;
    uint64_t value = 0, left = word % likely;
    for (uint32_t i = 0;; i++) {
        uint64_t weight = weight_of(o, i);
        if (weight > 0 && left-- == 0) return value;
        value += weight;
    }
}

/* Rare events become common: any option, or most often the least answer, which is what a chance
 * strikes at. */
static uint64_t go_wild(const struct fv_slot *s, const struct question *q, uint64_t value) {
    uint64_t word = fv_mix(fv_mix_draw(s->seed, s->count + s->offset) ^ FV_GOLDEN);
    if (word % s->wild_one_in != 0) return value;
    if (q->odds != NULL) return any_option(q->odds, word >> 32);
    return (word >> 32) % 4 != 0 ? 0 : q->bound - 1;
}

/* The value of least effect: nothing rare happens, the first option is taken. */
static uint64_t simplest(const struct question *q) { return q->hits > 0 ? q->bound - 1 : 0; }

static uint64_t generated(struct fv_slot *s, const struct question *q) {
    if (s->is_plain) return simplest(q);
    if (tape_left(s)) return from_tape(s, q->bound);
    uint64_t value = reduce(fv_mix_draw(s->seed, s->count + s->offset), q->bound);
    return s->wild_one_in > 0 ? go_wild(s, q, value) : value;
}

/* The generator's word, the tape's, or what the recipe says instead. */
static uint64_t answer_of(struct fv_slot *s, const struct question *q,
                          const struct fv_segment *edit) {
    uint64_t value = generated(s, q), n = q->bound;
    if (edit == NULL) return value;
    if (edit->kind == FV_SEGMENT_ANSWER) return n != 0 && edit->seed >= n ? n - 1 : edit->seed;
    if (n == 0) return value + edit->seed;
    int64_t step = (int64_t)edit->seed % (n > INT64_MAX ? INT64_MAX : (int64_t)n);
    uint64_t up = step < 0 ? n - (uint64_t)-step : (uint64_t)step;
    return value < n - up ? value + up : value - (n - up);
}

/* Takes what the recipe has for this draw: reseedings, and at most one edit. */
static const struct fv_segment *follow_recipe(struct fv_slot *s) {
    const struct fv_segment *edit = NULL;
    while (s->segment_at < s->recipe.segment_count &&
           s->recipe.segments[s->segment_at].count == s->count) {
        const struct fv_segment *next = &s->recipe.segments[s->segment_at++];
        if (fv_segment_begins(next))
            begin_segment(s, next);
        else
            edit = next;
    }
    return edit;
}

static bool at_splitpoint(const struct fv_slot *s) {
    return s->is_pilot && s->segment_at == s->recipe.segment_count && s->count == s->stop_at;
}

static const char *said(const struct question *q, uint64_t value) {
    return q->hits == 0 ? "" : value < q->hits ? ", yes" : ", no";
}

/* Tape, segments, tracing and watching; a pilot stays here until it is one of its children. */
static __attribute__((noinline)) uint64_t draw_slowly(uint64_t bound, uint64_t base, uint64_t hits,
                                                      const char *label, bool is_hidden,
                                                      const struct odds *odds) {
    const struct question q = {bound, base, hits, label, is_hidden, odds};
    fv_series_settle_draws(fv_rt.slot);
    const struct fv_segment *edit = follow_recipe(fv_rt.slot);
    while (at_splitpoint(fv_rt.slot)) {
        int saved = errno; /* the target's, whatever hosts have done */
        fv_host_freeze();
        errno = saved;
        edit = follow_recipe(fv_rt.slot);
    }
    struct fv_slot *s = fv_rt.slot;
    if (s->count >= draws_left(s)) fv_ending_finish(FV_VERDICT_OK);
    uint64_t value = answer_of(s, &q, edit), number = fv_layout_draws(s);
    fv_draw_arm(s);
    if (s->watches && !q.is_hidden) fv_compare_note_draw(number, value, q.base, q.bound);
    if (s->is_traced) fv_canary_note(s, number, value);
    if (fv_rt.header->trace_draws)
        fv_log_draw(number, q.label, q.bound, value, said(&q, value), __builtin_frame_address(0));
    return value;
}

/* The question is put together on the slow path alone: on the fast one, every store counts. */
static inline uint64_t draw(uint64_t bound, uint64_t base, uint64_t hits, const char *label,
                            bool is_hidden, const struct odds *odds) {
    struct fv_slot *s = fv_rt.slot;
    if (FV_UNLIKELY(s == NULL)) fv_ending_misuse("a draw outside of FV_TARGET");
    uint64_t value;
    if (FV_LIKELY(s->count < s->fast_until)) {
        value = reduce(fv_mix_draw(s->seed, s->count + s->offset), bound);
    } else {
        value = draw_slowly(bound, base, hits, label, is_hidden, odds);
        s = fv_rt.slot; /* a pilot returns as one of its children */
    }
    s->draw_hash = fv_mix_step(s->draw_hash, value, s->count);
    s->count++;
    return value;
}

uint64_t fv_u64(void) { return draw(0, 0, 0, "u64", false, NULL); }

uint64_t fv_below(uint64_t n) {
    if (FV_UNLIKELY(n == 0)) fv_ending_misuse("fv_below(0)");
    return draw(n, 0, 0, "below", false, NULL);
}

int64_t fv_between(int64_t lo, int64_t hi) {
    if (FV_UNLIKELY(lo > hi)) fv_ending_misuse("fv_between with lo > hi");
    uint64_t base = (uint64_t)lo, bound = (uint64_t)hi - base + 1;
    return (int64_t)(base + draw(bound, base, 0, "between", false, NULL));
}

bool fv_chance(uint32_t num, uint32_t den) {
    if (FV_UNLIKELY(den == 0)) fv_ending_misuse("fv_chance with den 0");
    return draw(den, 0, num, "chance", true, NULL) < num;
}

void fv_bytes(void *to, size_t n) {
    uint8_t *p = to;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t value = draw(0, 0, 0, "bytes", false, NULL);
        memcpy(p, &value, 8);
    }
    if (n > 0) {
        uint64_t bound = UINT64_C(1) << (8 * n);
        uint64_t value = draw(bound, 0, 0, "bytes", false, NULL);
        memcpy(p, &value, n);
    }
}

/* In a root that restricts the choice, the draw is among what is left of it. */
uint32_t fv_pick(const char *label, uint32_t n) {
    if (FV_UNLIKELY(n == 0)) fv_ending_misuse("fv_pick with n 0");
    if (FV_UNLIKELY(fv_rt.slot == NULL)) fv_ending_misuse("a draw outside of FV_TARGET");
    struct fv_swarm swarm = fv_swarm_of(fv_rt.slot, label, n);
    bool is_whole = swarm.allowed_count == n;
    uint64_t value = draw(swarm.allowed_count, 0, 0, label, !is_whole, NULL);
    return is_whole ? (uint32_t)value : fv_swarm_option(&swarm, (uint32_t)value);
}

static uint64_t sum_of(const struct odds *o) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < o->count; i++) sum += weight_of(o, i);
    return sum;
}

/* Where a root leaves nothing that has a weight, it restricts nothing. */
uint32_t fv_weighted(const char *label, const uint32_t *weights, uint32_t n) {
    struct odds odds = {.weights = weights, .count = n};
    uint64_t sum = sum_of(&odds);
    if (FV_UNLIKELY(sum == 0)) fv_ending_misuse("fv_weighted without a positive weight");
    if (FV_UNLIKELY(fv_rt.slot == NULL)) fv_ending_misuse("a draw outside of FV_TARGET");
    struct fv_swarm swarm = fv_swarm_of(fv_rt.slot, label, n);
    if (swarm.allowed_count < n) {
        odds.swarm = &swarm;
        uint64_t allowed = sum_of(&odds);
        if (allowed > 0)
            sum = allowed;
        else
            odds.swarm = NULL;
    }
    uint64_t left = draw(sum, 0, 0, label, true, &odds);
    for (uint32_t i = 0;; i++) {
        uint64_t weight = weight_of(&odds, i);
        if (left < weight) return i;
        left -= weight;
    }
}
