/* Which draw a compared operand came from is a guess: the same bits. The least likely coincidence
 * wins, then the newest draw (Aschermann et al., "REDQUEEN: Fuzzing with input-to-state
 * correspondence", 2019). A wrong guess costs the search a timeline. */
#include "compare.h"

#include <string.h>

enum {
    FV_DRAWN_MAX = 16,           /* draws that a comparison is held against */
    FV_ANSWERS_OF_DRAW_MAX = 4,  /* so that no loop fills the table */
    FV_LOOKS_OF_DRAW_MAX = 1024, /* comparisons looked at until the next draw */
    FV_LOOKS_MAX = 1 << 18,      /* of one timeline, whose deadline goes on */
    FV_PARTS_LARGEST_MIN = 1 << 16,
    FV_PART_ODDS = 16, /* parts have so many more places to match by chance */
};

struct drawn {
    uint64_t draws;
    uint64_t value;
    uint64_t base;
    uint64_t largest; /* that value can be */
};

/* Operands of a comparison, or those bits of them that matter. */
struct compared {
    uint64_t seen;  /* the side that may be a draw */
    uint64_t other; /* what it was compared with */
    uint64_t mask;
    uint32_t shift; /* where these bits lie in what was drawn */
};

/* `rank` is how unlikely a match is by chance, and so how little luck can do for this draw. */
struct match {
    const struct drawn *drawn;
    struct compared compared;
    uint64_t rank;
};

/* Private to the process. `looks_left` is the one thing that a callback reads here when nothing is
 * watched, and it writes nothing here: this page would be one more that is copied. `ranks` belong
 * to the entries of the slot's table. */
static struct FV_KEPT_TYPE {
    uint32_t looks_left, looks_left_in_all;
    struct fv_operands *operands; /* of an input of a series; NULL: draws are looked for */
    uint32_t drawn_count;         /* ever; a ring */
    uint64_t sieve;               /* the low six bits of all that a match may begin with */
    struct drawn drawn[FV_DRAWN_MAX];
    uint64_t ranks[FV_COMPARES_MAX];
    struct fv_comparison last; /* that was recorded, or found not to be worth it, */
    uint64_t last_rank;        /* at this rank */
} watch FV_KEPT;

void fv_compare_enter(const struct fv_slot *slot) {
    bool watches = slot != NULL && slot->watches;
    if (!watches && watch.drawn_count == 0 && watch.operands == NULL) return; /* dirties no page */
    memset(&watch, 0, sizeof watch);
    if (watches) watch.looks_left_in_all = FV_LOOKS_MAX;
}

/* Nearly all comparisons are of something else: one look at a word of 64 bits tells. */
static uint64_t sieve_of(const struct drawn *d) {
    uint64_t word = d->base + d->value, bits = UINT64_C(1) << (word % 64);
    if (d->largest < FV_PARTS_LARGEST_MIN) return bits;
    for (uint32_t shift = 8; shift < 64; shift += 8) bits |= UINT64_C(1) << ((word >> shift) % 64);
    return bits;
}

static void make_sieve(void) {
    uint32_t n = watch.drawn_count < FV_DRAWN_MAX ? watch.drawn_count : FV_DRAWN_MAX;
    watch.sieve = 0;
    for (uint32_t i = 0; i < n; i++) watch.sieve |= sieve_of(&watch.drawn[i]);
}

static bool may_match(uint64_t seen) { return watch.sieve >> (seen % 64) & 1; }

static void allow_looks(void) {
    watch.looks_left_in_all += watch.looks_left;
    bool few = watch.looks_left_in_all < FV_LOOKS_OF_DRAW_MAX;
    watch.looks_left = few ? watch.looks_left_in_all : FV_LOOKS_OF_DRAW_MAX;
    watch.looks_left_in_all -= watch.looks_left;
}

void fv_compare_note_draw(uint64_t draws, uint64_t value, uint64_t base, uint64_t bound) {
    if (bound == 1 || bound == 2) return;
    watch.drawn[watch.drawn_count++ % FV_DRAWN_MAX] =
        (struct drawn){.draws = draws, .value = value, .base = base, .largest = bound - 1};
    make_sieve();
    allow_looks();
}

/* ---- matching -------------------------------------------------------------------------------- */

static uint64_t mask_of(uint32_t bytes) { return UINT64_MAX >> (64 - 8 * bytes); }

/* The answer that makes the draw's bits equal to the operand. The rest of what was drawn stays if
 * the bound allows; else the operand is a small number, or a negative one. */
static bool answer_for(const struct drawn *d, const struct compared *c, uint64_t operand,
                       uint64_t *answer) {
    uint64_t rest = (d->base + d->value) & ~(c->mask << c->shift);
    uint64_t sign = c->mask & ~(c->mask >> 1);
    const uint64_t ways[] = {rest | operand << c->shift, operand, (operand ^ sign) - sign};
    for (uint32_t i = 0, n = c->shift == 0 ? 3 : 1; i < n; i++) {
        *answer = ways[i] - d->base;
        if (*answer <= d->largest) return true;
    }
    return false;
}

