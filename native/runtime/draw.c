#include "draw.h"

#include <string.h>

#include "../common/mix.h"
#include "ending.h"
#include "log.h"

static bool tape_left(const struct fv_slot *s) {
    return s->recipe.has_tape && s->tape_at < s->recipe.tape_size;
}

void fv_draw_arm(struct fv_slot *s) {
    bool slow = tape_left(s) || fv_rt.header->trace_draws;
    bool last = s->segment_at >= s->recipe.segment_count;
    s->fast_until = slow ? 0 : last ? UINT64_MAX : s->recipe.segments[s->segment_at].count;
}

static void begin_segment(struct fv_slot *s, uint64_t seed) {
    s->draws_before += s->count;
    s->count = 0;
    s->seed = seed;
    s->tape_at = s->recipe.tape_size; /* a reseeded timeline has left its tape */
}

/* What the recipe still had ahead is not this timeline's any more, and a segment without a draw
 * is no segment: the path stays as short as what happened. */
static struct fv_segment *next_segment(struct fv_slot *s) {
    struct fv_recipe *r = &s->recipe;
    r->segment_count = s->segment_at;
    if (s->count == 0 && r->segment_count > 0) {
        r->segment_count--;
        return &r->segments[r->segment_count];
    }
    FV_CHECK(r->segment_count < FV_SEGMENTS_MAX);
    r->segments[r->segment_count].count = s->count;
    return &r->segments[r->segment_count];
}

void fv_draw_reseed(struct fv_slot *s, uint64_t seed) {
    next_segment(s)->seed = seed;
    s->recipe.segment_count++;
    s->segment_at = s->recipe.segment_count;
    begin_segment(s, seed);
    fv_draw_arm(s);
}

void fv_draw_start(struct fv_slot *s) {
    s->seed = s->recipe.root;
    s->count = s->draws_before = s->draw_hash = 0;
    s->tape_at = s->segment_at = 0;
    fv_draw_arm(s);
}

/* Uniform in [0, n) by multiplication, without bias (Lemire, "Fast random integer generation in
 * an interval", 2019); a rejected value is mixed again, so that a draw stays one draw. */
static inline uint64_t reduce(uint64_t value, uint64_t n) {
    if (n == 0) return value;
    unsigned __int128 product = (unsigned __int128)value * n;
    if (FV_UNLIKELY((uint64_t)product < n)) {
        uint64_t threshold = -n % n;
        while ((uint64_t)product < threshold)
            product = (unsigned __int128)(value = fv_mix(value + FV_GOLDEN)) * n;
    }
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

/* Tape, reseeding and tracing; also catches draws outside a timeline. */
static __attribute__((noinline)) uint64_t draw_slowly(struct fv_slot *s, uint64_t n,
                                                      const char *label) {
    while (s->segment_at < s->recipe.segment_count &&
           s->recipe.segments[s->segment_at].count == s->count)
        begin_segment(s, s->recipe.segments[s->segment_at++].seed);
    uint64_t value = tape_left(s) ? from_tape(s, n) : reduce(fv_mix_draw(s->seed, s->count), n);
    fv_draw_arm(s);
    if (fv_rt.header->trace_draws) fv_log_draw(fv_layout_draws(s), label, n, value);
    return value;
}

static inline uint64_t draw(uint64_t n, const char *label) {
    struct fv_slot *s = fv_rt.slot;
    if (FV_UNLIKELY(s == NULL)) fv_ending_misuse("a draw outside of FV_TARGET");
    uint64_t value = FV_LIKELY(s->count < s->fast_until) ? reduce(fv_mix_draw(s->seed, s->count), n)
                                                         : draw_slowly(s, n, label);
    s->count++;
    s->draw_hash = fv_mix_into(s->draw_hash, value);
    return value;
}

uint64_t fv_u64(void) { return draw(0, "u64"); }

uint64_t fv_below(uint64_t n) {
    if (FV_UNLIKELY(n == 0)) fv_ending_misuse("fv_below(0)");
    return draw(n, "below");
}

int64_t fv_between(int64_t lo, int64_t hi) {
    if (FV_UNLIKELY(lo > hi)) fv_ending_misuse("fv_between with lo > hi");
    return (int64_t)((uint64_t)lo + draw((uint64_t)hi - (uint64_t)lo + 1, "between"));
}

bool fv_chance(uint32_t num, uint32_t den) {
    if (FV_UNLIKELY(den == 0)) fv_ending_misuse("fv_chance with den 0");
    return draw(den, "chance") < num;
}

void fv_bytes(void *to, size_t n) {
    uint8_t *p = to;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t value = draw(0, "bytes");
        memcpy(p, &value, 8);
    }
    if (n > 0) {
        uint64_t value = draw(UINT64_C(1) << (8 * n), "bytes");
        memcpy(p, &value, n);
    }
}

uint32_t fv_pick(const char *label, uint32_t n) {
    if (FV_UNLIKELY(n == 0)) fv_ending_misuse("fv_pick with n 0");
    return (uint32_t)draw(n, label);
}

uint32_t fv_weighted(const char *label, const uint32_t *weights, uint32_t n) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) sum += weights[i];
    if (FV_UNLIKELY(sum == 0)) fv_ending_misuse("fv_weighted without a positive weight");
    uint64_t left = draw(sum, label);
    uint32_t i = 0;
    for (; left >= weights[i]; i++) left -= weights[i];
    return i;
}
