/* Makers: what they make can be followed, and what yields is asked for more often. */
/* links: core/archive core/maker */
#include "maker.h"

#include <string.h>

#include "expect.h"

enum { ROUNDS = 4000, CHOICES = 20000, DRAWS = 60, CUT = 10, DENSE = 200 };

static struct fv_archive archive;
static uint32_t bare, edited, dense, taped;

static uint32_t add(uint32_t parent, uint64_t cut, uint32_t tape, const struct fv_step *steps,
                    uint32_t n) {
    struct fv_node node = {
        .root = 3, .cut = cut, .draws = DRAWS, .parent = parent, .tape = tape, .step_count = n};
    return fv_archive_add_node(&archive, &node, steps);
}

/* A root, one that went another way with edits and hints, one full of steps, and one on a tape. */
static void open_archive(void) {
    const struct fv_step edits[] = {{CUT, 11, FV_SEGMENT_RESEED, 0},
                                    {CUT + 3, 4, FV_SEGMENT_ANSWER, 0},
                                    {CUT + 20, 12, FV_SEGMENT_RESEED, 7},
                                    {CUT + 30, 1, FV_SEGMENT_NUDGE, 0}};
    const struct fv_comparison hints[] = {{5, 1}, {CUT + 3, 42}, {CUT + 20, 43}, {CUT + 25, 44}};
    struct fv_step many[DENSE];
    for (uint32_t i = 0; i < DENSE; i++)
        many[i] = (struct fv_step){i / 4, i, i % FV_SEGMENT_KINDS, 0};
    EXPECT(fv_archive_open(&archive));
    bare = add(FV_NOTHING, 0, FV_NOTHING, edits, 0);
    edited = add(bare, CUT, FV_NOTHING, edits, 4);
    dense = add(FV_NOTHING, 0, FV_NOTHING, many, DENSE);
    taped = add(FV_NOTHING, 0, 0, edits, 0);
    fv_archive_set_hints(&archive, edited, hints, 4);
}

static struct fv_splitpoint at(uint32_t node, uint64_t draws, uint32_t other) {
    return (struct fv_splitpoint){.archive = &archive,
                                  .node = &archive.nodes[node],
                                  .node_index = node,
                                  .draws = draws,
                                  .other = other,
                                  .other_draws = DRAWS / 2};
}

static void steps_can_be_followed(const struct fv_splitpoint *from, const struct fv_step *steps,
                                  uint32_t n) {
    EXPECT(n <= FV_TAIL_MAX);
    for (uint32_t i = 0; i < n; i++) {
        EXPECT(steps[i].at >= from->draws && steps[i].kind < FV_SEGMENT_KINDS);
        EXPECT(i == 0 || steps[i].at >= steps[i - 1].at);
        EXPECT(fv_step_begins(&steps[i]) || steps[i].offset == 0);
        EXPECT(steps[i].kind != FV_SEGMENT_NUDGE || steps[i].seed != 0);
    }
}

static void same_luck_same_children(const struct fv_splitpoint *from, enum fv_maker asked,
                                    uint64_t seed) {
    struct fv_step first[FV_TAIL_MAX], second[FV_TAIL_MAX];
    struct fv_luck luck = {seed, 0}, again = {seed, 0};
    enum fv_maker made = asked, made_again = asked;
    uint32_t n = fv_maker_make(from, &luck, &made, first);
    EXPECT(fv_maker_make(from, &again, &made_again, second) == n);
    EXPECT(made == made_again && luck.count == again.count);
    EXPECT(memcmp(first, second, n * sizeof *first) == 0);
    steps_can_be_followed(from, first, n);
    EXPECT(made == asked || made == FV_MAKER_RESEED || made == FV_MAKER_WATCH);
    EXPECT(made == FV_MAKER_WATCH || n > 0);
}

static void every_maker_everywhere(void) {
    const uint32_t nodes[] = {bare, edited, dense, taped};
    const uint32_t others[] = {FV_NOTHING, bare, edited, taped};
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct fv_luck luck = {round, 1000};
        uint32_t node = nodes[round % 4];
        uint64_t first = archive.nodes[node].cut;
        uint64_t draws = first + fv_luck_below(&luck, DRAWS + 1 - first);
        struct fv_splitpoint from = at(node, draws, others[round / 4 % 4]);
        for (int maker = 0; maker < FV_MAKERS; maker++)
            same_luck_same_children(&from, (enum fv_maker)maker, round);
    }
}