static void consider(struct match *best, const struct drawn *d, const struct compared *c,
                     uint32_t odds) {
    uint64_t answer, word = d->base + d->value;
    if (((word >> c->shift) & c->mask) != c->seen) return;
    uint64_t rank = (d->largest < c->mask ? d->largest : c->mask) / odds;
    if (rank <= best->rank) return;
    if (answer_for(d, c, c->other, &answer))
        *best = (struct match){.drawn = d, .compared = *c, .rank = rank};
}

/* Numbers put together from bytes, and bytes taken from a number: a comparison of wide operands
 * that are both small is one of narrow ones. */
static void consider_parts(struct match *best, const struct drawn *d, const struct compared *c) {
    uint32_t bytes = 1;
    while ((c->seen | c->other) > mask_of(bytes)) bytes *= 2;
    struct compared part = {.seen = c->seen, .other = c->other, .mask = mask_of(bytes)};
    for (; part.shift + 8 * bytes <= 64; part.shift += 8) consider(best, d, &part, FV_PART_ODDS);
}

static void look_for(struct match *best, uint64_t seen, uint64_t other, uint64_t mask) {
    struct compared c = {.seen = seen, .other = other, .mask = mask};
    uint32_t n = watch.drawn_count < FV_DRAWN_MAX ? watch.drawn_count : FV_DRAWN_MAX;
    for (uint32_t i = 1; i <= n; i++) {
        const struct drawn *d = &watch.drawn[(watch.drawn_count - i) % FV_DRAWN_MAX];
        consider(best, d, &c, 1);
        if (d->largest >= FV_PARTS_LARGEST_MIN) consider_parts(best, d, &c);
    }
}

/* ---- recording ------------------------------------------------------------------------------- */

/* Where an answer goes: to the end, to where it already is, or to the weakest place that it may
 * take, which is one of its own draw's when that has enough. */
static uint32_t place_for(const struct fv_comparison *table, uint32_t count, uint64_t draws,
                          uint64_t answer) {
    uint32_t own_count = 0, weakest = 0, weakest_own = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (watch.ranks[i] < watch.ranks[weakest]) weakest = i;
        if (table[i].draws != draws) continue;
        if (table[i].answer == answer) return i;
        if (own_count++ == 0 || watch.ranks[i] < watch.ranks[weakest_own]) weakest_own = i;
    }
    if (own_count >= FV_ANSWERS_OF_DRAW_MAX) return weakest_own;
    return count < FV_COMPARES_MAX ? count : weakest;
}

static void record(uint64_t draws, uint64_t answer, uint64_t rank) {
    if (draws == watch.last.draws && answer == watch.last.answer && rank <= watch.last_rank) return;
    watch.last = (struct fv_comparison){.draws = draws, .answer = answer};
    watch.last_rank = rank;
    struct fv_slot *s = fv_rt.slot;
    struct fv_comparison *table = fv_layout_compares(fv_rt.header, s);
    uint32_t count = s->compare_count < FV_COMPARES_MAX ? s->compare_count : FV_COMPARES_MAX;
    uint32_t place = place_for(table, count, draws, answer);
    if (place == count)
        s->compare_count = count + 1;
    else if (watch.ranks[place] >= rank)
        return;
    table[place] = (struct fv_comparison){.draws = draws, .answer = answer};
    watch.ranks[place] = rank;
}

/* Equal is one way to turn a comparison around; where it is a < or a <=, one past it is the other,
 * as seen from the value. */
static void record_match(const struct match *m, bool with_step) {
    const struct drawn *d = m->drawn;
    const struct compared *c = &m->compared;
    uint64_t answer, step;
    if (d == NULL || !answer_for(d, c, c->other, &answer)) return;
    record(d->draws, answer, m->rank);
    uint64_t past = (answer > d->value ? c->other + 1 : c->other - 1) & c->mask;
    if (with_step && answer_for(d, c, past, &step) && (step > answer) == (answer > d->value))
        record(d->draws, step, m->rank / 2);
}

/* ---- callbacks ------------------------------------------------------------------------------- */

static uint32_t width_of(uint64_t mask) {
    return mask > UINT32_MAX ? 8 : mask > UINT16_MAX ? 4 : mask > UINT8_MAX ? 2 : 1;
}

/* Single bytes are left to luck. */
static void note_numbers(uint64_t a, uint64_t b, uint32_t width) {
    if ((a | b) > UINT8_MAX) fv_operands_note(watch.operands, a, b, width);
}

static __attribute__((noinline, cold)) void look(uint64_t a, uint64_t b, uint64_t mask,
                                                 bool either) {
    struct match best = {.drawn = NULL};
    watch.looks_left--;
    if (a == b) return;
    if (watch.operands != NULL) {
        note_numbers(a, b, width_of(mask));
        return;
    }
    if (may_match(b)) look_for(&best, b, a, mask);
    if (either && may_match(a)) look_for(&best, a, b, mask);
    if (best.drawn == NULL) return;
    record_match(&best, true);
}

/* The cases that get a look depend on the value, so that all have their turn in some timeline. */
static __attribute__((noinline, cold)) void look_at_cases(uint64_t value, const uint64_t *cases) {
    uint64_t n = cases[0], bits = cases[1];
    watch.looks_left--;
    if (n == 0 || bits < 8 || bits > 64 || (watch.operands != NULL && bits == 8)) return;
    for (uint64_t i = 0; i < n && i < FV_ANSWERS_OF_DRAW_MAX; i++) {
        struct match best = {.drawn = NULL};
        uint64_t other = cases[2 + (value % n + i) % n];
        if (watch.operands != NULL) {
            note_numbers(value, other, (uint32_t)bits / 8);
            continue;
        }
        if (other == value || !may_match(value)) continue;
        look_for(&best, value, other, UINT64_MAX >> (64 - bits));
        record_match(&best, false);
    }
}

void fv_compare_note_all(struct fv_operands *to, uint32_t looks) {
    watch.operands = to;
    watch.looks_left = to != NULL ? looks : 0;
}

bool fv_compare_notes(void) { return watch.operands != NULL && watch.looks_left > 0; }

void fv_compare_note_texts(const void *a, size_t a_size, const void *b, size_t b_size) {
    struct fv_operands *to = watch.operands;
    if (!fv_compare_notes()) return;
    watch.looks_left--;
    watch.operands = NULL; /* it compares texts itself */
    fv_operands_note_texts(to, a, a_size, b, b_size);
    watch.operands = to;
}

/* clang puts a constant first, and no draw is one. */
#define FV_CALLBACK_(name, type, either)                                                           \
    void __sanitizer_cov_trace_##name(type a, type b);                                             \
    void __sanitizer_cov_trace_##name(type a, type b) {                                            \
        fv_rt.compared++;                                                                          \
        if (FV_UNLIKELY(watch.looks_left > 0)) look(a, b, (type)~0, either);                       \
    }

FV_CALLBACK_(cmp1, uint8_t, true)
FV_CALLBACK_(cmp2, uint16_t, true)
FV_CALLBACK_(cmp4, uint32_t, true)
FV_CALLBACK_(cmp8, uint64_t, true)
FV_CALLBACK_(const_cmp1, uint8_t, false)
FV_CALLBACK_(const_cmp2, uint16_t, false)
FV_CALLBACK_(const_cmp4, uint32_t, false)
FV_CALLBACK_(const_cmp8, uint64_t, false)

void __sanitizer_cov_trace_switch(uint64_t value, const uint64_t *cases);
void __sanitizer_cov_trace_switch(uint64_t value, const uint64_t *cases) {
    fv_rt.compared++;
    if (FV_UNLIKELY(watch.looks_left > 0)) look_at_cases(value, cases);
}

/* ---- texts: sanitizers call these ------------------------------------------------------------ */

static size_t length(const char *text, size_t most) {
    return strnlen(text, most < FV_TEXT_SIDE_BYTES ? most : FV_TEXT_SIDE_BYTES);
}

#define FV_HOOK_(name, type, ...)                                                                  \
    void __sanitizer_weak_hook_##name(void *from, const type *a, const type *b, __VA_ARGS__);      \
    void __sanitizer_weak_hook_##name(void *from, const type *a, const type *b, __VA_ARGS__)

FV_HOOK_(memcmp, void, size_t n, int result) {
    (void)from, (void)result;
    fv_compare_note_texts(a, n, b, n);
}
FV_HOOK_(strncmp, char, size_t n, int result) {
    (void)from, (void)result;
    if (fv_compare_notes()) fv_compare_note_texts(a, length(a, n), b, length(b, n));
}
FV_HOOK_(strncasecmp, char, size_t n, int result) {
    (void)from, (void)result;
    if (fv_compare_notes()) fv_compare_note_texts(a, length(a, n), b, length(b, n));
}
FV_HOOK_(strcmp, char, int result) {
    (void)from, (void)result;
    if (fv_compare_notes()) fv_compare_note_texts(a, length(a, SIZE_MAX), b, length(b, SIZE_MAX));
}
FV_HOOK_(strcasecmp, char, int result) {
    (void)from, (void)result;
    if (fv_compare_notes()) fv_compare_note_texts(a, length(a, SIZE_MAX), b, length(b, SIZE_MAX));
}
FV_HOOK_(strstr, char, char *result) {
    (void)from, (void)result;
    if (fv_compare_notes())
        fv_compare_note_texts(a, length(a, length(b, SIZE_MAX)), b, length(b, SIZE_MAX));
}