static enum fv_maker made_by(struct fv_splitpoint from, enum fv_maker maker) {
    struct fv_step steps[FV_TAIL_MAX];
    struct fv_luck luck = {1, 0};
    fv_maker_make(&from, &luck, &maker, steps);
    return maker;
}

static void who_has_nothing_to_work_on_reseeds(void) {
    struct fv_splitpoint end = at(edited, DRAWS, FV_NOTHING);
    for (int maker = FV_MAKER_EDIT; maker <= FV_MAKER_SPLICE; maker++)
        EXPECT(made_by(end, (enum fv_maker)maker) == FV_MAKER_RESEED);
    EXPECT(made_by(at(bare, 0, FV_NOTHING), FV_MAKER_REPEAT) == FV_MAKER_RESEED);
    EXPECT(made_by(at(bare, CUT, taped), FV_MAKER_SPLICE) == FV_MAKER_RESEED);
    EXPECT(made_by(at(taped, CUT, bare), FV_MAKER_REPEAT) == FV_MAKER_RESEED);
    EXPECT(made_by(at(bare, CUT, edited), FV_MAKER_SPLICE) == FV_MAKER_SPLICE);
}

/* Some are free, then what comparisons bring pays for more. */
static void watching_is_earned(void) {
    struct fv_makers makers = {0};
    uint32_t free = 0, earned = 0;
    while (free < 10000 && fv_maker_may_watch(&makers, free)) free++;
    EXPECT(free > 0 && free < 10000);
    for (int i = 0; i < 100; i++) fv_maker_credit(&makers, FV_MAKER_COMPARE, 0);
    EXPECT(!fv_maker_may_watch(&makers, free));
    fv_maker_credit(&makers, FV_MAKER_COMPARE, 5);
    while (earned < 10000 && fv_maker_may_watch(&makers, free + earned)) earned++;
    EXPECT(earned > 0 && earned < free);
}

static void comparisons_are_watched_first_then_answered(void) {
    struct fv_step steps[FV_TAIL_MAX];
    struct fv_splitpoint unwatched = at(bare, CUT, FV_NOTHING);
    EXPECT(made_by(unwatched, FV_MAKER_COMPARE) == FV_MAKER_RESEED);
    unwatched.may_watch = true;
    EXPECT(made_by(unwatched, FV_MAKER_COMPARE) == FV_MAKER_WATCH);
    uint32_t seen = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct fv_splitpoint from = at(edited, CUT + 1, FV_NOTHING);
        enum fv_maker maker = FV_MAKER_COMPARE;
        struct fv_luck luck = {seed, 0};
        uint32_t n = fv_maker_make(&from, &luck, &maker, steps);
        EXPECT(maker == FV_MAKER_COMPARE);
        for (uint32_t i = 0; i < n; i++)
            if (steps[i].kind == FV_SEGMENT_ANSWER && steps[i].seed >= 42)
                seen |= 1u << (steps[i].seed - 42);
    }
    EXPECT(seen == 7);
}

/* The edit takes the place of another edit of that draw, and stands behind a reseeding there. */
static void edits_keep_the_rest_of_the_future(void) {
    for (uint64_t seed = 0; seed < 500; seed++) {
        struct fv_step steps[FV_TAIL_MAX];
        struct fv_splitpoint from = at(edited, CUT + 1, FV_NOTHING);
        struct fv_luck luck = {seed, 0};
        enum fv_maker maker = FV_MAKER_EDIT;
        uint32_t n = fv_maker_make(&from, &luck, &maker, steps), kept = 0;
        EXPECT(maker == FV_MAKER_EDIT && (n == 3 || n == 4));
        for (uint32_t i = 0; i < n; i++) {
            kept += steps[i].kind == FV_SEGMENT_RESEED && steps[i].at == CUT + 20;
            EXPECT(steps[i].at < DRAWS);
        }
        EXPECT(kept == 1);
    }
}

/* Turns every byte over but the first, and appends one. */
static uint32_t turn_over(void *with, uint8_t *bytes, uint32_t size, uint32_t max) {
    ++*(uint32_t *)with;
    for (uint32_t i = 1; i < size; i++) bytes[i] ^= 0xff;
    if (size == max) return size;
    bytes[size] = 7;
    return size + 1;
}

static uint32_t fail_to(void *with, uint8_t *bytes, uint32_t size, uint32_t max) {
    (void)with, (void)bytes, (void)size, (void)max;
    return 0;
}

static void what_an_engine_changed_is_answered(void) {
    uint32_t calls = 0;
    struct fv_engine_mutator mutator = {turn_over, &calls};
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct fv_step steps[FV_TAIL_MAX];
        struct fv_splitpoint from = at(edited, CUT + 1, FV_NOTHING);
        from.mutator = &mutator;
        struct fv_luck luck = {seed, 0};
        enum fv_maker maker = FV_MAKER_MUTATE;
        uint32_t n = fv_maker_make(&from, &luck, &maker, steps), answers = 0, kept = 0;
        steps_can_be_followed(&from, steps, n);
        EXPECT(maker == FV_MAKER_MUTATE);
        for (uint32_t i = 0; i < n; i++) {
            answers += steps[i].kind == FV_SEGMENT_ANSWER && steps[i].seed < 256;
            kept += fv_step_begins(&steps[i]);
        }
        EXPECT(answers >= 20 && kept == 1);
    }
    EXPECT(calls == 200);
}

static void an_engine_that_fails_leaves_it_to_reseeding(void) {
    struct fv_engine_mutator mutator = {fail_to, NULL};
    struct fv_splitpoint from = at(edited, CUT + 1, FV_NOTHING);
    EXPECT(made_by(from, FV_MAKER_MUTATE) == FV_MAKER_RESEED);
    from.mutator = &mutator;
    EXPECT(made_by(from, FV_MAKER_MUTATE) == FV_MAKER_RESEED);
}

static uint32_t share_of(const struct fv_makers *makers, enum fv_maker maker) {
    struct fv_luck luck = {5, 0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < CHOICES; i++) count += fv_maker_choose(makers, &luck) == maker;
    return count;
}

static void what_yields_is_chosen(void) {
    struct fv_makers makers = {0};
    EXPECT(share_of(&makers, FV_MAKER_MUTATE) == 0); /* there is no engine */
    makers.mutator.mutate = fail_to;
    EXPECT(share_of(&makers, FV_MAKER_RESEED) > share_of(&makers, FV_MAKER_EDIT));
    for (uint32_t i = 0; i < 1000; i++)
        for (int maker = 0; maker < FV_MAKERS; maker++)
            fv_maker_credit(&makers, (enum fv_maker)maker, maker == FV_MAKER_NUDGE && i % 2 == 0);
    EXPECT(makers.tries[FV_MAKER_NUDGE] == 1000 && makers.yields[FV_MAKER_NUDGE] == 500);
    EXPECT(share_of(&makers, FV_MAKER_NUDGE) > CHOICES / 2);
    for (int maker = 0; maker < FV_MAKERS; maker++) /* nobody is forgotten */
        EXPECT(share_of(&makers, (enum fv_maker)maker) > CHOICES / 100);
    for (uint32_t i = 0; i < 40000; i++)
        for (int maker = 0; maker < FV_MAKERS; maker++)
            fv_maker_credit(&makers, (enum fv_maker)maker, maker == FV_MAKER_SPLICE && i % 2 == 0);
    EXPECT(share_of(&makers, FV_MAKER_SPLICE) > CHOICES / 2);
    EXPECT(makers.tries[FV_MAKER_NUDGE] == 41000 && makers.yields[FV_MAKER_NUDGE] == 500);
}

static void luck_is_below(void) {
    struct fv_luck luck = {9, 0};
    uint32_t seen = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        uint64_t draw = fv_luck_below(&luck, 5);
        EXPECT(draw < 5);
        seen |= 1u << draw;
    }
    EXPECT(seen == 31 && luck.count == 1000);
}

int main(void) {
    open_archive();
    luck_is_below();
    every_maker_everywhere();
    who_has_nothing_to_work_on_reseeds();
    watching_is_earned();
    comparisons_are_watched_first_then_answered();
    edits_keep_the_rest_of_the_future();
    what_an_engine_changed_is_answered();
    an_engine_that_fails_leaves_it_to_reseeding();
    what_yields_is_chosen();
    fv_archive_close(&archive);
    return 0;
}
